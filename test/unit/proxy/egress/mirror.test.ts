import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { compareHellos } from '../../../../src/proxy/egress/fingerprint.ts';
import { type MirrorEngine, nativeEngine, openMirror } from '../../../../src/proxy/egress/mirror.ts';
import { openTrust } from '../../../../src/proxy/egress/trust.ts';
import { readHello } from '../../../../src/proxy/ingress/hello.ts';
import { HELLOS, record, u16, withExtensions } from '../../../support/hellos.ts';
import { issue } from '../../../support/pki.ts';

const host = parseAuthority('api.vendor.example:443');
let ownCa = '';
const trust = openTrust({ extraCaFiles: [], ownCa: () => ownCa });
const hello = (raw: Buffer) => readHello(raw)!;
const sigalgs = (raw: Buffer, ...ids: number[]) =>
  withExtensions(raw, (all) => all.map(([id, data]) => [id, id === 13 ? Buffer.concat([u16(ids.length * 2), ...ids.map(u16)]) : data]));

describe('openMirror', () => {
  test('has the engine here, or the fidelity tests prove nothing', () => {
    expect(nativeEngine).toBeDefined();
  });

  test('keeps what it made for a shape, whatever the random bytes and the order of extensions', () => {
    const mirror = openMirror(trust, nativeEngine);
    const first = mirror.prepare(hello(HELLOS.codex), host);
    expect(mirror.prepare(hello(HELLOS.codexAgain), host)).toBe(first);
    expect(mirror.prepare(hello(HELLOS.codexWebSocket), host)).not.toBe(first);
    expect(mirror.prepare(hello(HELLOS.codex), parseAuthority('other.example:443'))).toBe(first);
    expect(mirror.prepare(hello(HELLOS.codex), parseAuthority('127.0.0.1:443'))).not.toBe(first);
    expect(mirror.prepare(undefined, host)).toBe(mirror.prepare(undefined, host));
    expect(first.sent()).toBe(first.sent());
  });

  test('tells names of different length apart when the client pads', () => {
    const mirror = openMirror(trust, nativeEngine);
    const padded = hello(HELLOS.opencode);
    expect(mirror.prepare(padded, host)).toBe(mirror.prepare(padded, parseAuthority('api.dealer.example:443')));
    expect(mirror.prepare(padded, host)).not.toBe(mirror.prepare(padded, parseAuthority('a.example:443')));
  });

  test('keeps the last 64 shapes only', () => {
    const mirror = openMirror(trust, nativeEngine);
    const kept = mirror.prepare(hello(HELLOS.copilot), host);
    const lost = mirror.prepare(hello(HELLOS.codex), host);
    for (let i = 0; i < 63; i++) {
      mirror.prepare(hello(withExtensions(HELLOS.codex, (all) => [...all, [40_000 + i, Buffer.alloc(0)]])), host);
      if (i === 10) mirror.prepare(hello(HELLOS.copilot), host);
    }
    expect(mirror.prepare(hello(HELLOS.copilot), host)).toBe(kept);
    expect(mirror.prepare(hello(HELLOS.codex), host)).not.toBe(lost);
  });

  test('forgets everything when the roots change', () => {
    const root = tlsRoot();
    const mirror = openMirror(trust, nativeEngine);
    const before = mirror.prepare(hello(HELLOS.codex), host);
    ownCa = root;
    expect(mirror.prepare(hello(HELLOS.codex), host)).not.toBe(before);
    ownCa = '';
  });

  test('lowers the level for 00ff alone, and not when the client offers SHA-1 or MD5', () => {
    const mirror = openMirror(trust, nativeEngine);
    const lowered = (raw: Buffer) => mirror.prepare(hello(raw), host).lowered;
    expect([HELLOS.codex, HELLOS.curl, HELLOS.copilot, HELLOS.node24, HELLOS.claudeCode].map(lowered)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(lowered(sigalgs(HELLOS.codex, 0x0403, 0x0804))).toBe(true);
    expect(lowered(sigalgs(HELLOS.codex, 0x0403, 0x0203))).toBe(false);
    expect(lowered(sigalgs(HELLOS.codex, 0x0403, 0x0101))).toBe(false);
    expect(openMirror(trust, undefined).prepare(hello(HELLOS.codex), host).lowered).toBe(false);
  });

  test('sends a hello it cannot mirror as Node sends it', () => {
    const odd = hello(withExtensions(HELLOS.codex, (all) => all.filter(([id]) => id !== 13)));
    const prepared = openMirror(trust, nativeEngine).prepare(odd, host);
    expect(prepared.mirrored).toBe(false);
    expect(prepared.sent()!.alpn).toEqual(['h2', 'http/1.1']);
    expect(compareHellos(odd, prepared.sent()!).grade).toBe('partial');
  });

  test('never asks the engine to resume, and hands it the compression algorithms and record limit of the client', () => {
    const asked: Parameters<MirrorEngine['impersonate']>[] = [];
    const engine: MirrorEngine = {
      impersonate: (...call) => {
        asked.push(call);
        return nativeEngine!.impersonate(...call);
      },
    };
    const raw = withExtensions(HELLOS.node24, (all) => [
      ...all,
      [27, Buffer.from([2, 0, 1])],
      [28, u16(9000)],
      [42, Buffer.alloc(0)],
      [41, Buffer.alloc(3)],
    ]);
    const prepared = openMirror(trust, engine).prepare(hello(raw), host);
    const [spec, options] = asked[0]!;
    expect(spec.extensions.filter(({ type }) => type === 41 || type === 42)).toEqual([]);
    expect(spec.extensions.filter(({ data }) => data)).toEqual([
      { type: 27, data: Buffer.from([2, 0, 1]) },
      { type: 28, data: u16(9000) },
    ]);
    expect(options).toMatchObject({ security: 'secure' });
    expect(prepared.sent()!.extensions.find((e) => e.id === 28)?.raw).toEqual(u16(9000));
  });

  test('leaves a list of groups alone that OpenSSL refuses', () => {
    const strange = hello(
      withExtensions(HELLOS.node24, (all) =>
        all.map(([id, data]) => [
          id,
          id === 51
            ? Buffer.concat([u16(36), u16(0x001d), u16(32), Buffer.alloc(32)])
            : id === 10
              ? Buffer.concat([u16(4), u16(0x6399), u16(0x001d)])
              : data,
        ]),
      ),
    );
    const prepared = openMirror(trust, nativeEngine).prepare(strange, host);
    expect(prepared.sent()).toMatchObject({ keyShareGroups: [0x001d], groups: [0x001d] });
    expect(compareHellos(strange, prepared.sent()!).differs).toEqual(['groups']);
  });
});

describe('compareHellos', () => {
  const same = hello(HELLOS.node24);
  const against = (raw: Buffer) => compareHellos(hello(raw), same);
  const swap = (wanted: number, data: Buffer) =>
    withExtensions(HELLOS.node24, (all) => all.map(([id, old]) => [id, id === wanted ? data : old]));

  test('equal is exact, unless the caller knows better', () => {
    expect(against(HELLOS.node24)).toMatchObject({ grade: 'exact', differs: [] });
    expect(compareHellos(same, same, ['something'])).toMatchObject({ grade: 'ja4', differs: ['something'] });
  });

  test.each([
    ['extensions', withExtensions(HELLOS.node24, (all) => all.slice(1)), 'partial'],
    ['extension order', withExtensions(HELLOS.node24, (all) => all.toReversed()), 'ja4'],
    ['groups', swap(10, Buffer.concat([u16(2), u16(29)])), 'ja4'],
    ['key share groups', swap(51, Buffer.concat([u16(5), u16(29), u16(1), Buffer.alloc(1)])), 'ja4'],
    ['signature algorithms', sigalgs(HELLOS.node24, 0x0403), 'partial'],
    ['point formats', swap(11, Buffer.from([1, 0])), 'ja4'],
    ['TLS versions', swap(43, Buffer.concat([Buffer.from([2]), u16(0x0304)])), 'ja4'],
    ['application protocols', swap(16, Buffer.from('\0\x0c\x08http/1.1\x02h2', 'latin1')), 'ja4'],
    ['key exchange modes', swap(45, Buffer.from([2, 1, 0])), 'ja4'],
    ['cipher suites', secondCipher(HELLOS.node24), 'partial'],
  ] as const)('names %s', (what, raw, grade) => {
    expect(against(raw)).toMatchObject({ grade, differs: [what] });
  });

  test('does not mind GREASE values', () => {
    const grease = (value: number) => withExtensions(HELLOS.node24, (all) => [[value, Buffer.alloc(1)], ...all]);
    expect(compareHellos(hello(grease(0x2a2a)), hello(grease(0xdada))).grade).toBe('exact');
  });

  // OpenSSL sends none in its lists, and the engine sends GREASE extensions in a place and length of its own. Both were called exact,
  // since JA3, JA4 and each comparison leave these values out: what upstream saw was not what it sees of that client.
  test.each([
    ['cipher suites', greaseCipher(HELLOS.node24)],
    ['extensions', withExtensions(HELLOS.node24, (all) => [[0x2a2a, Buffer.alloc(0)], ...all])],
    ['groups', listed(10)],
    ['signature algorithms', listed(13)],
    ['versions', swap(43, Buffer.concat([Buffer.from([6]), u16(0x6a6a), u16(0x0304), u16(0x0303)]))],
    ['key shares', withExtensions(HELLOS.node24, (all) => all.map(([id, old]) => [id, id === 51 ? greaseShare(old) : old]))],
  ])('minds whether there is GREASE: %s', (_where, raw) => {
    expect(against(raw)).toMatchObject({ grade: 'ja4', differs: ['GREASE'] });
    expect(compareHellos(hello(raw), hello(raw))).toMatchObject({ grade: 'exact', differs: [] });
  });

  test('minds where GREASE stands and how long its extension is', () => {
    const first = withExtensions(HELLOS.node24, (all) => [[0x2a2a, Buffer.alloc(0)], ...all]);
    const longer = withExtensions(HELLOS.node24, (all) => [[0x2a2a, Buffer.alloc(1)], ...all]);
    const last = withExtensions(HELLOS.node24, (all) => [...all, [0x2a2a, Buffer.alloc(0)]]);
    for (const other of [longer, last]) expect(compareHellos(hello(first), hello(other)).differs).toEqual(['GREASE']);
  });

  // The engine fills delegated credentials, ALPS and the like with values of its own, and whatever was not asked for by name was not looked at.
  test('minds what is in an extension that no other word is for', () => {
    const plus = (id: number, data: Buffer) => hello(withExtensions(HELLOS.node24, (all) => [...all, [id, data]]));
    for (const id of [5, 34, 17_613]) {
      const differs = [`contents of extension ${id}`];
      expect(compareHellos(plus(id, u16(1)), plus(id, u16(2)))).toMatchObject({ grade: 'ja4', differs });
    }
    expect(compareHellos(plus(21, Buffer.alloc(4)), plus(21, Buffer.alloc(7)))).toMatchObject({ grade: 'ja4', differs: ['padding'] });
    // Encrypted ClientHello is made of random bytes, a server name is of another host.
    expect(compareHellos(plus(65_037, Buffer.alloc(4)), plus(65_037, Buffer.alloc(4, 1))).grade).toBe('exact');
  });

  function listed(id: number): Buffer {
    const grease = (data: Buffer) => Buffer.concat([u16(data.length), u16(0x4a4a), data.subarray(2)]);
    return withExtensions(HELLOS.node24, (all) => all.map(([i, data]) => [i, i === id ? grease(data) : data]));
  }
});

function secondCipher(raw: Buffer): Buffer {
  const out = Buffer.from(raw);
  out.writeUInt16BE(0x1304, 5 + 4 + 2 + 32 + 1 + raw[43]! + 2);
  return out;
}

function greaseCipher(raw: Buffer): Buffer {
  const at = 5 + 4 + 2 + 32 + 1 + raw[43]!;
  const length = u16(raw.readUInt16BE(at) + 2);
  return record(Buffer.concat([raw.subarray(9, at), length, u16(0x3a3a), raw.subarray(at + 2)]));
}

function greaseShare(shares: Buffer): Buffer {
  return Buffer.concat([u16(shares.length - 2 + 5), u16(0x4a4a), u16(1), Buffer.alloc(1), shares.subarray(2)]);
}

/** Any bundled root: calling it ours takes it out of the set. */
function tlsRoot(): string {
  const [first] = trust.rootsNamed('C=US\nO=Internet Security Research Group\nCN=ISRG Root X1');
  return first?.toString() ?? issue({ ca: true }).pem;
}
