import { z } from 'zod';
import { ApprovalInput } from './approval';
import { closeCodes } from './close-codes';
import { CancelInput, MessageInput, OutboundFrame } from './frames';

type JsonSchema = Record<string, unknown>;

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-7',
    unrepresentable: 'any',
  });
  return rest;
};

const frames = OutboundFrame.options.map(
  (frame) => [frame.shape.type.value, jsonSchema(frame, 'output')] as const,
);
const outMessages = Object.fromEntries(
  frames.map(([name, payload]) => [name, { name, contentType: 'application/json', payload }]),
);
const refs = (channel: string, names: string[]): { $ref: string }[] =>
  names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));

const say = {
  name: 'say',
  title: 'A message of the user',
  contentType: 'application/json',
  payload: jsonSchema(MessageInput, 'input'),
};
const cancel = {
  name: 'cancel',
  title: 'Stop what the thread still owes',
  contentType: 'application/json',
  payload: jsonSchema(CancelInput, 'input'),
};
const decide = {
  name: 'decide',
  title: 'Approve, edit or reject a call of a tool',
  contentType: 'application/json',
  payload: jsonSchema(ApprovalInput, 'input'),
};
const closings = Object.values(closeCodes)
  .map(({ code, reason }) => `${code} ${reason}`)
  .join('; ');

const agentParameter = { agent_id: { description: 'The agent.', examples: ['agent_opening_hours_x7k2'] } };
const channel = (name: string, address: string, description: string) => ({
  [name]: {
    address,
    description,
    messages: { say, cancel, decide, ...outMessages },
    ...(address.includes('{agent_id}') ? { parameters: agentParameter } : {}),
  },
});
const operations = (name: string) => ({
  [`${name}Say`]: {
    action: 'receive',
    channel: { $ref: `#/channels/${name}` },
    messages: refs(name, ['say', 'cancel', 'decide']),
  },
  [`${name}Hear`]: {
    action: 'send',
    channel: { $ref: `#/channels/${name}` },
    messages: refs(name, Object.keys(outMessages)),
  },
});

/** The sockets as an AsyncAPI 3.0 document, made from the schemas that check the frames. */
export const asyncApiDocument = {
  asyncapi: '3.0.0',
  info: {
    title: 'Roost chat sockets',
    version: '1',
    description:
      'One connection is one thread with one agent. Every frame says where it stands in the thread (`event_id`).',
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  },
  defaultContentType: 'application/json',
  servers: { local: { host: '127.0.0.1:8000', protocol: 'ws', description: 'The local stack' } },
  channels: {
    ...channel(
      'plain',
      '/ws/agents/{agent_id}',
      `Plain WebSocket; query: thread_id, stream=tokens, last_event_id. Credential: Authorization, or the subprotocols roost.v1, roost.key.<token>. A client that asks for no more gets only message, status and error. Closes with: ${closings}.`,
    ),
    ...channel(
      'socketio',
      '/agents',
      'Socket.IO namespace, websocket transport, auth {agent_id, thread_id?, last_event_id?, key?}. Events have the names of the frames; `message` is acknowledged with {message_id, thread_id}, `cancel` with {message_ids}, `approval` with {approval_id, state}.',
    ),
  },
  operations: { ...operations('plain'), ...operations('socketio') },
};
