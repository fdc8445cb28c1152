import { type ChatView, type GatewayProcess, TelegramApi, type TelegramUser } from '@roost/testing';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type BotOfAgent, startBot } from './use.telegram';

const paid: string[] = [];
const bank: Server = createServer((request, response) => {
  paid.push(request.url ?? '');
  response.end('paid back');
});
bank.listen(0, '127.0.0.1');
await once(bank, 'listening');
const host = `127.0.0.1:${(bank.address() as AddressInfo).port}`;

const refund = {
  type: 'http_request' as const,
  name: 'refund',
  description: 'Pays an order back.',
  requires_approval: true,
  method: 'POST' as const,
  url: `http://${host}/orders/{order_id}/refund`,
  parameters: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
};

describe('what a user is asked on Telegram', () => {
  const roost = useInstallation({ env: { TOOL_ALLOWED_HOSTS: host } });
  let api: TelegramApi;
  let gateway: GatewayProcess;
  let served: BotOfAgent;
  const telegram = (): TelegramApi => api;

  beforeAll(async () => {
    api = await TelegramApi.start();
    gateway = await roost().startGateway(api.url);
    const tools = [
      refund,
      {
        type: 'request_authorization',
        name: 'who_is_it',
        description: 'Asks who it is.',
        fields: ['phone_number'],
      },
      { type: 'user_info', name: 'user_info', description: 'Says who it is.' },
    ];
    served = await startBot(roost(), telegram(), {}, { tools: tools as never });
  });
  afterAll(() => {
    bank.close();
    return api.stop();
  });

  /** The model calls the tool, then says that it has. */
  const modelCalls = (name: string, args: object): void => {
    roost().model.callTools([{ name, arguments: args }], {
      before: 'One moment.',
      after: 'That is settled.',
    });
  };

  /** Somebody is asked for approval, and says much before they decide. */
  const asked = async (user: TelegramUser, view: ChatView): Promise<string[]> => {
    modelCalls('refund', { order_id: '9' });
    user.says(served.bot, 'pay order 9 back');
    await telegram().until(() => view.replies.some(({ buttons }) => buttons.length > 0), 'the buttons');
    roost().model.reset();
    const further = Array.from({ length: 25 }, (_text, index) => `further ${index + 1}`);
    for (const text of further) user.says(served.bot, text);
    return further;
  };

  const lastToolResult = (): unknown => {
    const results = roost()
      .model.requests()
      .flatMap(({ messages }) => messages)
      .filter(({ role }) => role === 'tool');
    const content = results.at(-1)?.content;
    return JSON.parse(typeof content === 'string' ? content : '{}');
  };

  it('is a call that needs approval, which the button makes, for who asked alone', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    modelCalls('refund', { order_id: '7' });
    ada.says(bot, 'pay order 7 back');
    const view = telegram().chat(bot, ada);
    await telegram().until(
      () => view.replies.some(({ buttons }) => buttons.length > 0),
      'a request for approval',
    );
    const asked = view.replies.find(({ buttons }) => buttons.length > 0);
    expect(asked?.text).toContain('refund');
    expect(asked?.text).toContain('"order_id": "7"');
    expect(paid).toEqual([]);

    ada.presses(bot, 'Yes');
    await telegram().until(() => paid.length === 1, 'the call');
    expect(paid).toEqual(['/orders/7/refund']);
    await telegram().until(() => view.texts.some((text) => text.includes('That is settled.')), 'the answer');
    await telegram().until(() => view.texts.includes('Approved.'), 'the note');
    expect(view.replies.flatMap(({ buttons }) => buttons)).toEqual([]);
  });

  it('is decided however much was said since, and all of that is answered then, in order', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    const said = await asked(ada, view);
    const further = said.map((text) => `You said: ${text}`);

    ada.presses(bot, 'Yes');
    await telegram().until(() => view.texts.includes('Approved.'), 'the note');
    await telegram().until(() => view.texts.includes(further.at(-1) ?? ''), 'the last answer', 80_000);
    expect(view.texts.filter((text) => text !== 'Approved.')).toEqual([
      expect.stringContaining('You said: pay order 9 back'),
      ...further,
    ]);
  });

  it('is stopped by /stop, with all that was said since', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    await asked(ada, view);

    ada.says(bot, '/stop');
    await telegram().until(() => view.texts.includes('Stopped.'), 'the word');
    ada.says(bot, 'and now?');
    await telegram().until(() => view.texts.includes('You said: and now?'), 'an answer');
    expect(view.texts.filter((text) => text.startsWith('You said'))).toEqual(['You said: and now?']);
  });

  it('is left behind by /new: what is said from there on is answered', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    await asked(ada, view);

    ada.says(bot, '/new');
    ada.says(bot, 'and now?');
    await telegram().until(() => view.texts.includes('You said: and now?'), 'an answer');
    expect(view.texts.filter((text) => text.startsWith('You said'))).toEqual(['You said: and now?']);
  });

  it('is asked once of who asked in a group, though the gateway dies and others have written since', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const bob = telegram().user({ first_name: 'Bob' });
    const group = telegram().group({ bots: [bot] });
    const view = telegram().chat(bot, group);
    const withButtons = () => view.replies.filter(({ buttons }) => buttons.length > 0);
    const before = paid.length;
    modelCalls('refund', { order_id: '10' });
    const said = ada.says(bot, `@${bot.username} pay order 10 back`, { group });
    await telegram().until(() => withButtons().length === 1, 'a request for approval');
    roost().model.reset();
    bob.says(bot, `@${bot.username} what about mine?`, { group });
    // Help comes once what was said before it has been taken to the agent.
    const helped = () => view.texts.filter((text) => text.includes('/stop')).length;
    ada.says(bot, `/help@${bot.username}`, { group });
    await telegram().until(() => helped() === 1, 'the help');
    await gateway.kill();
    gateway = await roost().startGateway(api.url);
    ada.says(bot, `/help@${bot.username}`, { group });
    await telegram().until(() => helped() === 2, 'the help of the next gateway', 60_000);
    expect(withButtons()).toMatchObject([{ reply_to: said.message_id }]);

    const pressed = bob.presses(bot, 'Yes', { group });
    await telegram().until(() => telegram().callbackAnswers(pressed).length > 0, 'a word to Bob');
    expect(paid).toHaveLength(before);
    ada.presses(bot, 'Yes', { group });
    await telegram().until(() => view.texts.includes('You said: what about mine?'), "Bob's answer");
    expect(paid.slice(before)).toEqual(['/orders/10/refund']);
  });

  it('is also asked where a message was edited', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    const view = telegram().chat(bot, ada);
    const before = paid.length;
    const said = ada.says(bot, '/help');
    await telegram().until(() => view.replies.length === 1, 'the help');
    modelCalls('refund', { order_id: '8' });
    ada.edits(bot, said, 'pay order 8 back');
    await telegram().until(
      () => view.replies.some(({ buttons }) => buttons.length > 0),
      'a request for approval',
    );
    ada.presses(bot, 'Yes');
    await telegram().until(() => paid.length === before + 1, 'the call');
    await telegram().until(() => view.texts.some((text) => text.includes('That is settled.')), 'the answer');
  });

  it('is the own phone number, which the agent then knows; that of another is refused', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada', phone_number: '+15550101' });
    const eve = telegram().user({ first_name: 'Eve', phone_number: '+15550102' });
    const view = telegram().chat(bot, ada);
    const settled = () => view.texts.filter((text) => text.includes('That is settled.'));
    modelCalls('who_is_it', {});
    ada.says(bot, 'what do I owe?');
    await telegram().until(() => view.reply_keyboard !== null, 'the button');

    await telegram().until(() => settled().length === 1, 'the first answer');
    ada.sharesContact(bot, { of_other_user: eve });
    await telegram().until(() => view.texts.some((text) => text.includes('somebody else')), 'the refusal');
    ada.sharesContact(bot);
    await telegram().until(() => view.texts.some((text) => text.startsWith('Thank you')), 'thanks');

    modelCalls('user_info', {});
    ada.says(bot, 'who am I?');
    await telegram().until(() => settled().length === 2, 'an answer');
    const shown = JSON.stringify(roost().model.requests());
    expect(shown).toContain('+15550101');
    expect(lastToolResult()).toMatchObject({
      user_data: { first_name: 'Ada', phone_number: '+15550101', is_authenticated: true },
    });
    expect(shown).not.toContain('+15550102');
  });
});
