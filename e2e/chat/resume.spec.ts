import type { OutboundFrame } from '@roost/contracts';
import {
  aPublicAgent,
  type FrameLog,
  PlainChat,
  redisCli,
  SocketIoChat,
  SseReader,
  until,
} from '@roost/testing';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const poem = Array.from({ length: 20 }, (_, line) => `Zeile ${line}: Grüße, “quoted” — 你好 🦜.`).join('\n');

interface Client extends FrameLog {
  /** Loses the connection as a network does. */
  lose(): void;
}

describe('resume by cursor', () => {
  const roost = useInstallation();
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  beforeEach(() => {
    roost().model.reply(poem, { pace: { tokenDelayMs: 4 } });
  });

  const protocols: Record<string, (thread_id: string, last_event_id: string | undefined) => Promise<Client>> =
    {
      async WebSocket(thread_id, last_event_id) {
        const chat = await PlainChat.open(roost().origin, agent, {
          thread_id,
          last_event_id,
          stream: 'tokens',
        });
        await chat.waitFor(({ type }) => type === 'status');
        return Object.assign(chat, { lose: () => chat.cut() });
      },
      async 'Socket.IO'(thread_id, last_event_id) {
        const chat = await SocketIoChat.open(roost().origin, agent, { thread_id, last_event_id });
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

  /** A thread that exists, and a client that will ask on it. */
  async function begunThread(): Promise<{ thread_id: string; asker: SocketIoChat }> {
    const asker = await SocketIoChat.open(roost().origin, agent);
    roost().model.reply('Begun.', { to: 'begin' });
    const { thread_id } = await asker.said('begin');
    await asker.reply();
    return { thread_id, asker };
  }

  const storedReply = async (thread_id: string, message_id: string): Promise<string | undefined> =>
    (await roost().api.messages(thread_id)).items.find(({ in_reply_to }) => in_reply_to === message_id)
      ?.content;

  describe.each(Object.entries(protocols))('over %s', (_protocol, connect) => {
    it.each([1, 5, 17])(
      'continues after token %i without a gap or a repeat: the text equals the stored reply',
      async (cut) => {
        const { thread_id, asker } = await begunThread();
        const before = await connect(thread_id, undefined);
        const { message_id } = await asker.said('the poem, please');
        const { event_id } = await before.nth('token', cut);
        before.lose();
        const seen = before.ofType('token').slice(0, cut);

        const after = await connect(thread_id, event_id ?? '');
        await after.reply(message_id);

        const text = seen.map(({ content }) => content).join('') + after.streamedText(message_id);
        expect(text).toBe(poem);
        expect(await storedReply(thread_id, message_id)).toBe(text);
        expect(after.ofType('resync')).toEqual([]);
        after.lose();
        asker.close();
      },
    );

    it('yields what was missed while nobody was there, in order', async () => {
      const { thread_id, asker } = await begunThread();
      const witness = await connect(thread_id, undefined);
      const { message_id } = await asker.said('the poem, please');
      const { event_id } = await witness.nth('run', 1);
      await witness.reply(message_id);

      const late = await connect(thread_id, event_id ?? '');
      await late.reply(message_id);

      const logged = (frames: OutboundFrame[]) => frames.filter(({ type }) => type !== 'status');
      const place = logged(witness.frames).findIndex((frame) => frame.event_id === event_id);
      expect(logged(late.frames)).toEqual(logged(witness.frames).slice(place + 1));
      witness.lose();
      late.lose();
      asker.close();
    });

    it('sends the transcript as resync when Redis has forgotten the place, and goes on from there', async () => {
      roost().model.reply('Short.');
      const { thread_id, asker } = await begunThread();
      const before = await connect(thread_id, undefined);
      const { message_id } = await asker.said('remember this');
      const { event_id } = await before.reply(message_id);
      before.lose();
      await redisCli(roost().redis.url, 'FLUSHALL');

      const after = await connect(thread_id, event_id ?? '');
      const resync = await after.nth('resync', 1);
      const next = await roost().api.say(agent, { thread_id, content: 'go on' });
      await after.reply(next.message_id);

      expect(resync.messages.map(({ role, content }) => ({ role, content }))).toEqual([
        { role: 'user', content: 'begin' },
        { role: 'assistant', content: 'Begun.' },
        { role: 'user', content: 'remember this' },
        { role: 'assistant', content: 'Short.' },
      ]);
      expect(after.ofType('message').map((frame) => frame.message_object.in_reply_to)).toEqual([
        next.message_id,
      ]);
      after.lose();
      asker.close();
    });

    it.each(['nonsense', '000000000000.1-1', '<script>'])(
      'answers the cursor %s with a resync',
      async (cursor) => {
        const { thread_id, asker } = await begunThread();
        const client = await connect(thread_id, cursor);

        const resync = await client.nth('resync', 1);

        expect(resync.messages).toHaveLength(2);
        client.lose();
        asker.close();
      },
    );
  });

  it('loses no answer when Redis forgets everything while it is being written', async () => {
    const { thread_id, asker } = await begunThread();
    const { message_id } = await asker.said('the poem, please');
    await asker.nth('token', 3);
    await redisCli(roost().redis.url, 'FLUSHALL');

    const stored = await until('the reply is stored', () => storedReply(thread_id, message_id), 60_000);

    expect(stored).toBe(poem);
    asker.close();
  });
});
