import { type ModelStub, startModelStub } from '@roost/devstack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declines } from './chat.model';

describe('the verdict on a reply', () => {
  let model: ModelStub;
  beforeAll(async () => {
    model = await startModelStub();
  });
  afterAll(() => model.stop());
  const judge = () => ({ base_url: model.baseUrl, api_key: 'sk-1', model: 'judge' });

  it("is the model's, who sees question and reply", async () => {
    model.reply(({ text }) => JSON.stringify({ declines: text.includes('I do not know') }));
    expect(await declines(judge(), 'When is tea?', 'I do not know.')).toBe(true);
    expect(await declines(judge(), 'When is tea?', 'At four.')).toBe(false);
  });

  it('is asked for again when the model fails', async () => {
    model.reply(() => JSON.stringify({ declines: true }));
    model.fail({ kind: 'server_error' });
    expect(await declines(judge(), 'When is coffee?', 'Nobody can tell.')).toBe(true);
  });
});
