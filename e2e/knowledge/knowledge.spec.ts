import { anAgent, docx, encryptedPdf, pdf, PlainChat, until, zipBomb } from '@roost/testing';
import type { DocumentDto } from '@roost/contracts/rest';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { looksUp, scriptModel } from './scripted.model';

const roost = useInstallation();
const HOURS = 'The bakery in Riga opens at seven and closes at six in the evening.';
const RETURNS = 'Возврат товара возможен в течение тридцати дней с чеком.';

let base: string;
beforeAll(async () => {
  base = await newBase();
});

const newBase = async (): Promise<string> =>
  (
    await roost().api.call<{ id: string }>({
      method: 'POST',
      path: '/knowledge-bases',
      body: { name: 'Handbook' },
    })
  ).id;

async function upload(name: string, content: Buffer | string): Promise<DocumentDto> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
  const { origin, key } = roost().api;
  const answer = await fetch(`${origin}/knowledge-bases/${base}/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key ?? ''}` },
    body: form,
    signal: AbortSignal.timeout(30_000),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as DocumentDto;
}

const documentOf = (id: string): Promise<DocumentDto> =>
  roost().api.call({ method: 'GET', path: `/knowledge-bases/${base}/documents/${id}` });

/** What the document has come to, once it has. */
const ingested = ({ id }: DocumentDto, seen: string[] = []): Promise<DocumentDto> =>
  until(
    `document ${id} is ready or has failed`,
    async () => {
      const document = await documentOf(id);
      if (seen.at(-1) !== document.status.state) seen.push(document.status.state);
      return ['ready', 'failed'].includes(document.status.state) ? document : undefined;
    },
    60_000,
  );

const search = async (query: string, mode = 'hybrid'): Promise<string[]> => {
  const body = { query, mode, limit: 3 };
  const path = `/knowledge-bases/${base}/search`;
  const found = await roost().api.call<{ results: { text: string }[] }>({ method: 'POST', path, body });
  return found.results.map(({ text }) => text);
};

const agent = async (changes: object = {}, retrieval_limit = 3): Promise<string> => {
  const body = anAgent({
    tools: [
      {
        type: 'knowledge_base',
        name: 'search_handbook',
        description: 'The handbook.',
        knowledge_base_ids: [base],
        retrieval_limit,
        rewrite_attempts: 1,
      },
    ],
    ...changes,
  });
  return (await roost().api.call<{ id: string }>({ method: 'POST', path: '/agents', body })).id;
};

/** One question and everything its asker is shown. */
async function ask(agent_id: string, content: string) {
  const chat = await PlainChat.open(roost().origin, agent_id, {
    key: roost().api.key ?? '',
    stream: 'tokens',
  });
  chat.say(content);
  const { message_object } = await chat.reply();
  const steps = chat.ofType('run').filter(({ state }) => state === 'working');
  await chat.close();
  return { message_object, steps };
}

