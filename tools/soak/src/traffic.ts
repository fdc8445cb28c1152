import { anAgent, type Installation, PlainChat, SocketIoChat } from '@roost/testing';
import { setTimeout as pause } from 'node:timers/promises';

const TALKERS = 3;
/** Messages on one connection before a client leaves and another comes. */
const MESSAGES_PER_VISIT = 10;
const REPLY_MS = 60_000;

export interface Traffic {
  counts: { messages: number; connections: number; starts: number; wakes: number };
  /** Of the agent whose instance lives through all of it. */
  steady_agent: string;
  /** Rejects as soon as something fails; resolves once `signal` aborted and all is quiet. */
  done: Promise<void>;
}

/** Steady work of every kind: agents that are always talked to, one that sleeps and wakes, one started and stopped. */
export async function startTraffic(installation: Installation, signal: AbortSignal): Promise<Traffic> {
  installation.model.reply(({ text }) => `You said: ${text}. ${'A sentence to stream. '.repeat(5)}`, {
    pace: { tokenDelayMs: 2 },
  });
  const { api, origin } = installation;
  const { key } = api;
  const counts = { messages: 0, connections: 0, starts: 0, wakes: 0 };
  const agent = async (name: string, inactivity_timeout: number) =>
    (await api.createAgent(anAgent({ name, inactivity_timeout }))).id;
  const whileOn = async (work: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      await work();
      await pause(20);
    }
  };

  const overSocketIo = async (id: string): Promise<void> => {
    const chat = await SocketIoChat.open(origin, id, { key });
    counts.connections += 1;
    for (let turn = 0; turn < MESSAGES_PER_VISIT && !signal.aborted; turn += 1) {
      const { message_id } = await chat.said(`turn ${turn}`);
      await chat.reply(message_id, REPLY_MS);
      counts.messages += 1;
    }
    chat.close();
  };
  const overWebSocket = async (id: string): Promise<void> => {
    const chat = await PlainChat.open(origin, id, { key, stream: 'tokens' });
    counts.connections += 1;
    for (let turn = 1; turn <= MESSAGES_PER_VISIT && !signal.aborted; turn += 1) {
      chat.say(`turn ${turn}`);
      await chat.nth('message', turn, REPLY_MS);
      counts.messages += 1;
    }
    await chat.close();
  };

  const talkers = await Promise.all(
    Array.from({ length: TALKERS }, (_, place) => agent(`Talker ${place}`, 3_600)),
  );
  const sleeper = await agent('Sleeper', 1);
  const restless = await agent('Restless', 3_600);
  const work = [
    ...talkers.flatMap((id) => [whileOn(() => overSocketIo(id)), whileOn(() => overWebSocket(id))]),
    whileOn(async () => {
      const chat = await SocketIoChat.open(origin, sleeper, { key });
      const { message_id } = await chat.said('wake up');
      await chat.reply(message_id, REPLY_MS);
      counts.wakes += 1;
      await chat.waitFor(() => chat.ofType('status').at(-1)?.state === 'stopped', REPLY_MS);
      chat.close();
    }),
    whileOn(async () => {
      await api.start(restless);
      counts.starts += 1;
      await api.stop(restless);
      while ((await api.status(restless)).state !== 'stopped') await pause(100);
    }),
  ];
  return {
    counts,
    steady_agent: talkers[0] ?? '',
    done: Promise.all(work).then(() => undefined),
  };
}
