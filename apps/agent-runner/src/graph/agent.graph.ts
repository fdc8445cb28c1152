import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages';
import type { BaseTracer } from '@langchain/core/tracers/base';
import { type Interrupt, isInterrupted } from '@langchain/langgraph';
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';
import type {
  AgentConfiguration,
  ApprovalDecision,
  ApprovalRequest,
  InboxEntry,
  UserFact,
} from '@roost/contracts';
import { anySignal } from 'any-signal';
import pTimeout from 'p-timeout';
import { type Batch, lastOf } from '../inbox/thread.queue';
import type { HttpCheckpointSaver } from '../checkpoints/http-checkpoint.saver';
import type { Asker } from '../tools/tool';
import { CredentialRefusedError } from '../lifecycle/fence';
import type { ToolboxFactory } from '../tools/toolbox.factory';
import type { UserMemory } from '../memory/user.memory';
import type { KnowledgeClient } from '../knowledge/knowledge.client';
import type { AgentState } from './agent.state';
import type { KnowledgeSearch } from './knowledge.search';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import type { ReplyMetadata } from './reply.memory';
import type { RunContext } from './run.context';
import { recursionLimit, withinSeconds } from './run.limits';
import { pausedReply, type Resumption, resumption } from './run.pause';
import { replyId, RunSteps, stepId } from './run.steps';
import { compileGraph } from './state.graph';
import { ThreadSummarizer } from './thread.summarizer';
import { type ThreadSummary, toSummarize } from './thread.summary';

/** Calls of tools that one run makes side by side. */
const TOOLS_AT_ONCE = 8;
/** Milliseconds that a reply may wait for its summary to be stored. */
const STORING_MS = 3_000;

/** A reply, whole or as far as it came before it was cancelled, or before calls that somebody has to allow. */
export interface GraphReply extends Required<Omit<ReplyMetadata, 'interrupted'>> {
  content: string;
  interrupted: boolean;
  /** What the run waits for; none when it has ended. */
  approvals: ApprovalRequest[];
}

/** A run that was interrupted: what it has done, and what it goes on with. */
interface Unfinished {
  steps: RunSteps;
  search: KnowledgeSearch | null;
  input: Resumption | null;
}

/** What a run is to take into the summary, and the summary so far. */
interface Summarizable {
  open: BaseMessage[];
  summary: ThreadSummary | null;
}

/** The agent as a LangGraph graph, compiled once for all versions: what differs comes with each run. */
export class AgentGraph {
  private readonly graph: ReturnType<typeof compileGraph>;
  private readonly summarizer: ThreadSummarizer;

  constructor(
    models: ModelFactory,
    call: ModelCall,
    private readonly toolboxes: ToolboxFactory,
    private readonly memory: HttpCheckpointSaver,
    knowledge: KnowledgeClient,
    private readonly users: UserMemory,
    private readonly tracer?: BaseTracer,
  ) {
    this.graph = compileGraph(models, call, knowledge, memory);
    this.summarizer = new ThreadSummarizer(models, call);
  }

