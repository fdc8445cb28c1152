import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startModelStub, type ModelStub } from './model.stub';

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  tokens: string[];
}

function request(stub: ModelStub, ...said: string[]): Promise<Response> {
  return fetch(`${stub.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      stream: true,
      messages: said.map((content) => ({ role: 'user', content })),
    }),
    signal: AbortSignal.timeout(10_000),
  });
}

function tokensOf(body: string): string[] {
  return body
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] })
    .flatMap(({ choices }) => choices[0]?.delta.content || []);
}

async function ask(stub: ModelStub, ...said: string[]): Promise<Answer> {
  const response = await request(stub, ...said);
  const tokens = tokensOf(await response.text());
  return { status: response.status, headers: response.headers, text: tokens.join(''), tokens };
}

describe('the demo model', () => {
  it('says that it is one, repeats what it hears and streams', async () => {
    const stub = await startModelStub({ persona: 'demo', pace: { tokenDelayMs: 0 } });
    const { text, tokens } = await ask(stub, 'My name is Ada.', 'What is my name?');
    await stub.stop();
    expect(text).toContain('demo model');
    expect(text).toContain('What is my name?');
    expect(text).toContain('My name is Ada.');
    expect(tokens.length).toBeGreaterThan(20);
  });
});

describe('the scripted model', () => {
  let stub: ModelStub;
  beforeAll(async () => {
    stub = await startModelStub();
  });
  afterAll(() => stub.stop());
  beforeEach(() => {
    stub.reset();
  });

  it('answers as told, the last instruction that fits first', async () => {
    stub.reply('anything').reply(({ text }) => text.toUpperCase(), { to: 'shout' });
    expect((await ask(stub, 'please shout')).text).toBe('PLEASE SHOUT');
    expect((await ask(stub, 'hello')).text).toBe('anything');
  });

  it('waits before each token', async () => {
    stub.reply('x'.repeat(80), { pace: { tokenDelayMs: 10 } });
    const started = performance.now();
    const { tokens } = await ask(stub, 'hello');
    expect(tokens).toHaveLength(20);
    expect(performance.now() - started).toBeGreaterThanOrEqual(20 * 9);
  });

  it('fails as often as told, then answers again', async () => {
    stub.fail({ kind: 'rate_limited', retryAfterSeconds: 7 }, { times: 2 });
    const limited = await ask(stub, 'hello');
    expect(limited.status).toBe(429);
    expect(limited.headers.get('retry-after')).toBe('7');
    expect((await ask(stub, 'hello')).status).toBe(429);
    expect((await ask(stub, 'hello')).text).toBe('You said: hello');
  });

  it.each([
    [{ kind: 'unauthorized' }, 401],
    [{ kind: 'server_error' }, 500],
    [{ kind: 'server_error', status: 503 }, 503],
  ] as const)('fails with %j', async (failure, status) => {
    stub.fail(failure);
    expect((await ask(stub, 'hello')).status).toBe(status);
  });

  it.each([0, 1, 5])('cuts a stream after %i tokens', async (afterTokens) => {
    stub.fail({ kind: 'cut', afterTokens });
    const response = await request(stub, 'hello, and good evening');
    let body = '';
    const read = (async () => {
      for await (const chunk of response.body ?? []) body += Buffer.from(chunk as Uint8Array).toString();
    })();
    await expect(read).rejects.toThrow('terminated');
    expect(tokensOf(body)).toHaveLength(afterTokens);
    expect(stub.requests()).toMatchObject([{ interrupted: true }]);
    expect((await ask(stub, 'hello')).text).toBe('You said: hello');
  });

  it('answers with something that is no stream', async () => {
    stub.fail({ kind: 'malformed' });
    const { status, headers, tokens } = await ask(stub, 'hello');
    expect([status, headers.get('content-type'), tokens]).toEqual([200, 'application/json', []]);
  });

  it('hangs until it is reset', async () => {
    stub.fail({ kind: 'hang' }, { to: 'stuck' });
    const stuck = ask(stub, 'stuck');
    expect((await ask(stub, 'hello')).text).toBe('You said: hello');
    stub.reset();
    expect((await stuck).text).toBe('You said: stuck');
  });

  it('keeps a journal of what it was asked', async () => {
    await ask(stub, 'first');
    await ask(stub, 'second');
    const requests = await stub.waitForRequests(2);
    expect(requests.map(({ messages }) => messages[0]?.content)).toEqual(['first', 'second']);
    expect(requests[0]).toMatchObject({ model: 'gpt-4o-mini', status: 200, interrupted: false });
  });
});

describe('its embeddings', () => {
  let stub: ModelStub;
  beforeAll(async () => {
    stub = await startModelStub();
  });
  afterAll(() => stub.stop());

  const embed = async (input: string[], dimensions?: number): Promise<number[][]> => {
    const response = await fetch(`${stub.baseUrl}/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
      body: JSON.stringify({ model: 'any', input, dimensions }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data } = (await response.json()) as { data: { embedding: number[] }[] };
    return data.map(({ embedding }) => embedding);
  };
  const cosine = (one: number[] = [], other: number[] = []): number =>
    one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);

  it('are the same for the same text, nearer for texts that share words, one a text, as long as asked', async () => {
    const [question, near, far, again] = await embed([
      'How long does a refund take?',
      'A refund takes five days.',
      'The cafeteria opens at noon.',
      'How long does a refund take?',
    ]);
    expect(again).toEqual(question);
    expect(cosine(question, question)).toBeCloseTo(1, 6);
    expect(cosine(question, near)).toBeGreaterThan(cosine(question, far) + 0.1);
    expect((await embed(['x'], 32))[0]).toHaveLength(32);
    expect(stub.embeddings.requests()[0]).toMatchObject({ authorization: 'Bearer any' });
  });

  it('fail as often as told', async () => {
    stub.embeddings.fail({ status: 503, body: { data: [] } });
    expect(await embed(['x'])).toEqual([]);
    expect(await embed(['x'])).toHaveLength(1);
  });
});
