import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { Command, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { z } from 'zod';
import type { AgentState } from './agent.state';
import { inParallel } from './bounded.parallel';
import { callAnswers } from './knowledge.answers';
import { GRADING_PROMPT, gradingQuestion, nothingFound } from './knowledge.prompts';
import {
  type FoundChunk,
  type KnowledgeSearch,
  knowledgeTools,
  openParts,
  withGrades,
} from './knowledge.search';
import type { RunContext } from './run.context';
import type { StructuredCall } from './structured.call';

/** Passages of one run judged side by side. */
const GRADES_AT_ONCE = 8;

const Grade = z.strictObject({ relevant: z.boolean() });

/** Judges each passage by itself, side by side, and decides how to go on (after CRAG). */
export function gradeDocumentsNode(structured: StructuredCall) {
  return async (
    { messages, search }: AgentState,
    { context, signal }: LangGraphRunnableConfig<RunContext>,
  ): Promise<Command> => {
    if (!context || !signal || !search) throw new Error('There is nothing to grade');
    const { message_id, meter, onStep } = context;
    const question = messages.find(({ id }) => id === message_id)?.text ?? '';
    let done = 0;
    const isRelevant = await inParallel(search.fresh, GRADES_AT_ONCE, signal, async (found, stop) => {
      const relevant = await grade(structured, question, search, found, context, stop);
      done += 1;
      onStep('grading', `Grading ${done} of ${search.fresh.length}`);
      return relevant;
    });
    return next({ ...withGrades(search, isRelevant), spent: meter.entries }, context);
  };
}

async function grade(
  structured: StructuredCall,
  question: string,
  search: KnowledgeSearch,
  { chunk, parts }: FoundChunk,
  context: RunContext,
  signal: AbortSignal,
): Promise<boolean> {
  const queries = parts.flatMap((part) => search.parts[part]?.queries.at(-1) ?? []);
  const answer = await structured.ask(
    {
      name: 'grade',
      form: Grade,
      messages: [
        new SystemMessage(GRADING_PROMPT),
        new HumanMessage(gradingQuestion(question, queries, chunk)),
      ],
      kind: 'grading',
    },
    context,
    signal,
  );
  // A model that cannot judge: the store ranked the passage high, and an answer can leave a wrong one aside, but not
  // use a right one that was thrown away.
  return answer?.relevant ?? true;
}

function next(search: KnowledgeSearch, context: RunContext): Command {
  const { configuration } = context.configuration;
  if (openParts(search, knowledgeTools(configuration)).length > 0)
    return new Command({ update: { search }, goto: 'rewrite_query' });
  const names = new Set(search.parts.flatMap((part) => part.tools));
  const count = search.relevant.length;
  const said = count === 0 ? 'has found nothing' : `has found ${count} passage${count === 1 ? '' : 's'}`;
  for (const name of names) context.onTool(name, 'completed', `${name} ${said}.`);
  if (count > 0) return new Command({ update: { search }, goto: 'generate' });
  if (!mayLookElsewhere(search, context)) return new Command({ update: { search }, goto: 'abstain' });
  const observation = nothingFound(search.parts.flatMap(({ queries }) => queries));
  return new Command({ update: { messages: callAnswers(search, observation), search: null }, goto: 'agent' });
}

/** The agent goes on with its other tools when it may, and has a search of the web or is in the middle of something. */
function mayLookElsewhere(
  search: KnowledgeSearch,
  { configuration: { configuration } }: RunContext,
): boolean {
  if (configuration.knowledge?.limit_to_knowledge_base || search.calls.length === 0) return false;
  const types: string[] = configuration.tools.map(({ type }) => type);
  return search.is_mixed || types.includes('web_search');
}
