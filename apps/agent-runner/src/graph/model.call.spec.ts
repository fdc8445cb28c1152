import type { ChatOpenAI } from '@langchain/openai';
import { expect, it } from 'vitest';
import { ModelCall } from './model.call';
import type { ModelChunk } from './model.stream';

const LIMITS = { timeout_ms: 5_000, stall_ms: 5_000, backoff_ms: 1 };
const events = { onToken: () => undefined, onRetry: () => undefined };

/** Asks a model whose server counts tokens in its own way. */
const counted = async (usage: unknown) => {
  const call = new ModelCall(async function* () {
    yield await Promise.resolve({
      text: 'Hi',
      tool_calls: [],
      finish: 'stop',
      usage,
    } as unknown as ModelChunk);
  }, LIMITS);
  const { usage: read } = await call.answer({} as ChatOpenAI, [], {}, events, {
    tools: [],
    may_be_silent: false,
  });
  return read;
};

it.each([
  ['all', { input_tokens: 3, output_tokens: 2 }, { input_tokens: 3, output_tokens: 2 }],
  ['one of two', { input_tokens: 3 }, { input_tokens: 3, output_tokens: 0 }],
  ['what is no number', { input_tokens: NaN, output_tokens: '2' }, { input_tokens: 0, output_tokens: 0 }],
  ['less than none', { input_tokens: -3, output_tokens: 2.5 }, { input_tokens: 0, output_tokens: 0 }],
  ['beyond all measure', { input_tokens: 1e13, output_tokens: 1 }, { input_tokens: 1e8, output_tokens: 1 }],
  ['nothing', undefined, null],
])('a server that counts %s is taken by its numbers, and by no others', async (_what, usage, read) => {
  expect(await counted(usage)).toEqual(read);
});

const PIECE = 'x'.repeat(65_536);

it.each([
  ['text', { text: PIECE, tool_calls: [] }],
  ['arguments', { text: '', tool_calls: [{ index: 0, name: 'find', args: PIECE }] }],
  ['calls', { text: '', tool_calls: Array.from({ length: 4_096 }, () => ({ name: 'f' })) }],
])('an answer of endless %s is broken off, and not asked for again', async (_what, piece) => {
  let asked = 0;
  let pieces = 0;
  const call = new ModelCall(async function* () {
    asked += 1;
    for (;;) {
      pieces += 1;
      yield await Promise.resolve({ ...piece, finish: undefined, usage: undefined });
    }
  }, LIMITS);
  const answer = call.answer({} as ChatOpenAI, [], {}, events, { tools: [], may_be_silent: false });
  await expect(answer).rejects.toMatchObject({
    code: 'model_malformed',
    message: expect.stringContaining('model.max_tokens'),
  });
  expect(asked).toBe(1);
  expect(pieces).toBeLessThan(300);
});
