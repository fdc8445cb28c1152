// The program of real instances in the conformance suite; see instance-program.ts for what each does. It imports nothing
// but Node.js, so that an image needs no more than the binary and this file.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const program = JSON.parse(process.env.PROGRAM ?? '{"does":"serve"}');

const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return error.code;
  }
};

function serve() {
  setInterval(() => undefined, 1 << 30);
  process.once('SIGTERM', () => {
    console.log('SIGTERM');
    process.exit(0);
  });
  console.log('ready');
}

function hogNatively() {
  const held = [];
  setInterval(() => held.push(Buffer.alloc(8 << 20, 1)), 5);
}

function hogTheHeap() {
  const held = [];
  for (;;) held.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
}

/** From whichever of the cgroup versions is mounted. */
const first = (...files) => {
  for (const file of files) {
    const text = attempt(() => readFileSync(`/sys/fs/cgroup/${file}`, 'utf8').trim());
    if (text !== 'ENOENT') return text;
  }
  return null;
};

function report() {
  const status = Object.fromEntries(
    readFileSync('/proc/self/status', 'utf8')
      .split('\n')
      .map((line) => line.split(/:\s*/, 2)),
  );
  const seen = {
    uid: process.getuid(),
    gid: process.getgid(),
    groups: process.getgroups(),
    pid: process.pid,
    init: readFileSync('/proc/1/comm', 'utf8').trim(),
    cap_eff: status.CapEff,
    cap_bnd: status.CapBnd,
    no_new_privs: status.NoNewPrivs,
    seccomp: status.Seccomp,
    write_root: attempt(() => writeFileSync('/written', '')) ?? 'written',
    write_shm: attempt(() => writeFileSync('/dev/shm/written', '')) ?? 'written',
    write_tmp: attempt(() => writeFileSync('/tmp/written', '')) ?? 'written',
    fill_tmp: attempt(() => writeFileSync('/tmp/full', Buffer.alloc(65 << 20))) ?? 'written',
    tmp: readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((line) => line.split(' ')[1] === '/tmp'),
    memory: first('memory/memory.limit_in_bytes', 'memory.max'),
    cpu: first('cpu/cpu.cfs_quota_us', 'cpu,cpuacct/cpu.cfs_quota_us', 'cpu.max'),
    pids: first('pids/pids.max', 'pids.max'),
    env: Object.keys(process.env).sort(),
  };
  console.log(JSON.stringify(seen));
  serve();
}

function reach({ host, port }) {
  const socket = connect({ host, port, timeout: 2000 });
  const tell = (outcome) => {
    socket.destroy();
    console.log(outcome);
    serve();
  };
  socket.once('connect', () => tell('reached'));
  socket.once('timeout', () => tell('not reached'));
  socket.once('error', () => tell('not reached'));
}

switch (program.does) {
  case 'exit':
    process.exit(program.code);
  case 'ignore_sigterm':
    process.on('SIGTERM', () => console.log('SIGTERM'));
    setInterval(() => undefined, 1 << 30);
    console.log('ready');
    break;
  case 'print':
    for (let line = 1; line <= program.lines; line += 1) console.log(`line ${line}`);
    console.error('last');
    serve();
    break;
  case 'hog':
    if (program.memory === 'heap') hogTheHeap();
    else hogNatively();
    break;
  case 'listen':
    createServer().listen(8080, serve);
    break;
  case 'reach':
    reach(program);
    break;
  case 'report':
    report();
    break;
  default:
    serve();
}
