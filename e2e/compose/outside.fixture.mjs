// Stands for the internet, in a container of its own: an HTTP server on 80 that says who it is and logs what it is
// asked, and a name server on 53. ZONE holds its names, each with the addresses it answers in turn.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const zone = JSON.parse(process.env.ZONE ?? '{}');
const asked = {};

createServer((request, response) => {
  console.log(`${request.method} ${request.headers.host}${request.url}`);
  const location = new URL(request.url, 'http://here').searchParams.get('to');
  if (location) response.writeHead(302, { location });
  response.end(process.env.GREETING);
}).listen(80);

const names = createSocket('udp4').on('message', (query, { port, address }) => {
  names.send(answerTo(query), port, address);
});
names.bind(53);

/** RFC 1035, with a lifetime of nothing. */
function answerTo(query) {
  const labels = [];
  let end = 12;
  for (; query[end] !== 0; end += query[end] + 1)
    labels.push(query.toString('latin1', end + 1, end + 1 + query[end]));
  const name = labels.join('.').toLowerCase();
  const isAddress = query.readUInt16BE(end + 1) === 1;
  const turns = zone[name];
  const turn = isAddress ? (asked[name] = (asked[name] ?? -1) + 1) : 0;
  const addresses = isAddress && turns ? turns[turn % turns.length] : [];
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(turns ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, query.subarray(12, end + 5), ...records]);
}
