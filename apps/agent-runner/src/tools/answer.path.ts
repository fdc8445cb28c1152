import type { ToolAnswer } from './tool';

/** Makes of an answer what the model is shown of it. */
export type AnswerCut = (answer: ToolAnswer) => ToolAnswer;

/**
 * Cuts answers with JSONPath (RFC 9535). The library is loaded by the first tool that asks for it.
 * @throws {Error} when the path is none.
 */
export async function answerCut(path: string | null | undefined): Promise<AnswerCut> {
  if (path === null || path === undefined) return (answer) => answer;
  const { jsonpath } = await import('json-p3');
  const query = jsonpath.compile(path);
  return (answer) => {
    if (!answer.ok) return answer;
    let json: Parameters<typeof query.query>[0];
    try {
      json = JSON.parse(answer.content) as typeof json;
    } catch {
      return { ok: false, content: `The answer is not JSON, so that ${path} finds nothing in it.` };
    }
    const found: unknown[] = query.query(json).values();
    if (found.length === 0) return { ok: true, content: `Nothing was found at ${path} of the answer.` };
    const shown = found.length === 1 ? found[0] : found;
    return { ok: true, content: typeof shown === 'string' ? shown : JSON.stringify(shown) };
  };
}
