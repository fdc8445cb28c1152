import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { END, MemorySaver, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { MODEL, question, REPLY, SYSTEM_PROMPT, type Pace, type Timing } from '../workload';
import { serve } from './serve';

/** LangGraph alone: the same model, prompt and memory, in one process, as its documentation shows it. */
const [baseURL] = process.argv.slice(2);
const model = new ChatOpenAI({
  model: MODEL,
  temperature: 0.7,
  apiKey: 'none',
  configuration: { baseURL },
  streaming: true,
  streamUsage: true,
  maxRetries: 0,
});
const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }) => ({
    messages: [await model.invoke([new SystemMessage(SYSTEM_PROMPT), ...messages])],
  }))
  .addEdge(START, 'model')
  .addEdge('model', END)
  .compile({ checkpointer: new MemorySaver() });

async function ask(thread_id: string, pace: Pace, index: number): Promise<Timing> {
  const asked = performance.now();
  let first_ms: number | null = null;
  let text = '';
  const stream = await graph.stream(
    { messages: [new HumanMessage(question(pace, index))] },
    { configurable: { thread_id }, streamMode: 'messages' },
  );
  for await (const [chunk] of stream) {
    if (chunk.text === '') continue;
    first_ms ??= performance.now() - asked;
    text += chunk.text;
  }
  if (first_ms === null || text !== REPLY) throw new Error(`LangGraph's answer is not the stub's: ${text}`);
  return { first_ms, whole_ms: performance.now() - asked };
}

/** Every thread asks its questions one after another, all threads at once. */
async function load(
  threads: string[],
  questions: number,
  pace: Pace,
): Promise<{ ms: number; timings: Timing[] }> {
  const begun = performance.now();
  const timings = await Promise.all(
    threads.map(async (thread) => {
      const own: Timing[] = [];
      for (let index = 0; index < questions; index += 1) own.push(await ask(thread, pace, index));
      return own;
    }),
  );
  return { ms: performance.now() - begun, timings: timings.flat() };
}

serve({ ask, load });
