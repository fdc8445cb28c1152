import { type ModelFailure } from '@roost/devstack';
import { aPublicAgent, PlainChat, SocketIoChat, until } from '@roost/testing';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const always = 1_000;

describe('a model provider that fails', () => {
  const roost = useInstallation({ env: { RUNNER_ENTRY: join(import.meta.dirname, 'impatient-runner.mjs') } });
  let agent = '';
  let instance = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
    instance = (await roost().runners.of(agent)).instance_id;
  });

  const failures: [what: string, failure: ModelFailure, times: number, code: string][] = [
    ['refuses the key (401)', { kind: 'unauthorized' }, 1, 'model_unauthorized'],
    [
      'limits requests for ever (429)',
      { kind: 'rate_limited', retryAfterSeconds: 0 },
      always,
      'model_rate_limited',
    ],
    ['has an error of its own for ever (500)', { kind: 'server_error' }, always, 'model_unavailable'],
    ['hangs', { kind: 'hang' }, 1, 'model_timeout'],
    ['breaks off in the middle of its answer', { kind: 'cut', afterTokens: 3 }, 1, 'model_unavailable'],
    ['sends something that is no answer', { kind: 'malformed' }, 1, 'model_malformed'],
  ];

  it.each(failures)(
    'and %s yields one clear error, and the next message is answered by the same instance',
    async (_what, failure, times, code) => {
      roost().model.fail(failure, { times, to: 'fail' });
      const chat = await PlainChat.open(roost().origin, agent);
      chat.say('fail, please');

      const error = await chat.error(undefined, 60_000);
      chat.say('and now?');
      await chat.reply(undefined, 60_000);

      expect(error).toMatchObject({
        code,
        message_id: expect.stringMatching(/^msg_/),
        content: error.message,
      });
      expect(error.content).not.toMatch(/sk-|undefined|\[object|Error:/);
      expect(chat.ofType('error')).toHaveLength(1);
      const { items } = await roost().api.messages(await chat.thread());
      expect(items).toMatchObject([
        { status: 'failed', error_code: code },
        { status: 'done' },
        { role: 'assistant', content: 'You said: and now?' },
      ]);
      expect((await roost().runners.of(agent)).instance_id).toBe(instance);
      expect(await roost().api.status(agent)).toMatchObject({ state: 'running', generation: 1 });
      await chat.close();
    },
  );

  it.each<[string, ModelFailure]>([
    ['limits requests once (429)', { kind: 'rate_limited', retryAfterSeconds: 1 }],
    ['has an error of its own once (500)', { kind: 'server_error' }],
  ])('and %s is asked again; the client sees the retry, then the answer', async (_what, failure) => {
    roost().model.fail(failure, { times: 1 });
    const chat = await SocketIoChat.open(roost().origin, agent);

    const { message_id } = await chat.said('please');
    const reply = await chat.reply(message_id);

    expect(reply.content).toBe('You said: please');
    expect(chat.ofType('run').map(({ state }) => state)).toEqual(['started', 'retrying', 'completed']);
    expect(chat.streamedText(message_id)).toBe(reply.content);
    expect(roost().model.requests()).toHaveLength(2);
    chat.close();
  });

  it('in the middle of its answer is not asked again: nobody reads a sentence twice', async () => {
    roost().model.fail({ kind: 'cut', afterTokens: 3 }, { times: 1 });
    const chat = await SocketIoChat.open(roost().origin, agent);

    const { message_id } = await chat.said('a longer sentence, which breaks off');
    await chat.error('model_unavailable');

    expect('You said: a longer sentence, which breaks off').toContain(chat.streamedText(message_id));
    expect(chat.streamedText(message_id)).not.toBe('');
    expect(chat.ofType('run').map(({ state }) => state)).toEqual(['started', 'failed']);
    expect(roost().model.requests()).toHaveLength(1);
    chat.close();
  });

  it('is forgotten by the memory: the failed question is not answered later', async () => {
    roost().model.fail({ kind: 'unauthorized' }, { to: 'first' });
    const chat = await PlainChat.open(roost().origin, agent);
    chat.say('first');
    await chat.error('model_unauthorized');
    chat.say('second');

    await expect(chat.reply()).resolves.toMatchObject({ content: 'You said: second' });

    expect(chat.ofType('message')).toHaveLength(1);
    await chat.close();
  });

  it('does not hold up other threads', async () => {
    roost().model.fail({ kind: 'hang' }, { to: 'hang' });
    const [stuck, quick] = await Promise.all([1, 2].map(() => SocketIoChat.open(roost().origin, agent)));
    if (!stuck || !quick) throw new Error('no chats');
    await stuck.said('hang');
    await stuck.waitFor(({ type }) => type === 'run');

    const { message_id } = await quick.said('quick');
    await quick.reply(message_id);

    expect(stuck.ofType('error')).toEqual([]);
    await stuck.error('model_timeout');
    stuck.close();
    quick.close();
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])(
    'and answers with %s, which cannot be stored, is answered all the same, and so is the next message',
    async (_what, odd) => {
      roost().model.reply(odd, { to: 'odd' });
      const chat = await PlainChat.open(roost().origin, agent);
      chat.say('odd');
      await chat.waitFor(({ type }) => type === 'message' || type === 'error');
      chat.say('even');

      await until('the next one is answered', () =>
        chat.ofType('message').some(({ content }) => content === 'You said: even'),
      );

      await chat.close();
    },
  );

  it('by not being there yields one clear error', async () => {
    const { id } = await roost().api.createAgent(
      aPublicAgent({
        model: { provider: 'vllm', name: 'x', base_url: 'http://127.0.0.1:9/v1', api_key: 'sk-own' },
      }),
    );
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('anybody?');

    const error = await chat.error(undefined, 60_000);

    expect(error.code).toBe('model_unavailable');
    await chat.close();
  });
});
