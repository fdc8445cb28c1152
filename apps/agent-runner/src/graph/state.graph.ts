import { END, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph';
import type { HttpCheckpointSaver } from '../checkpoints/http-checkpoint.saver';
import type { KnowledgeClient } from '../knowledge/knowledge.client';
import { abstainNode } from './abstain.node';
import { agentNode } from './agent.node';
import { AgentContext, AgentState, ToolTask } from './agent.state';
import { generateNode } from './generate.node';
import { gradeDocumentsNode } from './grade-documents.node';
import { knowledgeTools } from './knowledge.search';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import { retrieveNode } from './retrieve.node';
import { rewriteQueryNode } from './rewrite-query.node';
import { routeNode } from './route.node';
import type { RunContext } from './run.context';
import { StructuredCall } from './structured.call';
import { toolsNode } from './tools.node';

type Config = LangGraphRunnableConfig<RunContext>;

/** An agent that knows only its knowledge bases decides before it speaks. */
const entry = (_state: AgentState, { context }: Config): 'route' | 'agent' => {
  if (!context) return 'agent';
  const { configuration } = context.configuration;
  const isLimited = configuration.knowledge?.limit_to_knowledge_base === true;
  return isLimited && knowledgeTools(configuration).length > 0 ? 'route' : 'agent';
};

/** A search that was begun in the same step goes on by itself, and ends the run or leads back. */
const afterTools = ({ search }: AgentState, { context }: Config): 'agent' | typeof END =>
  search && search.message_id === context?.message_id ? END : 'agent';

/** The agent as nodes and the ways between them; one for all versions. */
export const compileGraph = (
  models: ModelFactory,
  call: ModelCall,
  knowledge: KnowledgeClient,
  checkpointer: HttpCheckpointSaver,
) => {
  const structured = new StructuredCall(models, call);
  return new StateGraph(AgentState, AgentContext)
    .addNode('agent', agentNode(models, call), { ends: ['tools', 'retrieve'] })
    .addNode('tools', toolsNode, { input: ToolTask })
    .addNode('route', routeNode(structured), { ends: ['agent', 'retrieve'] })
    .addNode('retrieve', retrieveNode(knowledge), { ends: ['grade_documents', 'agent'] })
    .addNode('grade_documents', gradeDocumentsNode(structured), {
      ends: ['generate', 'abstain', 'rewrite_query', 'agent'],
    })
    .addNode('rewrite_query', rewriteQueryNode(structured))
    .addNode('generate', generateNode(models, call))
    .addNode('abstain', abstainNode(models, call))
    .addConditionalEdges(START, entry, ['route', 'agent'])
    .addConditionalEdges('tools', afterTools, ['agent', END])
    .addEdge('rewrite_query', 'retrieve')
    .compile({ checkpointer });
};
