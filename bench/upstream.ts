// The upstream of every contender, in a process of its own: a small JSON answer, an endpoint that swallows a body, and a Messages stream whose
// events carry the time they were sent. Prints its port when it listens. Argument: a folder with upstream.pem and upstream.key.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const SMALL = Buffer.from(JSON.stringify({ id: 'msg_bench', pad: 'x'.repeat(900) }));

const server = createServer({ cert: readFileSync(join(folder, 'upstream.pem')), key: readFileSync(join(folder, 'upstream.key')) });
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
  const url = new URL(request.url ?? '/', 'https://upstream');
  request.resume();
  request.on('end', () => {
    const events = Number(url.searchParams.get('events') ?? 0);
    if (events > 0) stream(reply, events, Number(url.searchParams.get('gap') ?? 20));
    else reply.writeHead(200, { 'content-type': 'application/json', 'content-length': SMALL.length }).end(SMALL);
  });
});

/** One event at once, then one every `gapMs`. */
function stream(reply: ServerResponse, events: number, gapMs: number): void {
  reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  let sent = 0;
  const next = () => {
    sent++;
    const delta = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word ${sent} "},"t":${process.hrtime.bigint()}}`;
    reply.write(`event: content_block_delta\ndata: ${delta}\n\n`);
    if (sent < events) return;
    clearInterval(timer);
    reply.end('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  };
  const timer = setInterval(next, gapMs);
  reply.on('close', () => clearInterval(timer));
  next();
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
