import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type Outcome, roostctl } from './roostctl.command';

const CANARY = 'canary-4f1d7c';

describe('roostctl', { timeout: 240_000 }, () => {
  const roost = useInstallation();
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roostctl-'));
    env = { ROOST_URL: roost().origin, ROOST_API_KEY: roost().api.key ?? '', SHOP_TOKEN: CANARY };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ctl = (...args: string[]): Promise<Outcome> => roostctl(args, env);
  const shop = (prompt: string): string =>
    `name: Shop\nmodel: { name: gpt-4.1-mini }\nsystem_prompt: ${prompt}\nsecrets: { token: "\${SHOP_TOKEN}" }\n`;
  const agentsNamed = async (name: string): Promise<{ id: string; version: number }[]> => {
    const { out } = await ctl('agents', 'list', '-o', 'json');
    return (JSON.parse(out) as { id: string; name: string; version: number }[]).filter(
      (one) => one.name === name,
    );
  };

  it('applies documents once, shows what they change, and changes nothing the second time', async () => {
    const file = join(folder, 'agents.yaml');
    await writeFile(file, `${shop('Be kind.')}---\nname: Kiosk\nmodel: { name: gpt-4.1-mini }\n`);

    const tried = await ctl('agents', 'apply', '-f', file, '--dry-run');
    expect(tried).toMatchObject({ code: 0, out: expect.stringContaining('2 to change; nothing was done') });
    expect(await agentsNamed('Shop')).toEqual([]);
    expect(await ctl('agents', 'apply', '-f', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });

    const first = await ctl('agents', 'apply', '-f', folder, '--yes');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain('+ secrets.token: "${SHOP_TOKEN}"');
    const second = await ctl('agents', 'apply', '-f', file, '--yes');
    expect(second).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^= .*\n= .*\nNothing to change\.\n$/),
    });
    expect(await agentsNamed('Shop')).toMatchObject([{ version: 1 }]);

    const changed = await roostctl(['agents', 'apply', '-f', '-', '--yes'], env, {
      input: shop('Be short.'),
    });
    expect(changed.out).toContain('~ system_prompt: "Be kind." -> "Be short."');
    expect(await agentsNamed('Shop')).toMatchObject([{ version: 2 }]);
    for (const { out, err } of [tried, first, second, changed]) expect(out + err).not.toContain(CANARY);
  });

  it('resets what an item of a list no longer says, says so, and then has nothing to change', async () => {
    const tool = (rest: string): string =>
      `name: Till\nmodel: { name: gpt-4.1-mini }\ntools: [{ type: http_request, name: orders, description: Orders., url: "https://shop.example/"${rest} }]\n`;
    const applied = (input: string): Promise<Outcome> =>
      roostctl(['agents', 'apply', '-f', '-', '--yes'], env, { input });
    await applied(tool(', requires_approval: true, headers: { X-Shop: riga }'));
    const { out } = await applied(tool(''));
    expect(out).toContain('~ tools[0].requires_approval: true -> false');
    expect(out).toContain('- tools[0].headers.X-Shop: "riga"');
    expect((await applied(tool(''))).out).toContain('Nothing to change.');
  });

  it('refuses a field that there is not, by file, document and path, and does nothing', async () => {
    const file = join(folder, 'wrong.yml');
    await writeFile(file, `${shop('x')}---\nname: New\nmodel: { name: m, heat: 1 }\n`);
    expect(await ctl('agents', 'apply', '-f', file, '--yes')).toMatchObject({
      code: 2,
      err: `${file}, document 2: model.heat: there is no such field\n`,
    });
    expect(await agentsNamed('New')).toEqual([]);
    await rm(file);
  });

  it('starts, talks to, shows and stops an agent', async () => {
    const { id } = await roost().api.createAgent({ name: 'Talker', model: { name: 'gpt-4.1-mini' } });
    expect(await ctl('start', id, '--wait')).toEqual({ code: 0, out: `${id}: running\n`, err: '' });

    roost().model.reply('At nine.');
    expect(await ctl('chat', id, '-m', 'When do you open?')).toEqual({ code: 0, out: 'At nine.\n', err: '' });
    roost().model.reply('And at six.');
    const typed = await roostctl(['chat', id], env, { input: 'And when do you close?\n' });
    expect(typed).toMatchObject({ code: 0, out: expect.stringContaining('And at six.') });

    const shown = await ctl('top', '--once');
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(new RegExp(`${id} +running`)) });
    expect((await ctl('logs', id, '-n', '50')).out).toContain('"msg":"ready"');
    const followed = await roostctl(['logs', '-f', id], env, {
      whileRunning: (out, end) => {
        if (out.includes('"msg":"ready"')) end();
      },
    });
    expect(followed.code).toBe(130);

    expect(await ctl('stop', id, '--wait')).toEqual({ code: 0, out: `${id}: stopped\n`, err: '' });
    expect(await ctl('logs', id)).toMatchObject({ code: 4, err: expect.stringContaining('no instance') });
  });

  it('ends with a code that says what kind of failure it was', async () => {
    expect(await ctl('start', 'agent_none_ab12')).toMatchObject({ code: 4 });
    expect(await roostctl(['agents', 'list'], { ...env, ROOST_API_KEY: 'roost_wrong' })).toMatchObject({
      code: 3,
      err: expect.stringContaining('ROOST_API_KEY'),
    });
    expect(await roostctl(['agents', 'list'], { ...env, ROOST_URL: 'http://127.0.0.1:1' })).toMatchObject({
      code: 5,
      err: expect.stringContaining('does not answer'),
    });
    expect(await roostctl(['agents', 'list'], { ...env, ROOST_URL: 'here' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('ROOST_URL: must be a URL'),
    });
    expect(await ctl('logs', 'x', '--tail', 'many')).toMatchObject({ code: 2 });
  });

  it('doctor names what is well and what is not, and fails when something is not', async () => {
    const { environment } = roost();
    const places = {
      ...env,
      DATABASE_URL: environment['DATABASE_URL'] ?? '',
      REDIS_URL: environment['REDIS_URL'] ?? '',
    };
    const well = await roostctl(['doctor'], {
      ...places,
      OPENAI_API_KEY: 'sk-operator',
      OPENAI_BASE_URL: roost().model.baseUrl,
    });
    expect(well).toMatchObject({ code: 0, err: '' });
    for (const name of [
      'service',
      'postgres',
      'redis',
      'launcher',
      'API key',
      'clock',
      'PostgreSQL and migrations',
      'Redis and its eviction policy',
      'model provider',
    ])
      expect(well.out).toMatch(new RegExp(`^ok +${name}`, 'm'));
    expect(well.out).toMatch(/^skipped +gateway .*GATEWAY_URL/m);
    expect(well.out).not.toContain(env['ROOST_API_KEY']);

    const away = 'http://127.0.0.1:1';
    const ill = await roostctl(['doctor'], {
      ROOST_URL: roost().origin,
      ROOST_API_KEY: 'roost_wrong',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      REDIS_URL: 'redis://127.0.0.1:1',
      GATEWAY_URL: away,
      OPENAI_API_KEY: 'sk-x',
      OPENAI_BASE_URL: away,
    });
    expect(ill).toMatchObject({ code: 1, err: expect.stringContaining('5 of 11 checks failed') });
    for (const name of ['API key', 'gateway', 'PostgreSQL', 'Redis', 'model provider'])
      expect(ill.out).toMatch(new RegExp(`^failed +${name}`, 'm'));
  });
});
