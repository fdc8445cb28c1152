import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const dataDir = join(import.meta.dirname, '../data');

const language = z.enum(['en', 'ru']);
const questionShape = z.strictObject({
  id: z.string().regex(/^q\d{3}$/),
  lang: language,
  kind: z.enum(['plain', 'rewrite', 'two_documents', 'unanswerable']),
  /** Settings may be chosen by the tuning half; the held-out half only judges them. */
  split: z.enum(['tuning', 'held_out']),
  question: z.string().min(1),
  /** Every document that the answer needs, each with the words it needs from it. */
  relevant: z.array(z.strictObject({ document_id: z.string(), quote: z.string().min(1) })),
  /** Null where no document answers. */
  answer: z.string().min(1).nullable(),
});
const headShape = z.strictObject({ id: z.string(), title: z.string().min(1), lang: language });

export type Language = z.infer<typeof language>;
export type Question = z.infer<typeof questionShape>;
export type Kind = Question['kind'];
export type Split = Question['split'];
export interface EvalDocument extends z.infer<typeof headShape> {
  /** Markdown without the front matter. */
  text: string;
}
export interface Dataset {
  documents: EvalDocument[];
  questions: Question[];
}

export const readDataset = (dir = dataDir): Dataset => ({
  documents: readdirSync(join(dir, 'documents'))
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => documentOf(file, readFileSync(join(dir, 'documents', file), 'utf8'))),
  questions: readFileSync(join(dir, 'questions.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => questionShape.parse(JSON.parse(line))),
});

function documentOf(file: string, content: string): EvalDocument {
  const [, head, text] = /^---\n(.*?)\n---\n(.*)$/s.exec(content) ?? [];
  if (head === undefined || text === undefined)
    throw new Error(`${file}: begin it with front matter between two lines of ---`);
  const fields = head.split('\n').map((line) => {
    const [, name, value] = /^(\w+): (.*)$/.exec(line) ?? [];
    return [name, value?.replaceAll(/^['"]|['"]$/g, '')];
  });
  const parsed = headShape.parse(Object.fromEntries(fields));
  if (`${parsed.id}.md` !== file) throw new Error(`${file}: the id says ${parsed.id}`);
  return { ...parsed, text: text.trim() };
}
