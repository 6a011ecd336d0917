// The CA over time: renewal, overlap, clocks that jump, lists that change. The clock is passed in; OpenSSL judges dates
// through X509Certificate, and chains through a real handshake where «now» is the machine's own time.
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { type CertAuthority, openCertAuthority } from '../../../src/cert/authority.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOSTS = ['api.example.test', '*.wild.test'];
const HOST = parseAuthority('api.example.test', 443);

let home: string;
let clock: number;
let open: CertAuthority[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-life-'));
  clock = Date.now();
  open = [];
});
afterEach(async () => {
  for (const ca of open) await ca.close();
  await rm(home, { recursive: true, force: true });
});

async function openCa(hosts: readonly string[] = HOSTS): Promise<CertAuthority> {
  const ca = await openCertAuthority({ home, hosts, now: () => clock });
  open.push(ca);
  return ca;
}

const certificates = (pem: string) => pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)!.map((p) => new X509Certificate(p));
const onDisk = async () => certificates(await readFile(join(home, 'ca.pem'), 'utf8'));
const keyFile = () => readFile(join(home, 'ca.key'), 'utf8');

/** Whether a client that trusts only `ca` accepts the leaf now. */
async function accepted(ca: string, leaf: { certPem: string; keyPem: string }): Promise<boolean> {
  const server = tls.createServer({ key: leaf.keyPem, cert: leaf.certPem });
  server.on('tlsClientError', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const client = tls.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: [ca], servername: HOST.host });
  try {
    return await new Promise<boolean>((done) => client.once('secureConnect', () => done(true)).once('error', () => done(false)));
  } finally {
    client.destroy();
    await new Promise((done) => server.close(done));
  }
}

function validAt(pem: string, ms: number): boolean {
  return certificates(pem).every((c) => c.validFromDate.getTime() <= ms && ms < c.validToDate.getTime());
}

describe('renewal', () => {
  it('comes when less than 30 days are left, not before', async () => {
    const first = await openCa();
    clock = first.expiresAtMs - 30 * DAY - 1000;
    expect((await openCa()).fingerprint256).toBe(first.fingerprint256);
    clock = first.expiresAtMs - 30 * DAY;
    const second = await openCa();
    expect(second.fingerprint256).not.toBe(first.fingerprint256);
    expect(second.expiresAtMs).toBeGreaterThan(clock + 364 * DAY);
    expect(second.notices).toEqual([expect.stringMatching(/^The CA certificate was renewed until \d{4}-\d\d-\d\d: /)]);
    expect((await onDisk()).map((c) => c.fingerprint256)).toEqual([second.fingerprint256, first.fingerprint256]);
    expect(second.pem).toBe(await readFile(join(home, 'ca.pem'), 'utf8'));
    expect((await openCa()).notices).toEqual([]);
  });

  it('overlaps: who knows only the old or only the new certificate accepts the same leaf', async () => {
    const now = clock;
    clock -= 340 * DAY;
    const first = await openCa();
    const old = first.pem;
    clock = now;
    const second = await openCa();
    const [fresh] = await onDisk();
    const leaf = await second.leafFor(HOST);
    expect(fresh!.toString()).not.toBe(old);
    expect(await accepted(old, leaf)).toBe(true);
    expect(await accepted(fresh!.toString(), leaf)).toBe(true);
    expect(await accepted(second.pem, leaf)).toBe(true);
  });

  it('drops the previous certificate when it has expired', async () => {
    const first = await openCa();
    clock = first.expiresAtMs - 10 * DAY;
    const second = await openCa();
    expect(await onDisk()).toHaveLength(2);
    clock = first.expiresAtMs;
    const third = await openCa();
    expect(third.fingerprint256).toBe(second.fingerprint256);
    expect(third.notices).toEqual([]);
    expect((await onDisk()).map((c) => c.fingerprint256)).toEqual([second.fingerprint256]);
  });

  it('happens while running, without keeping a leaf waiting', async () => {
    const ca = await openCa();
    const before = ca.fingerprint256;
    const old = ca.pem;
    const key = await keyFile();
    clock = ca.expiresAtMs - 29 * DAY;
    const leaf = await ca.leafFor(HOST);
    expect(validAt(leaf.certPem, clock)).toBe(true);
    await ca.close();
    expect(ca.fingerprint256).not.toBe(before);
    expect(ca.pem).toContain(old);
    expect(ca.notices).toHaveLength(1);
    expect((await onDisk())[0]!.fingerprint256).toBe(ca.fingerprint256);
    expect(await keyFile()).toBe(key);
    expect(new X509Certificate(leaf.certPem).checkIssued((await onDisk())[0]!)).toBe(true);
    expect(new X509Certificate(leaf.certPem).verify((await onDisk())[0]!.publicKey)).toBe(true);
  });

  it('that fails is tried again after an hour, and leaves go on', async () => {
    const ca = await openCa();
    const before = ca.fingerprint256;
    /** Asks for leaves until the renewal behind them has come to the expected end. */
    const leavesUntil = async (ended: () => boolean) => {
      while (!ended()) {
        expect(validAt((await ca.leafFor(HOST)).certPem, clock)).toBe(true);
        await new Promise((done) => setImmediate(done));
      }
    };
    clock = ca.expiresAtMs - 20 * DAY;
    await chmod(join(home, 'ca.key'), 0o640);
    await leavesUntil(() => ca.notices.length === 1);
    expect(ca.notices[0]).toMatch(/^The CA is due but was not renewed: .*ca\.key has mode 640, .* type chmod 600 /);
    await chmod(join(home, 'ca.key'), 0o600);
    // A folder in the way of the file cannot be replaced by it, whoever runs the test.
    await rm(join(home, 'ca.pem'));
    await mkdir(join(home, 'ca.pem', 'in-the-way'), { recursive: true });
    clock += HOUR - 1;
    const early = await ca.leafFor(HOST);
    // Time enough for an attempt, had one been made.
    for (let i = 0; i < 50; i++) await stat(home);
    expect(ca.notices).toHaveLength(1);
    clock += 1;
    await leavesUntil(() => ca.notices.length === 2);
    expect(ca.notices[1]).toMatch(/^The CA is due but was not renewed: .*ca\.pem cannot be written \(E[A-Z]+\)\.$/);
    await rm(join(home, 'ca.pem'), { recursive: true });
    clock += HOUR;
    await leavesUntil(() => ca.fingerprint256 !== before);
    expect(ca.notices).toHaveLength(3);
    expect((await onDisk())[0]!.fingerprint256).toBe(ca.fingerprint256);
    expect(await ca.leafFor(HOST)).toBe(early);
  });

  it('does not write over a key that another process has put there', async () => {
    const ca = await openCa();
    const other = await openCa(['else.test']);
    clock = ca.expiresAtMs - 20 * DAY;
    await ca.leafFor(HOST);
    await ca.close();
    expect(ca.notices).toEqual([expect.stringMatching(/was replaced in the meantime/)]);
    expect((await onDisk())[0]!.fingerprint256).toBe(other.fingerprint256);
  });

  it('keeps key and name, so that old trust holds, even when the CA has expired', async () => {
    const first = await openCa();
    const key = await keyFile();
    clock = first.expiresAtMs + 400 * DAY;
    const second = await openCa();
    expect(await keyFile()).toBe(key);
    expect(second.subject).toBe(first.subject);
    expect((await onDisk()).map((c) => c.fingerprint256)).toEqual([second.fingerprint256]);
  });
});

