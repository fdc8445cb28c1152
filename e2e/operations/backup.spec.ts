import { aPublicAgent, Installation, until } from '@roost/testing';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { roostctl } from './roostctl.command';

const HOURS = 'The bakery in Riga opens at seven in the morning.';

describe('a backup', { timeout: 240_000 }, () => {
  const roost = useInstallation();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roost-backup-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const placesOf = ({ environment }: Installation): Record<string, string> => ({
    DATABASE_URL: environment['DATABASE_URL'] ?? '',
    KNOWLEDGE_DIR: environment['KNOWLEDGE_DIR'] ?? '',
  });
  const search = async ({ api }: Installation, base: string): Promise<string[]> => {
    const path = `/knowledge-bases/${base}/search`;
    const body = { query: 'When does the bakery open?', limit: 3 };
    const { results } = await api.call<{ results: { text: string }[] }>({ method: 'POST', path, body });
    return results.map(({ text }) => text);
  };
  const withHandbook = async ({ api, origin }: Installation): Promise<string> => {
    const { id } = await api.call<{ id: string }>({
      method: 'POST',
      path: '/knowledge-bases',
      body: { name: 'Handbook' },
    });
    const form = new FormData();
    form.set('file', new Blob([HOURS]), 'hours.txt');
    const headers = { authorization: `Bearer ${api.key ?? ''}` };
    const path = `/knowledge-bases/${id}/documents`;
    expect((await fetch(origin + path, { method: 'POST', headers, body: form })).status).toBe(202);
    await until('it is ready', async () => (await search(roost(), id)).length > 0, 60_000);
    return id;
  };

  it('restored into an empty installation brings back agents, threads, messages and knowledge', async () => {
    roost().model.reply('Good day.');
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { thread_id } = await roost().api.say(id, { content: 'hello' });
    await until('it answers', async () => (await roost().api.messages(thread_id)).items.length === 2);
    const before = await roost().api.messages(thread_id);
    const base = await withHandbook(roost());
    const out = join(folder, 'first');

    // The agent still runs: a backup is made beside it.
    const made = await roostctl(['backup', '--out', out], placesOf(roost()));
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining('knowledge files: copied') });
    expect(await roostctl(['backup', '--out', out], placesOf(roost()))).toMatchObject({ code: 2 });

    const empty = await Installation.prepare({
      env: {
        SECRETS_KEY: roost().environment['SECRETS_KEY'] ?? '',
        BOOTSTRAP_API_KEY: roost().environment['BOOTSTRAP_API_KEY'] ?? '',
      },
    });
    try {
      expect(await roostctl(['restore', '--from', out], placesOf(empty))).toMatchObject({ code: 0, err: '' });
      await empty.startManager();
      expect((await empty.api.call<{ name: string }>({ method: 'GET', path: `/agents/${id}` })).name).toBe(
        aPublicAgent().name,
      );
      expect(await empty.api.messages(thread_id)).toEqual(before);
      expect(await search(empty, base)).toEqual([HOURS]);
      expect(await readdir(empty.environment['KNOWLEDGE_DIR'] ?? '')).toContain(base);

      // What ran when it was made is not there any more: the agent is woken, and goes on in its thread.
      empty.model.reply('I am back.');
      await until('it sleeps or has failed', async () =>
        ['stopped', 'failed'].includes((await empty.api.status(id)).state),
      );
      await empty.api.say(id, { content: 'and now?', thread_id });
      await until(
        'it answers',
        async () =>
          (await empty.api.messages(thread_id)).items.some(({ content }) => content === 'I am back.'),
        60_000,
      );

      expect(await roostctl(['restore', '--from', out], placesOf(empty))).toMatchObject({
        code: 2,
        err: expect.stringContaining('not empty'),
      });
    } finally {
      await empty.stop();
    }
  });

  it('that is none, or a database that is away, is named', async () => {
    expect(await roostctl(['restore', '--from', folder], placesOf(roost()))).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds no backup'),
    });
    const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect(await roostctl(['backup', '--out', join(folder, 'away')], away)).toMatchObject({
      code: 5,
      err: expect.stringContaining('--database-url'),
    });
  });
});