  /**
   * Answers messages with one reply and remembers all of it; resolves once the checkpoint store has it. A run that
   * ends with the same message and was interrupted goes on where it was: what it has stored is not done again.
   */
  async answer(
    batch: Batch,
    context: Omit<RunContext, 'message_id' | 'first_message_id' | 'asker' | 'toolbox' | 'facts'>,
    signal: AbortSignal,
  ): Promise<GraphReply> {
    const [{ thread_id, opens_thread, message_id: first_message_id }] = batch;
    const { message_id, approvals: decisions = [] } = lastOf(batch);
    if (opens_thread) this.memory.expectNothing(thread_id);
    this.forgetErased(batch);
    const unfinished = await this.unfinishedRun(thread_id, message_id, decisions);
    let said = '';
    const onToken: RunContext['onToken'] = (text) => {
      said += text;
      return context.onToken(text);
    };
    // The listeners begin anew with this run; what was said before belongs to the reply.
    if (unfinished?.steps.text) await onToken(unfinished.steps.text);
    if (unfinished) context.meter.restore([...unfinished.steps.spent, unfinished.search?.spent]);
    const { configuration } = context.configuration;
    const asker = askerOf(batch);
    const ended = new AbortController();
    const beside = anySignal([signal, ended.signal]);
    try {
      const { state, summarized } = await withinSeconds(configuration.limits, signal, async (limited) => {
        const [toolbox, facts, summarizable] = await Promise.all([
          // Servers say what tools they have: a run that waits for them can be cancelled, and runs out of time.
          pTimeout(this.toolboxes.of(context.configuration), { milliseconds: Infinity, signal: limited }),
          this.factsOf(configuration, asker, limited),
          this.summarizable(batch, configuration),
        ]);
        const own = { ...context, onToken, message_id, first_message_id, asker, toolbox, facts };
        const summary = summarizable
          ? this.summarizer.summarize(summarizable.open, summarizable.summary, own, beside)
          : null;
        const input = unfinished ? unfinished.input : { messages: questions(batch) };
        const reached = await this.graph.invoke(input, {
          configurable: { thread_id, message_id },
          context: own,
          signal: limited,
          recursionLimit: recursionLimit(configuration),
          maxConcurrency: TOOLS_AT_ONCE,
          durability: durabilityOf(configuration),
          ...(this.tracer ? { callbacks: [this.tracer], runName: 'invoke_agent' } : {}),
        });
        return { state: reached, summarized: summary };
      });
      // Begun again by the run that goes on: what is stored now would end what that one goes on with.
      if (isInterrupted<ApprovalRequest>(state)) return pausedReply(state, message_id);
      const reply = state.messages.find((message) => message.id === replyId(message_id));
      if (!reply) throw new Error('The graph ended without a reply');
      // Stored before the interruption, beside something that was not done yet.
      if (unfinished && reply.text.startsWith(said)) await context.onToken(reply.text.slice(said.length));
      if (summarized) await this.rememberSummary(lastOf(batch), await summarized);
      const { usage, token_usage, citations, interrupted } =
        reply.response_metadata as Partial<ReplyMetadata>;
      // One whose report got lost was counted then; a summary may have ended after the reply.
      context.meter.restore([token_usage]);
      return {
        content: reply.text,
        usage: context.meter.total ?? usage ?? null,
        token_usage: context.meter.entries,
        citations: citations ?? [],
        interrupted: interrupted === true,
        approvals: [],
      };
    } finally {
      ended.abort();
      beside.clear();
    }
  }

  /** Null where nothing is to be taken into a summary, as in most runs. */
  private async summarizable(batch: Batch, { memory }: AgentConfiguration): Promise<Summarizable | null> {
    const [{ thread_id, opens_thread, message_id: first_message_id }] = batch;
    if (!memory.summarize || opens_thread) return null;
    const state = await this.graph.getState({ configurable: { thread_id } });
    const { messages = [], summary = null } = state.values as Partial<AgentState>;
    const known = new Set(messages.map(({ id }) => id));
    const all = [...messages, ...questions(batch).filter(({ id }) => !known.has(id))];
    const open = toSummarize(all, summary, memory, lastOf(batch).message_id, first_message_id);
    return open.length > 0 ? { open, summary } : null;
  }

  /** The reply stands already: a summary that cannot be stored is made anew by the next run. */
  private async rememberSummary(
    { thread_id, message_id }: InboxEntry,
    summary: ThreadSummary | null,
  ): Promise<void> {
    if (!summary) return;
    await this.graph
      .updateState({ configurable: { thread_id, message_id, within_ms: STORING_MS } }, { summary }, 'agent')
      .catch((error: unknown) => {
        if (error instanceof CredentialRefusedError) throw error;
      });
  }

  /** Asked for by agents that keep such a memory alone, and of users whom somebody vouched for. */
  private async factsOf(
    { memory }: AgentConfiguration,
    { user_id }: Asker,
    signal: AbortSignal,
  ): Promise<UserFact[]> {
    return memory.long_term && user_id !== null ? this.users.recall(user_id, signal) : [];
  }

