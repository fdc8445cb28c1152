import { setTimeout as pause } from 'node:timers/promises';
import type { Installation } from '../manager/installation';
import { redisCli } from '../manager/redis.cli';
import { Ledger } from './ledger';
import { instanceProcesses, type ProcessUsage, usageOf } from './process.usage';

export interface OracleOptions {
  /** The ids of the instances that run, as the platform has them. Default: the processes of this machine. */
  livingInstances?: () => Promise<string[]>;
}

/** What a manager may hold more than when it had just started: its pool, connections kept alive, a warm heap. */
const MARGIN: ProcessUsage = { handles: 30, sockets: 25, memory_mb: 200 };

/** Inboxes, reports that nobody took in, and users of instances, in one look. */
const REDIS_LEFTOVERS = `
  local found = {}
  for _, pattern in ipairs({'roost:agent:*:inbox', 'roost:agent:*:reports'}) do
    for _, key in ipairs(redis.call('KEYS', pattern)) do
      if redis.call('TYPE', key).ok == 'stream' and redis.call('XLEN', key) > 0 then found[#found + 1] = key end
    end
  end
  return found`;

/**
 * What must hold after every fault, whatever it was: what was accepted has ended, once and in order; what runs is
 * what the database says; nothing is past its deadline; the managers hold no more than before.
 */
export class Oracle {
  private readonly accepted = new Set<string>();
  private readonly excused = new Set<string>();

  private constructor(
    private readonly installation: Installation,
    readonly ledger: Ledger,
    private readonly livingInstances: (() => Promise<string[]>) | undefined,
    private readonly baseline: ProcessUsage,
  ) {}

  /** Takes the measure of the installation's manager while nothing happens. */
  static async watch(installation: Installation, options: OracleOptions = {}): Promise<Oracle> {
    const baseline = usageOf(installation.manager.child.pid);
    if (!baseline) throw new Error('the manager cannot be measured: this needs Linux');
    const ledger = await Ledger.open(installation.database.url);
    return new Oracle(installation, ledger, options.livingInstances, baseline);
  }

  /** Messages the service has acknowledged: they must be stored, whatever happens. */
  expect(...message_ids: string[]): void {
    for (const id of message_ids) this.accepted.add(id);
  }

  /**
   * Redis has just lost its memory: what is owed now may have been answered there already, in a report that is gone.
   * It is answered again, perhaps after what was said later.
   */
  async excuseOrder(message_ids?: readonly string[]): Promise<void> {
    for (const id of message_ids ?? (await this.ledger.owed())) this.excused.add(id);
  }

  /** Resolves once everything holds. Rejects at once for what time does not heal, after `deadlineMs` for the rest. */
  async verdict(deadlineMs = 90_000): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const broken = await this.broken();
      if (broken.length > 0) {
        const lines = [...broken, ...(await this.ledger.disorder())];
        throw new Error(`broken for good:\n- ${lines.join('\n- ')}`);
      }
      const unfinished = await this.unfinished();
      if (unfinished.length === 0) return;
      if (performance.now() > deadline) {
        throw new Error(`not within ${deadlineMs / 1_000} s:\n- ${unfinished.join('\n- ')}`);
      }
      await pause(250);
    }
  }

  async close(): Promise<void> {
    await this.ledger.close();
  }

  private async broken(): Promise<string[]> {
    const lost = await this.ledger.lost([...this.accepted]);
    return [
      ...(await this.ledger.breaches([...this.excused])),
      ...lost.map((id) => `${id} was acknowledged and is not stored`),
    ];
  }

  private async unfinished(): Promise<string[]> {
    return [
      ...(await this.ledger.unfinished()),
      ...(await this.instanceComplaints()),
      ...(await this.redisComplaints()),
      ...this.usageComplaints(),
    ];
  }

  private async instanceComplaints(): Promise<string[]> {
    const agents = new Set(await this.ledger.agents());
    const processes = instanceProcesses().filter(({ agent_id }) => agents.has(agent_id));
    const running = this.livingInstances
      ? await this.livingInstances()
      : processes.map(({ instance_id }) => instance_id);
    const live = await this.ledger.liveInstances();
    return [
      ...live.filter((id) => !running.includes(id)).map((id) => `${id} lives in the database alone`),
      ...running.filter((id) => !live.includes(id)).map((id) => `${id} runs and has ended in the database`),
      ...running.filter((id, index) => running.indexOf(id) !== index).map((id) => `${id} runs twice`),
    ];
  }

  private async redisComplaints(): Promise<string[]> {
    const { url } = this.installation.redis;
    const leftovers = (await redisCli(url, 'EVAL', REDIS_LEFTOVERS, '0')).split('\n').filter(Boolean);
    const running = await this.ledger.runningAgents();
    // What a sleeping agent's inbox holds is compared with what is owed before anybody reads it.
    const keys = leftovers.filter(
      (key) => !key.endsWith(':inbox') || running.some((id) => key.includes(`:${id}:`)),
    );
    const users = (await redisCli(url, 'ACL', 'USERS')).split('\n');
    const live = new Set((await this.ledger.liveInstances()).map((id) => `roost-${id}`));
    return [
      ...keys.map((key) => `${key} is not empty`),
      ...users
        .filter((user) => user.startsWith('roost-inst-') && !live.has(user))
        .map((user) => `the Redis user ${user} outlived its instance`),
    ];
  }

  private usageComplaints(): string[] {
    return this.installation.livingManagers.flatMap(({ child }) => {
      const usage = usageOf(child.pid);
      if (!usage) return [`${child.name} has ended`];
      return (Object.keys(MARGIN) as (keyof ProcessUsage)[])
        .filter((what) => usage[what] > this.baseline[what] + MARGIN[what])
        .map(
          (what) =>
            `${child.name} holds ${Math.round(usage[what])} ${what}, ${Math.round(this.baseline[what])} at first`,
        );
    });
  }
}
