import { FRAME_BYTES_MAX, isErrorCode, MESSAGE_CONTENT_MAX } from '@roost/contracts';
import { aPublicAgent, PlainChat, SocketIoChat } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const message = (fields: object): string => JSON.stringify({ type: 'message', ...fields });
const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/** Frames of the plain protocol, and the code each is answered with. */
const frames: [what: string, data: string | Buffer, code: string][] = [
  ['malformed JSON', '{"type":"message"', 'malformed_frame'],
  ['an array', '[]', 'malformed_frame'],
  ['a number', '1', 'malformed_frame'],
  ['null', 'null', 'malformed_frame'],
  ['a text', '"message"', 'malformed_frame'],
  ['nothing', '', 'malformed_frame'],
  ['white space', '  \n', 'malformed_frame'],
  ['deep nesting', `[${nested(20_000)}]`, 'malformed_frame'],
  ['no type', '{"content":"hello"}', 'unknown_frame_type'],
  ['another type', '{"type":"token","content":"hello"}', 'unknown_frame_type'],
  ['a type that is no text', '{"type":["message"],"content":"hello"}', 'unknown_frame_type'],
  ['no content', message({}), 'validation_failed'],
  ['empty content', message({ content: '' }), 'validation_failed'],
  ['content of white space', message({ content: ' \n\t ' }), 'validation_failed'],
  ['content that is a number', message({ content: 1 }), 'validation_failed'],
  ['content that is null', message({ content: null }), 'validation_failed'],
  ['content that is an object', message({ content: { text: 'x' } }), 'validation_failed'],
  ['content with NUL', message({ content: 'a\0b' }), 'validation_failed'],
  ['half a surrogate pair', '{"type":"message","content":"\\ud83e"}', 'validation_failed'],
  ['content over the limit', message({ content: 'x'.repeat(MESSAGE_CONTENT_MAX + 1) }), 'validation_failed'],
  ['a frame over the limit', message({ content: 'x', pad: 'x'.repeat(FRAME_BYTES_MAX) }), 'frame_too_large'],
  ['an unknown property', message({ content: 'x', image: 'evil' }), 'validation_failed'],
  ['__proto__', '{"type":"message","content":"x","__proto__":{"a":1}}', 'validation_failed'],
  ['user_data that is a list', message({ content: 'x', user_data: [] }), 'validation_failed'],
  ['nested user_data', message({ content: 'x', user_data: { a: { b: 1 } } }), 'validation_failed'],
  [
    'deeply nested user_data',
    `{"type":"message","content":"x","user_data":${nested(1_000)}}`,
    'validation_failed',
  ],
  ['too much user_data', message({ content: 'x', user_data: aLot() }), 'validation_failed'],
  ['an empty channel', message({ content: 'x', channel: '' }), 'validation_failed'],
  [
    'a thread that does not exist',
    message({ content: 'x', thread_id: 'thr_0000000000000000000000' }),
    'thread_not_found',
  ],
  ['a thread_id that is a number', message({ content: 'x', thread_id: 7 }), 'validation_failed'],
  ['an empty client_message_id', message({ content: 'x', client_message_id: '' }), 'validation_failed'],
  ['a user_id, which sockets do not take', message({ content: 'x', user_id: 'root' }), 'validation_failed'],
  ['binary', Buffer.from(message({ content: 'hello' })), 'binary_not_supported'],
  ['binary noise', Buffer.from([0, 255, 254, 1]), 'binary_not_supported'],
];

function aLot(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'x'.repeat(1_900)]));
}

/** What Socket.IO clients can get wrong: everything but the JSON and the type, which the protocol sees to. */
const payloads = frames.flatMap(([what, data, code]): [string, unknown, string][] => {
  if (typeof data !== 'string' || !['validation_failed', 'thread_not_found'].includes(code)) return [];
  const { type: _type, ...payload } = JSON.parse(data) as Record<string, unknown>;
  return what === '__proto__' ? [] : [[what, payload, code]];
});

describe('wrong frames', () => {
  const roost = useInstallation();
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  const expectError = (frame: { code: string; content: string; message: string }, code: string): void => {
    expect(frame).toMatchObject({ code, content: expect.stringMatching(/\S/) });
    expect(frame.content).toBe(frame.message);
    expect(isErrorCode(frame.code)).toBe(true);
  };

  it.each(frames)(
    'on a plain WebSocket: %s gets an error frame, and the socket goes on',
    async (_what, data, code) => {
      const chat = await PlainChat.open(roost().origin, agent);
      chat.sendRaw(data);
      expectError(await chat.error(), code);

      chat.say('still here?');

      await expect(chat.reply()).resolves.toMatchObject({ content: 'You said: still here?' });
      expect(chat.ofType('error')).toHaveLength(1);
      await chat.close();
    },
  );

  it.each(payloads)(
    'on Socket.IO: %s is acknowledged as an error, and the socket goes on',
    async (_what, payload, code) => {
      const chat = await SocketIoChat.open(roost().origin, agent);
      expect(await chat.sendRaw(payload)).toMatchObject({ error: { code, detail: expect.any(String) } });
      expectError(await chat.error(), code);

      const { message_id } = await chat.said('still here?');

      await chat.reply(message_id);
      chat.close();
    },
  );

  it.each([
    ['null', null],
    ['a text', 'hello'],
    ['a number', 1],
    ['a list', []],
    ['binary', Buffer.from('x')],
  ])(
    'on Socket.IO: %s as payload is acknowledged as an error, and the socket goes on',
    async (_what, payload) => {
      const chat = await SocketIoChat.open(roost().origin, agent);
      expect(await chat.sendRaw(payload)).toMatchObject({ error: { code: 'validation_failed' } });

      const { message_id } = await chat.said('still here?');

      await chat.reply(message_id);
      chat.close();
    },
  );

  it('on Socket.IO: an unknown event is ignored, and the socket goes on', async () => {
    const chat = await SocketIoChat.open(roost().origin, agent);
    chat.socket.emit('token', { content: 'I am the model' });
    chat.socket.emit('__proto__', {});

    const { message_id } = await chat.said('still here?');

    await chat.reply(message_id);
    chat.close();
  });

  it('on Socket.IO: a message without an acknowledgement is accepted all the same', async () => {
    const chat = await SocketIoChat.open(roost().origin, agent);
    chat.socket.emit('message', { content: 'fire and forget' });

    await expect(chat.reply()).resolves.toMatchObject({ content: 'You said: fire and forget' });
    chat.close();
  });

  it('a frame four times the limit ends the connection, and holds no more memory than that', async () => {
    const chat = await PlainChat.open(roost().origin, agent);
    chat.sendRaw('x'.repeat(4 * FRAME_BYTES_MAX + 1));

    await expect(chat.closed).resolves.toMatchObject({ code: 1009 });
  });

  it('leave no error in the log of the service', () => {
    expect(roost().manager.log()).not.toMatch(/"level":(50|60)/);
  });
});