describe('a document', () => {
  it.each([
    ['hours.md', 'bakery', HOURS, () => Promise.resolve(`# Riga\n\n${HOURS}`)],
    ['returns.txt', 'чеком', RETURNS, () => Promise.resolve(RETURNS)],
    [
      'prices.csv',
      'rye bread',
      'butter bun',
      () => Promise.resolve('article,price\nrye bread,2.40\nbutter bun,1.10\n'),
    ],
    [
      'team.html',
      'Kalniņa',
      'Our baker is called Ilze Kalniņa.',
      () => Promise.resolve('<h1>Team</h1><p>Our baker is called Ilze Kalniņa.</p>'),
    ],
    [
      'delivery.docx',
      'Jelgava',
      'We deliver to Jelgava on Tuesdays.',
      () => docx(['# Delivery', 'We deliver to Jelgava on Tuesdays.']),
    ],
    [
      'allergens.pdf',
      'hazelnuts',
      'The butter bun holds hazelnuts.',
      () => pdf('The butter bun holds hazelnuts.'),
    ],
  ])('%s is ingested step by step, and found by its words', async (name, query, passage, content) => {
    const seen: string[] = [];
    const document = await ingested(await upload(name, await content()), seen);
    const steps = ['queued', 'parsing', 'embedding', 'ready'];
    expect(seen).toEqual(steps.filter((step) => seen.includes(step)));
    expect(document.status).toMatchObject({ state: 'ready', done: document.status.total });
    expect(document.status.total).toBeGreaterThan(0);
    expect(await search(query, 'keyword')).toContainEqual(expect.stringContaining(passage));
  });

  it('is found by its words and its meaning, in either language', async () => {
    expect(await search('When does the bakery open?')).toContainEqual(expect.stringContaining(HOURS));
    expect(await search('возврат товаров', 'keyword')).toContainEqual(expect.stringContaining(RETURNS));
    expect(await search('hazelnuts')).toContainEqual(expect.stringContaining('hazelnuts'));
  });

  it.each([
    ['locked.pdf', encryptedPdf],
    ['bomb.docx', zipBomb],
    ['broken.pdf', () => Promise.resolve('%PDF-1.7 and nothing more')],
    ['empty.txt', () => Promise.resolve(' ')],
  ])('%s has failed, with the reason, and harms no other', async (name, content) => {
    const failed = await upload(name, await content());
    const other = await upload('next.md', 'The shop beside it sells tea.');
    expect((await ingested(failed)).status).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/\S/) as string,
    });
    expect((await ingested(other)).status.state).toBe('ready');
  });
});

describe('an agent with knowledge', () => {
  it('answers from it, shows how, and cites what stands there word for word', async () => {
    await ingested(await upload('hours.md', `# Riga\n\n${HOURS}`));
    scriptModel(roost().model, {
      agent: () => looksUp('opening hours of the bakery in Riga'),
      isRelevant: (passage) => passage.includes('opens at seven'),
      generate: () => 'It opens at seven [1].',
    });
    const { message_object, steps } = await ask(await agent(), 'When do you open in Riga?');
    expect(message_object.content).toBe('It opens at seven [1].');
    expect(message_object.citations).toHaveLength(1);
    const quote = message_object.citations?.[0]?.quote ?? '';
    expect(quote).toMatch(/opens at seven/);
    expect(`# Riga\n\n${HOURS}`).toContain(quote);
    expect(steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['retrieving', 'grading', 'generating']),
    );
  });

  it('puts a question that finds nothing in other words', async () => {
    scriptModel(roost().model, {
      agent: () => looksUp('tea'),
      rewrite: 'delivery to Jelgava',
      isRelevant: (passage) => passage.includes('Jelgava'),
      generate: () => 'On Tuesdays [1].',
    });
    const { message_object, steps } = await ask(await agent({}, 1), 'When does the van come?');
    expect(message_object).toMatchObject({ content: 'On Tuesdays [1].' });
    expect(steps.find(({ step }) => step === 'rewriting')?.content).toContain('delivery to Jelgava');
  });

  it('says that it does not know, and cites nothing', async () => {
    scriptModel(roost().model, { isRelevant: () => false });
    const limited = { knowledge: { limit_to_knowledge_base: true } };
    const { message_object, steps } = await ask(await agent(limited), 'Who won the cup?');
    expect(message_object.content).toBe('The knowledge base does not say.');
    expect(message_object.citations ?? []).toEqual([]);
    expect(steps.filter(({ step }) => step === 'rewriting')).toHaveLength(1);
  });

  it('looks nothing up for small talk', async () => {
    scriptModel(roost().model, { agent: () => ({ content: 'Hello!' }) });
    const { message_object, steps } = await ask(await agent(), 'Hi there');
    expect([message_object.content, steps]).toEqual(['Hello!', []]);
  });

  it('has its tokens booked, by kind', async () => {
    scriptModel(roost().model, { agent: () => looksUp('hours') });
    const agent_id = await agent();
    await ask(agent_id, 'When?');
    const kinds = await until('the tokens are booked', async () => {
      const { items } = await roost().api.call<{ items: { kind: string }[] }>({
        method: 'GET',
        path: `/usage?agent_id=${agent_id}`,
      });
      return items.some(({ kind }) => kind === 'grading') ? items.map(({ kind }) => kind) : undefined;
    });
    expect(kinds).toContain('agent');
  });
});
