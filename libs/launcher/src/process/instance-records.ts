import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { instanceName } from '../instance-name';
import type { InstanceSpec } from '../launcher';

const instanceRecord = z.object({
  instance_id: z.string(),
  agent_id: z.string().nullable(),
  generation: z.number().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  process: z.object({ pid: z.number(), started: z.string() }).nullable(),
  exit_code: z.number().nullable(),
  oom_killed: z.boolean(),
});

export type InstanceRecord = z.infer<typeof instanceRecord>;

const RECORD = 'instance.json';

/** What is known of instances, in one folder each, so that the next manager process finds them again. */
export class InstanceRecords {
  constructor(private readonly state_dir: string) {}

  folderOf(instance_id: string): string {
    return join(this.state_dir, instanceName(this.state_dir, instance_id));
  }

  async open(): Promise<void> {
    await mkdir(this.state_dir, { recursive: true, mode: 0o700 });
  }

  /** Creates the instance's record, whole or not at all. An existing one is left as it is and returned. */
  async claim(spec: InstanceSpec): Promise<InstanceRecord> {
    const { instance_id, agent_id, generation } = spec;
    const record: InstanceRecord = {
      instance_id,
      agent_id,
      generation,
      created_at: new Date().toISOString(),
      started_at: null,
      ended_at: null,
      process: null,
      exit_code: null,
      oom_killed: false,
    };
    const draft = await mkdtemp(join(this.state_dir, '.draft-'));
    try {
      await writeFile(join(draft, RECORD), JSON.stringify(record));
      // Fails when the folder exists with something in it; that makes the claim exclusive.
      await rename(draft, this.folderOf(instance_id));
      return record;
    } catch (error) {
      await rm(draft, { recursive: true, force: true, maxRetries: 3 });
      const existing = await this.read(instance_id);
      if (existing) return existing;
      throw error;
    }
  }

  async read(instance_id: string): Promise<InstanceRecord | undefined> {
    return this.#readFolder(this.folderOf(instance_id));
  }

  /** Synchronous: nothing may come between the start of a process and the note of its number. */
  writeNow(record: InstanceRecord): void {
    const file = join(this.folderOf(record.instance_id), RECORD);
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
  }

  async all(): Promise<InstanceRecord[]> {
    const folders = (await readdir(this.state_dir)).filter((name) => !name.startsWith('.'));
    const records = await Promise.all(folders.map((name) => this.#readFolder(join(this.state_dir, name))));
    return records.filter((record) => record !== undefined);
  }

  async remove(instance_id: string): Promise<void> {
    await rm(this.folderOf(instance_id), { recursive: true, force: true, maxRetries: 3 });
  }

  async #readFolder(folder: string): Promise<InstanceRecord | undefined> {
    try {
      return instanceRecord.parse(JSON.parse(await readFile(join(folder, RECORD), 'utf8')));
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }
}

export const isAbsence = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
