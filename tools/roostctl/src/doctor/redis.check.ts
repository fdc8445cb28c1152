import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RoostctlConfig } from '../config';
import { type Check, failed, ok, skipped, type Verdict } from './check';

const ANSWER_MS = 5_000;

/** Whether Redis drops keys when it is full: it must not, for nobody would notice. */
export const redisChecks = ({ REDIS_URL }: RoostctlConfig): Check[] => [
  {
    name: 'Redis and its eviction policy',
    run: () =>
      REDIS_URL === undefined
        ? Promise.resolve(skipped('set REDIS_URL to see whether it keeps what it holds (noeviction)'))
        : policyOf(REDIS_URL),
  },
];

async function policyOf(url: string): Promise<Verdict> {
  try {
    const info = await memoryInfo(new URL(url));
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (policy === 'noeviction') return ok('noeviction');
    if (policy !== undefined)
      return failed(
        `maxmemory-policy is ${policy}: CONFIG SET maxmemory-policy noeviction, and in redis.conf`,
      );
    return failed(
      `it refused INFO (${info.trim().split('\r\n').at(-1) ?? ''}): see the credentials in REDIS_URL`,
    );
  } catch (error) {
    return failed(`${error instanceof Error ? error.message : String(error)}: see REDIS_URL`);
  }
}

/** Two inline commands (Redis protocol, "Inline commands") need no client. */
function memoryInfo({ protocol, hostname, port, username, password }: URL): Promise<string> {
  const place = { host: hostname, port: Number(port === '' ? 6379 : port) };
  return new Promise((resolve, reject) => {
    const socket = protocol === 'rediss:' ? connectTls({ ...place, servername: hostname }) : connect(place);
    let text = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    const quoted = (value: string): string => JSON.stringify(decodeURIComponent(value));
    const user = username === '' ? '' : ` ${quoted(username)}`;
    const login = password === '' ? '' : `AUTH${user} ${quoted(password)}\r\n`;
    socket.write(`${login}INFO memory\r\nQUIT\r\n`);
  });
}
