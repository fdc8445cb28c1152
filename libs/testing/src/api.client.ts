import type {
  AcceptedMessageDto,
  AgentDto,
  AgentLogsDto,
  AgentStatusDto,
  ChatTokenDto,
  CreateChatTokenDto,
  CreatedApiKeyDto,
  CreateMessageDto,
  IntegrationStatusDto,
  MessagePageDto,
  ThreadPageDto,
  ProblemDto,
  Scope,
} from '@roost/contracts/rest';
import type { AgentInput } from './agent.builder';

export interface ApiAnswer<Body = unknown> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface ApiRequest {
  method: string;
  path: string;
  /** Sent as JSON; a string or bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  deadlineMs?: number;
}

/** The service answered with a problem. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    request: ApiRequest,
    readonly status: number,
    readonly problem: Partial<ProblemDto>,
  ) {
    super(`${request.method} ${request.path}: ${status} ${problem.code ?? ''} ${problem.detail ?? ''}`);
  }
}

/** The REST API as one caller sees it. */
export class ApiClient {
  constructor(
    readonly origin: string,
    readonly key: string | null,
  ) {}

  /** The same API with another credential, or none. */
  as(key: string | null): ApiClient {
    return new ApiClient(this.origin, key);
  }

  /** Whatever the answer is; the body parsed when it is JSON. */
  async send({ method, path, body, headers = {}, deadlineMs = 30_000 }: ApiRequest): Promise<ApiAnswer> {
    const answer = await fetch(this.origin + path, {
      method,
      headers: {
        ...(this.key === null ? {} : { authorization: `Bearer ${this.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: asIs(body) ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await answer.text();
    const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  /** @throws {ApiProblem} unless the answer is a success. */
  async call<Body>(request: ApiRequest): Promise<Body> {
    const { status, body } = await this.send(request);
    if (status >= 400) throw new ApiProblem(request, status, body as Partial<ProblemDto>);
    return body as Body;
  }

  createAgent(agent: AgentInput): Promise<AgentDto> {
    return this.call({ method: 'POST', path: '/agents', body: agent });
  }

  patchAgent(id: string, patch: object): Promise<AgentDto> {
    return this.call({ method: 'PATCH', path: `/agents/${id}`, body: patch });
  }

  async deleteAgent(id: string): Promise<void> {
    await this.call({ method: 'DELETE', path: `/agents/${id}`, deadlineMs: 60_000 });
  }

  status(id: string): Promise<AgentStatusDto> {
    return this.call({ method: 'GET', path: `/agents/${id}/status` });
  }

  /** Resolves once the agent runs or has failed, or after `waitSeconds`. */
  start(id: string, waitSeconds = 60): Promise<AgentStatusDto> {
    return this.call({
      method: 'POST',
      path: `/agents/${id}/start?wait=${waitSeconds}`,
      deadlineMs: (waitSeconds + 15) * 1_000,
    });
  }

  stop(id: string, { force = false } = {}): Promise<AgentStatusDto> {
    return this.call({ method: 'POST', path: `/agents/${id}/stop?force=${force}` });
  }

  logs(id: string, tail = 100): Promise<AgentLogsDto> {
    return this.call({ method: 'GET', path: `/agents/${id}/logs?tail=${tail}` });
  }

  say(id: string, message: CreateMessageDto): Promise<AcceptedMessageDto> {
    return this.call({ method: 'POST', path: `/agents/${id}/messages`, body: message });
  }

  threads(id: string): Promise<ThreadPageDto> {
    return this.call({ method: 'GET', path: `/agents/${id}/threads?limit=200` });
  }

  messages(thread_id: string): Promise<MessagePageDto> {
    return this.call({ method: 'GET', path: `/threads/${thread_id}/messages?limit=200` });
  }

  createChatToken(
    id: string,
    token: Partial<CreateChatTokenDto> & { user_id: string },
  ): Promise<ChatTokenDto> {
    return this.call({ method: 'POST', path: `/agents/${id}/chat-tokens`, body: token });
  }

  /** `action` is what is asked of the agent's Telegram integration. */
  telegram(
    id: string,
    action: 'status' | 'start' | 'stop' | 'stop?force=true',
  ): Promise<IntegrationStatusDto> {
    const method = action === 'status' ? 'GET' : 'POST';
    return this.call({ method, path: `/agents/${id}/integrations/telegram/${action}` });
  }

  createKey(...scopes: Scope[]): Promise<CreatedApiKeyDto> {
    return this.call({ method: 'POST', path: '/api-keys', body: { name: scopes.join(' '), scopes } });
  }

  async revokeKey(id: string): Promise<void> {
    await this.call({ method: 'DELETE', path: `/api-keys/${id}` });
  }
}

const asIs = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array;
