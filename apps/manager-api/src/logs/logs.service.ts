import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { AgentLogsDto, LogsQueryDto } from '@roost/contracts/rest';
import { type Launcher, LauncherUnavailableError } from '@roost/launcher';
import type { Response } from 'express';
import { CredentialsService } from '../access/credentials.service';
import type { Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';
import { CONFIG, type ManagerConfig } from '../config';
import { InstancesRepository } from '../lifecycle/instances.repository';
import { LAUNCHER } from '../lifecycle/launcher.provider';
import { Limits } from '../limits/limits.service';
import { type LogEnd, type LogFormat, LogResponse } from './log.response';

/** Milliseconds between two looks whether the credentials of followers still count. */
const RECHECK_MS = 20_000;
const FULL_RETRY_S = 5;

interface Follower {
  principal: Principal;
  /** Aborts with the reason of the end. */
  end: AbortController;
}

/** What the newest instance of an agent wrote, and what it is writing. */
@Injectable()
export class LogsService implements OnModuleDestroy {
  private readonly followers = new Set<Follower>();
  private readonly rechecking = setInterval(() => void this.recheck(), RECHECK_MS).unref();

  constructor(
    private readonly agents: AgentsRepository,
    private readonly instances: InstancesRepository,
    private readonly credentials: CredentialsService,
    private readonly limits: Limits,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  onModuleDestroy(): void {
    clearInterval(this.rechecking);
    this.endAll();
  }

  /** How many logs are being followed. */
  get following(): number {
    return this.followers.size;
  }

  endAll(): void {
    for (const { end } of this.followers) end.abort('shutting_down' satisfies LogEnd);
  }

  /** Answers in the form that was asked for: JSON, plain text, or a stream. */
  async answer(
    principal: Principal,
    agent_id: string,
    { tail, follow }: LogsQueryDto,
    accept: string,
    response: Response,
  ): Promise<void> {
    const events = accept.includes('text/event-stream');
    if (follow) return this.follow(principal, agent_id, tail, events ? 'events' : 'text', response);
    if (!accept.includes('text/plain')) return void response.json(await this.last(agent_id, tail));
    const instance_id = await this.presentInstance(agent_id);
    const lines = await this.launcher.logs(instance_id, tail);
    response.set({ 'x-instance-id': instance_id, 'cache-control': 'no-store' });
    response.type('text/plain').send(lines.map((line) => `${line}\n`).join(''));
  }

  private async last(agent_id: string, tail: number): Promise<AgentLogsDto> {
    const instance_id = await this.newestInstance(agent_id);
    return { instance_id, lines: instance_id === null ? [] : await this.launcher.logs(instance_id, tail) };
  }

  private async follow(
    principal: Principal,
    agent_id: string,
    tail: number,
    format: LogFormat,
    response: Response,
  ): Promise<void> {
    await this.limits.checkConnection(principal, '');
    const instance_id = await this.presentInstance(agent_id);
    const follower = this.admit(principal, response);
    const answer = new LogResponse(response, format, instance_id);
    try {
      answer.end(await this.pass(instance_id, tail, answer, follower.end.signal));
    } catch (error) {
      answer.end('unavailable');
      throw error;
    } finally {
      this.followers.delete(follower);
    }
  }

  private async pass(
    instance_id: string,
    tail: number,
    answer: LogResponse,
    signal: AbortSignal,
  ): Promise<LogEnd> {
    let left = this.config.LOG_FOLLOW_BYTES_MAX;
    try {
      for await (const line of this.launcher.follow(instance_id, tail, signal)) {
        left -= await answer.line(line, signal);
        if (signal.aborted) break;
        if (left <= 0) return 'limit_reached';
      }
      return signal.aborted ? (signal.reason as LogEnd) : 'instance_ended';
    } catch (error) {
      if (error instanceof LauncherUnavailableError) return 'unavailable';
      throw error;
    }
  }

  /** @throws {ServiceError} `too_many_requests` */
  private admit(principal: Principal, response: Response): Follower {
    const { LOG_FOLLOWERS_MAX: most } = this.config;
    if (this.followers.size >= most) {
      throw new ServiceError(
        'too_many_requests',
        `This manager follows ${most} logs, the most it may (LOG_FOLLOWERS_MAX); end one, or read without follow.`,
        { retry_after_s: FULL_RETRY_S },
      );
    }
    const follower: Follower = { principal, end: new AbortController() };
    this.followers.add(follower);
    const gone = (): void => follower.end.abort('client_left' satisfies LogEnd);
    if (response.destroyed) gone();
    else response.once('close', gone);
    return follower;
  }

  /** A stream outlives its request: it ends with the credential that opened it. */
  async recheck(): Promise<void> {
    for (const { principal, end } of this.followers) {
      // A database that is away is asked again in the next round.
      const valid = await this.credentials.stillValid(principal).catch(() => true);
      if (!valid) end.abort('unauthorized' satisfies LogEnd);
    }
  }

  private async newestInstance(agent_id: string): Promise<string | null> {
    if (!(await this.agents.status(agent_id))) throw agentNotFound();
    return (await this.instances.findNewestLaunched(agent_id))?.id ?? null;
  }

  /** @throws {ServiceError} `instance_not_found` */
  private async presentInstance(agent_id: string): Promise<string> {
    const instance_id = await this.newestInstance(agent_id);
    if (instance_id !== null && (await this.launcher.inspect(instance_id)).state !== 'absent')
      return instance_id;
    throw new ServiceError(
      'instance_not_found',
      'The agent sleeps, and its last instance is not kept any more; start it: POST /agents/{agent_id}/start.',
    );
  }
}
