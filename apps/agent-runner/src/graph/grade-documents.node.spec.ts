import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { AgentTool } from '@roost/contracts';
import { expect, it } from 'vitest';
import { knowledgeTool } from '../test/scripted.knowledge';
import { gradeDocumentsNode } from './grade-documents.node';
import { begunSearch } from './knowledge.search';
import type { RunContext } from './run.context';
import { RunMeter } from './run.meter';
import type { StructuredCall } from './structured.call';

const webSearch = { type: 'web_search', name: 'search_web', description: 'The web.' } as unknown as AgentTool;

/** How a run goes on that has found nothing. */
async function afterNothing(tools: AgentTool[], limit_to_knowledge_base: boolean, by: 'call' | 'route') {
  const call = { call_id: 'c', name: 'search_handbook', answer_id: 'msg:tool:0:0' };
  const parts = [{ tools: ['search_handbook'], queries: ['opening hours'] }];
  const search = begunSearch('msg', parts, by === 'call' ? [call] : []);
  const context = {
    message_id: 'msg',
    meter: new RunMeter(),
    configuration: { configuration: { tools, knowledge: { limit_to_knowledge_base, grading_model: null } } },
    onStep: () => undefined,
    onTool: () => undefined,
  } as unknown as RunContext;
  const grade = gradeDocumentsNode({} as StructuredCall);
  const config = { context, signal: new AbortController().signal } as LangGraphRunnableConfig<RunContext>;
  const { goto, update } = await grade({ messages: [], summary: null, search }, config);
  return { goto, update: update as { search: unknown; messages?: { text: string }[] } };
}

const knowledge = knowledgeTool({ rewrite_attempts: 0 });

it.each<[string, AgentTool[], boolean, 'call' | 'route', string]>([
  ['abstains', [knowledge], false, 'call', 'abstain'],
  ['may search the web', [knowledge, webSearch], false, 'call', 'agent'],
  ['abstains when it is limited, web search or not', [knowledge, webSearch], true, 'call', 'abstain'],
  ['abstains when it was limited from the start', [knowledge, webSearch], true, 'route', 'abstain'],
  [
    'first tries other words',
    [knowledgeTool({ rewrite_attempts: 1 }), webSearch],
    false,
    'call',
    'rewrite_query',
  ],
])('a run that has found nothing %s', async (_what, tools, limited, by, expected) => {
  const { goto, update } = await afterNothing(tools, limited, by);
  expect(goto).toEqual([expected]);
  if (expected !== 'agent') return;
  expect(update.search).toBeNull();
  expect(update.messages?.map(({ text }) => text)).toEqual([
    expect.stringContaining('holds nothing relevant on: opening hours'),
  ]);
});
