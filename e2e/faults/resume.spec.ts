import {
  aPublicAgent,
  type FrameLog,
  PlainChat,
  RedisFaults,
  seededRandom,
  sized,
  SocketIoChat,
  SseReader,
} from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

const poem = Array.from({ length: 20 }, (_, line) => `Zeile ${line}: Grüße, “quoted” — 你好 🦜.`).join('\n');

interface Client extends FrameLog {
  /** Loses the connection as a network does. */
  lose(): void;
}

describe('a stream resumes or says that it cannot', () => {
  const { roost, oracle } = useFaults();
  const cuts = sized({ short: 10, full: 200 });
  let agent = '';
  let redis: RedisFaults | undefined;

  beforeAll(async () => {
    redis = new RedisFaults(roost());
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });
  afterAll(() => redis?.close());

  const protocols: Record<string, (thread_id: string, last_event_id: string | undefined) => Promise<Client>> =
    {
      async WebSocket(thread_id, last_event_id) {
        const { key } = roost().api;
        const chat = await PlainChat.open(roost().origin, agent, {
          thread_id,
          last_event_id,
          key,
          stream: 'tokens',
        });
        await chat.waitFor(({ type }) => type === 'status');
        return Object.assign(chat, { lose: () => chat.cut() });
      },
      async 'Socket.IO'(thread_id, last_event_id) {
        const { key } = roost().api;
        const chat = await SocketIoChat.open(roost().origin, agent, { thread_id, last_event_id, key });
        await chat.waitFor(({ type }) => type === 'status');
        return Object.assign(chat, { lose: () => chat.socket.io.engine.close() });
      },
      async 'server-sent events'(thread_id, last_event_id) {
        const { key } = roost().api;
        const reader = await SseReader.open(`${roost().origin}/threads/${thread_id}/events`, {
          key,
          ...(last_event_id === undefined ? {} : { last_event_id }),
        });
        return Object.assign(reader, { lose: () => reader.close() });
      },
    };

  async function begunThread(): Promise<string> {
    roost().model.reply('Begun.', { to: 'begin' });
    const asker = await SocketIoChat.open(roost().origin, agent, { key: roost().api.key });
    const { thread_id, message_id } = await asker.said('begin');
    await asker.reply(message_id);
    asker.close();
    return thread_id;
  }

  async function ask(thread_id: string, content: string): Promise<string> {
    const { message_id } = await roost().api.say(agent, { thread_id, content });
    oracle().expect(message_id);
    return message_id;
  }

  it.each(Object.entries(protocols))(
    `over %s, ${cuts} cuts at random tokens: the text is byte-equal to the stored reply`,
    async (protocol, connect) => {
      const random = seededRandom(`cuts over ${protocol}`);
      roost().model.reply(poem, { pace: { tokenDelayMs: 2, jitter: 0.5 } });
      const sideBySide = 5;
      const oneCut = async (): Promise<void> => {
        const thread_id = await begunThread();
        const before = await connect(thread_id, undefined);
        const message_id = await ask(thread_id, 'the poem, please');
        // Somewhere in the text: how many frames that takes is up to the machine.
        const length = random.between(1, Math.floor(poem.length * 0.8));
        await before.waitFor(() => before.streamedText(message_id).length >= length);
        before.lose();
        const seen = [...before.ofType('token')];
        const event_id = seen.at(-1)?.event_id;
        const after = await connect(thread_id, event_id ?? '');
        await after.reply(message_id);
        after.lose();

        const text = seen.map(({ content }) => content).join('') + after.streamedText(message_id);
        const { items } = await roost().api.messages(thread_id);
        const stored = items.find(({ in_reply_to }) => in_reply_to === message_id);
        expect(Buffer.from(text)).toEqual(Buffer.from(stored?.content ?? ''));
        expect(text).toBe(poem);
        expect(after.ofType('resync')).toEqual([]);
        expect(after.ofType('message')).toHaveLength(1);
      };
      for (let done = 0; done < cuts; done += sideBySide) {
        await Promise.all(Array.from({ length: Math.min(sideBySide, cuts - done) }, oneCut));
        if ((done + sideBySide) % 50 === 0)
          console.log(`${done + sideBySide} of ${cuts} cuts over ${protocol}`);
      }
    },
  );

  describe.each<[string, () => Promise<void> | undefined]>([
    ['was emptied', () => redis?.flush()],
    ['was killed and started again', () => redis?.restart()],
  ])('after Redis %s', (_what, happens) => {
    it.each(Object.entries(protocols))(
      'a client over %s gets the transcript as resync, then what is new',
      async (_protocol, connect) => {
        roost().model.reply('Short.');
        const thread_id = await begunThread();
        const before = await connect(thread_id, undefined);
        const asked = await ask(thread_id, 'remember this');
        const { event_id } = await before.reply(asked);
        before.lose();
        await happens();

        const after = await connect(thread_id, event_id ?? '');
        const resync = await after.nth('resync', 1, 30_000);
        const next = await ask(thread_id, 'go on');
        await after.reply(next, 60_000);

        expect(resync.messages.map(({ role, content }) => ({ role, content }))).toEqual([
          { role: 'user', content: 'begin' },
          { role: 'assistant', content: 'Begun.' },
          { role: 'user', content: 'remember this' },
          { role: 'assistant', content: 'Short.' },
        ]);
        after.lose();
      },
    );
  });
});
