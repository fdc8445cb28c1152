import { aPublicAgent, bundle, OtlpReceiver, PlainChat, type ReceivedSpan, until } from '@roost/testing';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const shop = createServer((_request, response) => response.end('canary-answer')).listen(0, '127.0.0.1');
await once(shop, 'listening');
const host = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
const receiver = await OtlpReceiver.start();
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
  receiver.stop();
});

const tools = [
  {
    type: 'http_request',
    name: 'find_orders',
    description: 'Finds orders.',
    method: 'GET',
    url: `http://${host}/orders/{folder}`,
    parameters: { type: 'object', properties: { folder: { type: 'string' } }, required: ['folder'] },
  },
];

describe('traces', () => {
  const roost = useInstallation({
    env: { TOOL_ALLOWED_HOSTS: host, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint },
  });
  const named = (name: string, of = receiver.spans): ReceivedSpan[] =>
    of.filter((span) => span.name.startsWith(name));
  const create = async (): Promise<string> =>
    (
      await roost().api.call<{ id: string }>({
        method: 'POST',
        path: '/agents',
        body: { ...aPublicAgent(), tools },
      })
    ).id;
  /** All spans of the trace of the agent's last message, once its run has been told. */
  const traceOf = async (agent_id: string, runs: number): Promise<ReceivedSpan[]> => {
    await until('the run was told', () => named(`invoke_agent ${agent_id}`).length >= runs, 20_000);
    const run = named(`invoke_agent ${agent_id}`).at(-1);
    const trace = () => receiver.spans.filter(({ trace_id }) => trace_id === run?.trace_id);
    await until('its acceptance was told', () => named('accept_message', trace()).length > 0, 20_000);
    return trace();
  };

  it('are one a run, from the message on a socket through the wake to model calls and tools', async () => {
    const agent = await create();
    roost().model.callTools([{ name: 'find_orders', arguments: { folder: 'canary-argument' } }], {
      before: '',
      after: 'canary-reply',
    });
    const chat = await PlainChat.open(roost().origin, agent);
    chat.say('canary-question');
    await chat.reply();
    await chat.close();

    const trace = await traceOf(agent, 1);
    const [accepted, ...more] = named('accept_message', trace);
    const [run] = named('invoke_agent', trace);
    const chats = named('chat ', trace);
    const calls = named('execute_tool ', trace);
    expect(more).toEqual([]);
    expect(accepted).toMatchObject({ service: 'manager-api', parent_id: null });
    expect(run).toMatchObject({
      service: 'agent-runner',
      parent_id: accepted?.span_id,
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.id': agent,
        'gen_ai.conversation.id': accepted?.attributes['gen_ai.conversation.id'],
        'roost.outcome': 'completed',
      },
    });
    expect(chats).toHaveLength(2);
    expect(calls).toHaveLength(1);
    for (const span of [...chats, ...calls]) expect(span.parent_id).toBe(run?.span_id);
    expect(chats[0]).toMatchObject({ kind: 3, attributes: { 'gen_ai.operation.name': 'chat' } });
    expect(chats[0]?.attributes['gen_ai.usage.input_tokens']).toBeGreaterThan(0);
    expect(calls[0]).toMatchObject({
      name: 'execute_tool find_orders',
      attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'find_orders' },
    });
    expect(run?.attributes['gen_ai.usage.input_tokens']).toBe(
      chats.reduce((sum, { attributes }) => sum + Number(attributes['gen_ai.usage.input_tokens']), 0),
    );
  });

  it('begin with a message over HTTP as well, and are no trace of the client', async () => {
    const agent = await create();
    const client = '0af7651916cd43dd8448eb211c80319c';
    const response = await fetch(`${roost().origin}/agents/${agent}/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${roost().api.key}`,
        'content-type': 'application/json',
        traceparent: `00-${client}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({ content: 'canary-question' }),
    });
    expect(response.status).toBe(202);
    const trace = await traceOf(agent, 1);
    expect(new Set(trace.map(({ service }) => service))).toEqual(new Set(['manager-api', 'agent-runner']));
    expect(trace[0]?.trace_id).not.toBe(client);
  });

  it('name no tool that a model made up, and cut the ids it gives to calls', async () => {
    const agent = await create();
    const id = `call_${'x'.repeat(59)}canary-id`;
    roost().model.callTools([{ name: 'canary_tool', arguments: {}, id }], {
      before: '',
      after: 'canary-reply',
    });
    const chat = await PlainChat.open(roost().origin, agent);
    chat.say('canary-question');
    await chat.reply();
    await chat.close();
    const [call] = named('execute_tool ', await traceOf(agent, 1));
    expect(call).toMatchObject({
      name: 'execute_tool unknown',
      attributes: { 'gen_ai.tool.name': 'unknown', 'gen_ai.tool.call.id': id.slice(0, 64) },
    });
  });

  it('hold nothing that people, models or tools said', () => {
    expect(receiver.bodies).toContain('find_orders');
    expect(receiver.bodies).not.toContain('canary');
  });
});

describe('what an app loads at its start', () => {
  /** The files that Node.js loads for a bundle before anything of it runs. */
  const loadedAtStart = (file: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\b[^;'"]*['"](\.[^'"]+)['"]/gm,
    ))
      loadedAtStart(join(dirname(file), path), seen);
    return seen;
  };

  it.each(['manager-api', 'agent-runner', 'telegram-gateway'] as const)(
    '%s: no exporter of traces',
    (app) => {
      const texts = [...loadedAtStart(bundle(app))].map((file) => readFileSync(file, 'utf8'));
      expect(texts.join()).toContain('startActiveSpan');
      expect(texts.filter((text) => text.includes('BatchSpanProcessor'))).toEqual([]);
    },
  );
});