  /** Reads what it remembers of the thread, or of all, anew. */
  forget(thread_id?: string): void {
    this.memory.forget(thread_id);
  }

  private forgetErased(batch: Batch): void {
    for (const { thread_id, erasures = 0 } of batch) this.memory.forgetErased(thread_id, erasures);
  }

  /** Remembers a run that was stopped: what was asked, and what had been said, if anything. */
  async keep(batch: Batch, said: string): Promise<void> {
    const { thread_id, message_id } = lastOf(batch);
    const reply = new AIMessage({
      id: replyId(message_id),
      content: said,
      response_metadata: { usage: null, interrupted: true },
    });
    const messages = [...questions(batch), ...(said === '' ? [] : [reply])];
    await this.graph.updateState({ configurable: { thread_id } }, { messages, search: null }, 'agent');
  }

  /**
   * How many of the first messages a run of an earlier instance has for itself: it has answered them and its report
   * was lost, or it was interrupted after a step, which is kept under the last of them.
   */
  async countTaken(batch: Batch): Promise<number> {
    const [{ thread_id, opens_thread }] = batch;
    // Said of a first delivery alone: nobody can have begun, and asking would delay the first token.
    if (opens_thread) return 0;
    this.forgetErased(batch);
    const state = await this.graph.getState({ configurable: { thread_id } });
    const { messages, search } = state.values as Partial<AgentState>;
    const known = new Set(messages?.map(({ id }) => id));
    const hasBegun = ({ message_id }: InboxEntry): boolean =>
      known.has(stepId(message_id, 0)) || search?.message_id === message_id;
    const isTaken = (entry: InboxEntry): boolean =>
      known.has(replyId(entry.message_id)) || (state.tasks.length > 0 && hasBegun(entry));
    return batch.findLastIndex(isTaken) + 1;
  }

  /** What an unfinished run of this very message has done. The graph would ask for the same checkpoint: it is cached. */
  private async unfinishedRun(
    thread_id: string,
    message_id: string,
    decisions: ApprovalDecision[],
  ): Promise<Unfinished | null> {
    const saved = await this.memory.getTuple({ configurable: { thread_id } });
    if (!saved || messageOf(saved) !== message_id) return null;
    const state = await this.graph.getState({ configurable: { thread_id } });
    // Not `next`: it leaves out tasks that are done, though the step they belong to is not.
    if (state.tasks.length === 0) return null;
    const { messages = [], search = null } = state.values as Partial<AgentState>;
    const asked = state.tasks.flatMap(({ interrupts }) => interrupts as Interrupt<ApprovalRequest>[]);
    return {
      steps: new RunSteps(messages, message_id),
      search: search?.message_id === message_id ? search : null,
      input: resumption(asked, decisions),
    };
  }
}

/**
 * Tools have effects, so each step is stored before the next. Knowledge has none: its steps are stored beside the next
 * one, so that what was found and judged is not asked for again. Without either, one checkpoint after the answer is
 * enough: the message waits in the inbox, and `sync` would put two round trips before the first token.
 */
function durabilityOf({ tools, memory }: AgentConfiguration): 'exit' | 'async' | 'sync' {
  if (memory.long_term) return 'sync';
  if (tools.length === 0) return 'exit';
  return tools.every(({ type }) => type === 'knowledge_base') ? 'async' : 'sync';
}

const questions = (batch: Batch): HumanMessage[] =>
  batch.map(({ message_id, content }) => new HumanMessage({ id: message_id, content }));

const askerOf = (batch: Batch): Asker => {
  const { thread_id, message_id, channel, user_id, user_data } = lastOf(batch);
  return { thread_id, message_id, channel, user_id, user_data };
};

const messageOf = ({ metadata }: CheckpointTuple): unknown =>
  (metadata as { message_id?: unknown } | undefined)?.message_id;
