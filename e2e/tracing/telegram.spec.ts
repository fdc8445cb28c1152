import { OtlpReceiver, type ReceivedSpan, until } from '@roost/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { startBot, useTelegram } from '../telegram/use.telegram';
import { useInstallation } from '../use.installation';

const receiver = await OtlpReceiver.start();
afterAll(() => receiver.stop());
const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };

describe('the trace of a message over Telegram', () => {
  const roost = useInstallation({ env });
  const telegram = useTelegram(roost, {}, env);

  it('is one, from the update through the run and the commit of its reply to what is sent', async () => {
    const { bot, agent_id } = await startBot(roost(), telegram());
    roost().model.reply('canary-reply');
    const ada = telegram().user({ first_name: 'canary-name' });
    ada.says(bot, 'canary-question');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 1, 'a reply');

    const named = (name: string): ReceivedSpan | undefined =>
      receiver.spans.find((span) => span.name.startsWith(name));
    await until('all of it was told', () =>
      ['take_update', 'commit_reply', 'send_message'].every((name) => named(name) !== undefined),
    );
    const update = named('take_update');
    const accepted = named('accept_message');
    const run = named(`invoke_agent ${agent_id}`);
    expect(update).toMatchObject({ service: 'telegram-gateway', parent_id: null });
    expect(accepted).toMatchObject({ service: 'manager-api', parent_id: update?.span_id });
    expect(run).toMatchObject({ service: 'agent-runner', parent_id: accepted?.span_id });
    expect(named('commit_reply')).toMatchObject({
      service: 'manager-api',
      parent_id: run?.span_id,
      attributes: { 'gen_ai.agent.id': agent_id, 'roost.outcome': 'completed' },
    });
    expect(named('send_message')).toMatchObject({
      service: 'telegram-gateway',
      kind: 3,
      parent_id: update?.span_id,
    });
    expect(new Set(receiver.spans.map(({ trace_id }) => trace_id))).toEqual(new Set([update?.trace_id]));
    expect(receiver.bodies).not.toContain('canary');
  });
});