describe('a changed list of hosts', () => {
  it('makes a new key and says so in one sentence, with the old certificate beside', async () => {
    const first = await openCa();
    const key = await keyFile();
    const second = await openCa([...HOSTS, 'new.example.test']);
    expect(second.notices).toEqual([expect.stringMatching(/^The list of intercepted hosts changed, so a new CA was made: .*\.$/)]);
    expect(second.subject).not.toBe(first.subject);
    expect(await keyFile()).not.toBe(key);
    expect((await onDisk()).map((c) => c.fingerprint256)).toEqual([second.fingerprint256, first.fingerprint256]);
    expect(await accepted(second.pem, await second.leafFor(parseAuthority('api.example.test', 443)))).toBe(true);
    expect(((await stat(join(home, 'ca.key'))).mode & 0o777).toString(8)).toBe('600');
    const again = await openCa(['new.example.test', ...HOSTS]);
    expect(again.notices).toEqual([]);
    expect(again.fingerprint256).toBe(second.fingerprint256);
  });

  it('changes nothing when the new patterns are covered already', async () => {
    const first = await openCa();
    const second = await openCa([...HOSTS, 'one.wild.test', '*.two.wild.test']);
    expect(second.fingerprint256).toBe(first.fingerprint256);
    expect(second.notices).toEqual([]);
    expect(second.covers(parseAuthority('one.wild.test', 443))).toBe(true);
  });

  it('does not keep more than one previous certificate', async () => {
    await openCa(['a.test']);
    const b = await openCa(['b.test']);
    const c = await openCa(['c.test']);
    expect((await onDisk()).map((x) => x.fingerprint256)).toEqual([c.fingerprint256, b.fingerprint256]);
  });
});

describe('a leaf over time', () => {
  it('is the same until less than a day is left', async () => {
    const ca = await openCa();
    const leaf = await ca.leafFor(HOST);
    clock = leaf.notAfterMs - DAY - 1;
    expect(await ca.leafFor(HOST)).toBe(leaf);
    clock += 1;
    const next = await ca.leafFor(HOST);
    expect(next).not.toBe(leaf);
    expect(next.notAfterMs).toBeGreaterThan(clock + 6 * DAY);
  });

  it('is never given out outside its own or its CA’s validity, however the clock jumps', async () => {
    const ca = await openCa();
    const serials = new Set<string>();
    const leaves = new Set<string>();
    const jumps = [2 * HOUR, -5 * HOUR, 8 * DAY, -3 * DAY, 800 * DAY, -900 * DAY, -2000 * DAY, 2100 * DAY, 30_000 * DAY, -30_000 * DAY, 1];
    for (const jump of jumps) {
      clock += jump;
      const leaf = await ca.leafFor(HOST);
      expect(validAt(leaf.certPem, clock), `leaf after a jump of ${jump}`).toBe(true);
      expect(clock).toBeLessThanOrEqual(leaf.notAfterMs - DAY);
      leaves.add(leaf.certPem);
      serials.add(new X509Certificate(leaf.certPem).serialNumber);
      // The renewal of the CA itself runs beside; whoever opens it next finds one that is valid.
      const fresh = await openCa();
      expect(validAt(certificates(fresh.pem)[0]!.toString(), clock), `CA after a jump of ${jump}`).toBe(true);
    }
    expect(serials.size).toBe(leaves.size);
    expect(leaves.size).toBeGreaterThan(5);
  });
});
