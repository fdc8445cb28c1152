import { anAgent, aPublicAgent, engineCalls, type Fault, PlainChat, sized, until } from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { client, useFaultyEngine } from './use.faulty.engine';

const losses: [string, RegExp, Fault['kind']][] = [
  ['create', engineCalls.create, 'lose_answer'],
  ['start', engineCalls.start, 'lose_answer'],
  ...sized<[string, RegExp, Fault['kind']][]>({
    short: [],
    full: [
      ['create', engineCalls.create, 'swallow_answer'],
      ['start', engineCalls.start, 'swallow_answer'],
      ['inspect', engineCalls.inspect, 'lose_answer'],
      ['remove', engineCalls.remove, 'lose_answer'],
    ],
  }),
];

describe.skipIf(!client)('no orphans, and strangers untouched', () => {
  const { roost, oracle, docker, engine, cli, image, containerOf, gone } = useFaultyEngine('lost-answers', {
    START_DEADLINE_SECONDS: '60',
  });

  const runStranger = async (...labels: string[]): Promise<string> => {
    const args = labels.flatMap((label) => ['--label', label]);
    const id = await cli('run', '--detach', ...args, image, 'sleep', '600');
    onTestFinished(async () => {
      await cli('rm', '--force', id).catch(() => undefined);
    });
    return id;
  };
  const runs = (id: string): Promise<boolean> =>
    cli('inspect', '--format', '{{.State.Running}}', id).then(
      (running) => running === 'true',
      () => false,
    );

  it.each(losses)(
    'the answer to %s is lost after the engine acted: one container',
    async (_call, request, kind) => {
      const rule = engine().on(request, { kind } as Fault, 1);
      const { id } = await roost().api.createAgent(aPublicAgent());
      const chat = await PlainChat.open(roost().origin, id);
      chat.say('hello');

      const reply = await chat.reply(undefined, 60_000);

      oracle().expect(reply.message_object.in_reply_to ?? '');
      await containerOf(id);
      expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 1 });
      await roost().api.stop(id);
      await gone(id);
      await until('it met the fault', () => rule.hits === 1);
      await chat.close();
    },
  );

  it('what carries our label and has no owner is removed; other containers survive, labelled or not', async () => {
    const mine = `roost.installation=${docker().containers.installation}`;
    const instance = `inst-${randomUUID()}`;
    const foreign = await runStranger();
    const neighbour = await runStranger('roost.installation=another', `roost.instance_id=${instance}`);
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.start(id);
    const kept = await containerOf(id);

    const orphan = await runStranger(
      mine,
      `roost.instance_id=${instance}`,
      `roost.agent_id=${id}`,
      'roost.generation=7',
    );

    await until('the orphan is removed', async () => !(await runs(orphan)), 30_000);
    expect(await Promise.all([foreign, neighbour, kept.Id].map(runs))).toEqual([true, true, true]);
    await roost().api.stop(id);
  });

  it('one that is being created is given its time: reconcile passes neither reap it nor declare it gone', async () => {
    // The engine takes three seconds to create, a dozen passes long.
    engine().on(engineCalls.create, { kind: 'delay', ms: 3_000 }, 1);
    engine().on(engineCalls.start, { kind: 'delay', ms: 3_000 }, 1);
    const { id } = await roost().api.createAgent(anAgent());

    expect(await roost().api.start(id)).toMatchObject({ state: 'running', generation: 1 });

    await containerOf(id);
    await roost().api.stop(id);
  });
});
