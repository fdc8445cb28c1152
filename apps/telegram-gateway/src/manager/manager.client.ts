import { Inject, Injectable } from '@nestjs/common';
import {
  type ApprovalDecision,
  type IntegrationRuntime,
  internalPaths,
  OutboundFrame,
} from '@roost/contracts';
import type {
  AcceptedMessageDto,
  ApprovalDto,
  ApprovalPageDto,
  CreateMessageDto,
} from '@roost/contracts/rest';
import { traceparent } from '@roost/service-kit/tracing';
import { anySignal } from 'any-signal';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { CONFIG, type GatewayConfig } from '../config';
import { ManagerRefusal, ManagerSilence } from './manager.error';

/** Of the manager: what it was asked for is no more. */
const GONE: readonly string[] = ['agent_not_found', 'integration_unknown'];
/** Milliseconds one request may take. */
const REQUEST_MS = 10_000;
/** Milliseconds a stream may be silent: a manager that lives says something every 15 s, if only a comment. */
const SILENCE_MS = 40_000;

export type RunEvent =
  { type: 'accepted'; accepted: AcceptedMessageDto } | { type: 'frame'; frame: OutboundFrame };

/** What the gateway asks of the manager, over its REST API. Each call is tried once. */
@Injectable()
export class ManagerClient {
  constructor(@Inject(CONFIG) private readonly config: GatewayConfig) {}

  /** Null when the manager says that the agent, or its integration, is not there; not when a proxy finds nothing. */
  async integration(agent_id: string): Promise<IntegrationRuntime | null> {
    const path = internalPaths.integration(agent_id, 'telegram');
    try {
      return await this.json<IntegrationRuntime>(this.config.MANAGER_INTERNAL_URL, 'GET', path);
    } catch (error) {
      if (error instanceof ManagerRefusal && GONE.includes(error.code)) return null;
      throw error;
    }
  }

  /** The messages that were not answered yet, which end now. */
  async cancel(thread_id: string): Promise<string[]> {
    const path = `/threads/${thread_id}/cancel`;
    const { message_ids } = await this.json<{ message_ids: string[] }>(this.config.MANAGER_URL, 'POST', path);
    return message_ids;
  }

  async decide(
    thread_id: string,
    approval_id: string,
    decision: ApprovalDecision['decision'],
  ): Promise<void> {
    await this.json(this.config.MANAGER_URL, 'POST', `/threads/${thread_id}/approvals/${approval_id}`, {
      decision,
    });
  }

  /** What the thread's runs wait for; an approval that came while nobody followed is found here. */
  async pendingApprovals(thread_id: string): Promise<ApprovalDto[]> {
    const path = `/threads/${thread_id}/approvals?limit=100`;
    const { items } = await this.json<ApprovalPageDto>(this.config.MANAGER_URL, 'GET', path);
    return items.filter(({ state }) => state === 'pending');
  }

  /**
   * Sends a message and follows its run to the end: `accepted` once it is committed, then frames, the last of which is
   * its `message` or `error`. The same `client_message_id` sends nothing twice and follows the same run.
   * @throws {ManagerSilence} also when the stream ends early.
   */
  async *run(
    agent_id: string,
    message: CreateMessageDto,
    signal: AbortSignal,
  ): AsyncGenerator<RunEvent, void, undefined> {
    const silent = new AbortController();
    const stop = anySignal([signal, silent.signal]);
    let timer = setTimeout(() => silent.abort(), REQUEST_MS);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
    };
    try {
      const response = await this.fetch(this.config.MANAGER_URL, 'POST', `/agents/${agent_id}/messages`, {
        body: message,
        accept: 'text/event-stream',
        signal: stop,
      });
      if (!response.body) throw new ManagerSilence('an empty answer');
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ onComment: heard }));
      for await (const { event, data } of events) {
        heard();
        if (event === 'accepted') {
          yield { type: 'accepted', accepted: JSON.parse(data) as AcceptedMessageDto };
          continue;
        }
        const frame = OutboundFrame.safeParse(JSON.parse(data));
        // A newer manager may say what this gateway does not know.
        if (frame.success) yield { type: 'frame', frame: frame.data };
      }
    } catch (error) {
      throw told(error);
    } finally {
      clearTimeout(timer);
      stop.clear();
      // Whoever stops reading has no more use for the connection.
      silent.abort();
    }
  }

  private async json<Result>(origin: string, method: string, path: string, body?: object): Promise<Result> {
    const signal = AbortSignal.timeout(REQUEST_MS);
    try {
      const response = await this.fetch(origin, method, path, { body, accept: 'application/json', signal });
      return (await response.json()) as Result;
    } catch (error) {
      throw told(error);
    }
  }

  /** @throws {ManagerRefusal} for every status that is no success. */
  private async fetch(
    origin: string,
    method: string,
    path: string,
    { body, accept, signal }: { body?: object | undefined; accept: string; signal: AbortSignal },
  ): Promise<Response> {
    const trace = traceparent();
    const response = await fetch(new URL(path, origin), {
      method,
      signal,
      redirect: 'error',
      headers: {
        accept,
        authorization: `Bearer ${this.config.GATEWAY_API_KEY}`,
        ...(trace === undefined ? {} : { traceparent: trace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new ManagerRefusal(
      response.status,
      problem.code ?? 'internal_error',
      problem.detail ?? `The manager answered ${response.status}.`,
      Number.isFinite(wait) ? wait : null,
    );
  }
}

function told(error: unknown): Error {
  if (error instanceof ManagerRefusal || error instanceof ManagerSilence) return error;
  return new ManagerSilence(error instanceof Error ? error.message : String(error), { cause: error });
}
