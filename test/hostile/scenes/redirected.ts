// Runs inside a network namespace: the daemon with its second door, nftables redirecting one user's connections to it, curl as that user
// and as others, upstreams on addresses of this namespace. Prints what each was answered and which address was connected to.
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REMOVAL, tableText } from '../../../cmd/transparent/table.ts';
import { openOrigins } from '../../../src/proxy/ingress/origin.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import { startTestDaemon } from '../../support/daemon.ts';
import { headerOf, replyBytes } from '../../support/http1.ts';
import { refuseOutside } from '../../support/namespace.ts';
import { startOrigin } from '../../support/origin.ts';
import { EMAIL } from '../../support/samples.ts';

/** What came of each question. */
export interface Redirected {
  readonly answers: Readonly<Record<string, Answer>>;
  /** What `status` counts at the end. */
  readonly totals: Readonly<Record<string, number>>;
  readonly log: readonly string[];
}

export interface Answer {
  /** curl's exit code; 35 is a failed handshake, 60 a certificate that is not trusted. */
  readonly exit: number;
  readonly said: string;
  /** Bodies that upstream got, in the order of requests. */
  readonly upstream: readonly string[];
  /** Addresses that were connected to. */
  readonly reached: readonly string[];
}

/** The user that `startTestDaemon` serves without a token, one that is redirected too and is not served, and one that is not redirected. */
const [OWN, STRANGER, FREE] = [1000, 65_534, 65_533];
const VICTIM = 'api.victim.example.test';
const OTHER = 'other.example.test';

refuseOutside();
const folder = mkdtempSync(join(tmpdir(), 'sp-redirected-'));
chmodSync(folder, 0o755);
const authority = makeTestAuthority();
const bodies: string[] = [];
const reached: string[] = [];
const origin = await startOrigin({
  authority,
  alpn: ['http/1.1'],
  play: async (c) => {
    for (let q = await c.request(); q; q = await c.request()) {
      bodies.push(q.body.toString());
      await c.write(replyBytes('200 OK', [], `${headerOf(q, 'host')} ${q.body.toString()}`));
    }
  },
});
const front = createServer((socket) => {
  reached.push((socket.localAddress ?? '').replace('::ffff:', ''));
  socket.on('error', () => undefined);
  socket.once('data', (first: Buffer) => {
    if (first[0] !== 22) return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nclear');
    const behind = connect(origin.port, origin.host);
    behind.write(first);
    behind.on('error', () => socket.destroy());
    behind.on('close', () => socket.destroy());
    socket.on('close', () => behind.destroy());
    socket.pipe(behind).pipe(socket);
  });
});
front.listen(443, '::');
await once(front, 'listening');

const daemon = await startTestDaemon({
  upstreamCa: authority.pem,
  settings: { intercept: ['*.victim.example.test'] },
  transparent: { port: 0, originOf: openOrigins() },
});
const [door] = daemon.proxy.transparent;
const ours = join(folder, 'ours.pem');
const theirs = join(folder, 'theirs.pem');
writeFileSync(ours, daemon.ca, { mode: 0o644 });
writeFileSync(theirs, authority.pem, { mode: 0o644 });

const answers: Record<string, Answer> = {};

async function ask(name: string, uid: number, ...words: readonly string[]): Promise<void> {
  const before = [bodies.length, reached.length];
  const args = ['-sS', '--max-time', '10', '--noproxy', '*', ...words];
  const child = spawn('curl', args, { uid, gid: uid, env: {}, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (bytes: Buffer) => (said += bytes));
  const [exit] = await once(child, 'close');
  answers[name] = { exit, said, upstream: bodies.slice(before[0]), reached: reached.slice(before[1]) };
}

function nft(text: string): void {
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function filter(uids: readonly number[]): void {
  nft(tableText({ uids, cgroups: [] }, door!.port));
}

const at = (host: string, address: string) => ['--resolve', `${host}:443:${address}`, `https://${host}/v1`];
const letter = ['-d', `write to ${EMAIL}`];

filter([OWN, STRANGER]);
// The client is led to another address than the one the name has here: the name decides for an intercepted host.
await ask('IPv4', OWN, '--cacert', ours, ...letter, ...at(VICTIM, '9.9.9.10'));
await ask('IPv6', OWN, '--cacert', ours, ...letter, ...at(VICTIM, '[2620:fe::fe]'));
await ask('another host', OWN, '--cacert', theirs, ...letter, ...at(OTHER, '9.9.9.10'));
await ask('another host, IPv6', OWN, '--cacert', theirs, ...at(OTHER, '[2620:fe::fe]'));
await ask('no name', OWN, '-k', 'https://9.9.9.10/v1');
await ask('no TLS', OWN, 'http://9.9.9.10:443/');
await ask('metadata', OWN, '--cacert', theirs, ...at(OTHER, '169.254.169.254'));
nft(
  'table inet closed { chain closed { type nat hook output priority -100; ip daddr 9.9.9.11 meta skuid 0 tcp dport 443 redirect to :1; }; }',
);
await ask('nobody listens', OWN, 'http://9.9.9.11:443/');
spawnSync('nft', ['delete table inet closed']);
await ask('not redirected', OWN, '--cacert', ours, ...letter, '--connect-to', `::127.0.0.1:${door!.port}`, `https://${VICTIM}/v1`);
await ask('not redirected, another host', OWN, '-k', '--connect-to', `::127.0.0.1:${door!.port}`, `https://${OTHER}/v1`);
await ask('a user who is not served', STRANGER, '--cacert', ours, ...at(VICTIM, '9.9.9.10'));
await ask('a user who is not redirected', FREE, '--cacert', theirs, ...letter, ...at(VICTIM, '9.9.9.10'));
await ask('on this machine', OWN, 'http://127.0.0.1:443/');

// HTTP/3 of a redirected user: refused by the filter, so the datagram arrives nowhere.
const udp = createSocket('udp4');
const datagrams: string[] = [];
udp.on('message', (bytes) => datagrams.push(String(bytes)));
udp.bind(443);
await once(udp, 'listening');
const say = (uid: number, text: string) =>
  spawnSync('bash', ['-c', 'printf %s "$1" >/dev/udp/9.9.9.9/443', 'bash', text], { uid, gid: uid, env: {}, cwd: '/' });
say(OWN, 'redirected');
say(FREE, 'free');
for (let i = 0; datagrams.length === 0 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 10));
answers.quic = { exit: 0, said: datagrams.join(), upstream: [], reached: [] };
udp.close();

// A filter that catches the daemon's own connections too.
filter([OWN, 0]);
await ask('a loop', OWN, '--cacert', ours, ...at(VICTIM, '9.9.9.10'));
await ask('a loop without TLS', OWN, 'http://9.9.9.10:443/');

spawnSync('nft', [REMOVAL]);
await ask('taken back', OWN, '--cacert', theirs, ...letter, ...at(VICTIM, '9.9.9.10'));
answers.removal = {
  exit: spawnSync('nft', [REMOVAL]).status!,
  said: spawnSync('nft', ['list', 'ruleset']).stdout.toString(),
  upstream: [],
  reached: [],
};

rmSync(folder, { recursive: true, force: true });
const result: Redirected = { answers, totals: daemon.proxy.status().totals, log: daemon.log };
await daemon.close();
process.stdout.write(JSON.stringify(result), () => process.exit(0));
