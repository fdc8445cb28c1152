import { setTimeout as delay } from 'node:timers/promises';
import { isChatCompletionBody, LLMock, type ChatMessage } from '@copilotkit/aimock';
import { waitUntil } from '../process/wait.until';
import { EmbeddingStub } from './embedding.stub';
import { failingResponse, type ModelFailure, type ResponseFactory } from './model.failure';
import { demoReply, promptOf, type Prompt, type Reply } from './model.persona';

/** How fast a reply streams. A token is four characters. */
export interface Pace {
  /** Milliseconds before each token; 0 sends all at once. */
  tokenDelayMs: number;
  /** Milliseconds before the first one. Default: `tokenDelayMs`. */
  firstTokenDelayMs?: number;
  /** How much each delay varies, from 0 to 1. Default 0. */
  jitter?: number;
}

export interface ModelStubOptions {
  /** A free one when absent. */
  port?: number;
  /** `demo` says that it is the demo model and repeats what it hears, at a human pace; `scripted` is for tests. */
  persona?: 'demo' | 'scripted';
  pace?: Pace;
}

export interface ModelRequest {
  model: string;
  messages: ChatMessage[];
  /** 0 when the answer was cut before it had one. */
  status: number;
  /** The stub broke the stream off, or the caller left. */
  interrupted: boolean;
  receivedAt: Date;
}

const humanPace: Pace = { firstTokenDelayMs: 300, tokenDelayMs: 25, jitter: 0.4 };
const charactersPerToken = 4;

/** Starts a model on a local port that speaks OpenAI's protocol and needs no key. */
export async function startModelStub(options: ModelStubOptions = {}): Promise<ModelStub> {
  const stub = new ModelStub(options);
  await stub.aimock.start();
  return stub;
}

export class ModelStub {
  /** The whole of aimock, for what this class does not wrap: tools, Cohere's rerank, Tavily, MCP. */
  readonly aimock: LLMock;
  /** `/v1/embeddings`, which the demo model answers too. */
  readonly embeddings = new EmbeddingStub();
  private readonly usualReply: Reply;
  private readonly usualPace: Pace;
  private release: () => void = () => undefined;
  private released!: Promise<void>;

  constructor({ port = 0, persona = 'scripted', pace }: ModelStubOptions) {
    this.aimock = new LLMock({ port, host: '127.0.0.1', chunkSize: charactersPerToken, logLevel: 'silent' });
    this.aimock.mount('/v1/embeddings', this.embeddings);
    this.usualReply = persona === 'demo' ? demoReply : ({ text }) => `You said: ${text}`;
    this.usualPace = pace ?? (persona === 'demo' ? humanPace : { tokenDelayMs: 0 });
    this.install();
  }

  /** For OPENAI_BASE_URL. */
  get baseUrl(): string {
    return `${this.aimock.url}/v1`;
  }

  get port(): number {
    return this.aimock.port;
  }

  /** Answers prompts that contain (or match) `to`, or all of them, from now on. The last call that fits wins. */
  reply(reply: Reply, { to, pace = this.usualPace }: { to?: string | RegExp; pace?: Pace } = {}): this {
    this.aimock.prependFixture({
      match: { endpoint: 'chat', predicate: (request) => fits(promptOf(request), to) },
      response: respondWith(reply),
      ...streaming(pace),
    });
    return this;
  }

  /**
   * Calls these tools whenever the user has spoken, saying `before` beside it, and replies with `after` once their
   * answers were sent.
   */
  callTools(
    calls: { name: string; arguments: object; id?: string }[],
    { before, after }: { before: string; after: string },
  ): this {
    const hasRead = ({ messages }: Prompt['request']) => messages.at(-1)?.role === 'tool';
    const toolCalls = calls.map((call, index) => ({
      id: call.id ?? `call_${index}`,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    }));
    for (const [predicate, response] of [
      [hasRead, { content: after }],
      [(request: Prompt['request']) => !hasRead(request), { content: before, toolCalls }],
    ] as const) {
      this.aimock.prependFixture({
        match: { endpoint: 'chat', predicate },
        response,
        ...streaming(this.usualPace),
      });
    }
    return this;
  }

  /** Fails the next `times` prompts that contain (or match) `to`; what came before applies again after that. */
  fail(failure: ModelFailure, { times = 1, to }: { times?: number; to?: string | RegExp } = {}): this {
    const { response, options } = failingResponse(failure, respondWith(this.usualReply), this.released);
    const fixture = {
      match: {
        endpoint: 'chat' as const,
        predicate: (request: Prompt['request']) =>
          this.aimock.journal.getFixtureMatchCount(fixture) < times && fits(promptOf(request), to),
      },
      response,
      ...streaming(this.usualPace),
      ...options,
    };
    this.aimock.prependFixture(fixture);
    return this;
  }

  /** The chat requests received since the start or the last {@link reset}, oldest first, at most 1,000. */
  requests(): ModelRequest[] {
    return this.aimock.getRequests().flatMap(({ body, timestamp, response }) =>
      isChatCompletionBody(body)
        ? [
            {
              model: body.model,
              messages: body.messages,
              status: response.status,
              interrupted: response.interrupted ?? false,
              receivedAt: new Date(timestamp),
            },
          ]
        : [],
    );
  }

  /** Resolves with the requests once there are `count`. */
  async waitForRequests(count: number, deadlineMs = 10_000): Promise<ModelRequest[]> {
    return waitUntil(
      `the model is asked ${count} times`,
      () => Promise.resolve(this.requests().length >= count ? this.requests() : undefined),
      { deadlineMs },
    );
  }

  /** Forgets replies, failures and requests; ends hanging ones. */
  reset(): void {
    this.release();
    this.embeddings.reset();
    this.aimock.clearFixtures().resetMatchCounts().clearRequests();
    this.install();
  }

  async stop(): Promise<void> {
    this.release();
    // A caller that keeps a stream open must not keep us; the port is closed at once either way.
    await Promise.race([this.aimock.stop(), delay(2_000, undefined, { ref: false })]);
  }

  private install(): void {
    this.released = new Promise((resolve) => (this.release = resolve));
    this.reply(this.usualReply);
  }
}

function fits({ text }: Prompt, to: string | RegExp | undefined): boolean {
  if (to === undefined) return true;
  return typeof to === 'string' ? text.includes(to) : to.test(text);
}

function respondWith(reply: Reply): ResponseFactory {
  return async (request) => ({
    content: typeof reply === 'string' ? reply : await reply(promptOf(request)),
  });
}

function streaming({ tokenDelayMs, firstTokenDelayMs = tokenDelayMs, jitter = 0 }: Pace) {
  return {
    latency: tokenDelayMs,
    streamingProfile: {
      ttft: firstTokenDelayMs,
      ...(tokenDelayMs > 0 ? { tps: 1_000 / tokenDelayMs } : {}),
      jitter,
    },
  };
}
