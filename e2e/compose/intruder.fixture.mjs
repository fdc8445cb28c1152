// What somebody tries who runs programs inside a runner. ATTEMPT is [kind, target]; prints what came of it.
import { connect } from 'node:net';

const [kind, target] = JSON.parse(process.env.ATTEMPT);
const proxy = new URL(process.env.HTTP_PROXY);

/** Without a way there a connection is neither made nor refused. */
const DEADLINE_MS = 2_500;

function talk(host, port, text) {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), host, () => (text ? socket.write(text) : finish('open')));
    const finish = (outcome) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(DEADLINE_MS, () => finish('no answer'));
    socket.on('error', ({ code }) => finish(code));
    socket.on('data', (data) => {
      answer += data;
      if (text.startsWith('CONNECT') && answer.includes('\r\n\r\n')) finish(answer);
    });
    socket.on('end', () => finish(answer));
  });
}

function separated(authority) {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(authority);
  return [host, port];
}

const attempts = {
  direct: () => talk(...separated(target)),
  tunnel: () => talk(proxy.hostname, proxy.port, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`),
  plain: () =>
    talk(proxy.hostname, proxy.port, `GET ${target} HTTP/1.1\r\nHost: intruder\r\nConnection: close\r\n\r\n`),
};
console.log(await attempts[kind]());
