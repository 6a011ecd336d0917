import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { checkChain } from '../../../../src/proxy/egress/chain.ts';
import { openTrust } from '../../../../src/proxy/egress/trust.ts';
import { type IssueOptions, issue, type Party } from '../../../support/pki.ts';

const NOW = Date.now();
const HOST = parseAuthority('api.vendor.example:443');
const root = issue({ name: 'root', ca: true });
const folder = mkdtempSync(join(tmpdir(), 'chain-'));
afterAll(() => rmSync(folder, { recursive: true }));
const rootFile = join(folder, 'root.pem');
writeFileSync(rootFile, root.pem);
const trust = openTrust({ extraCaFiles: [rootFile], ownCa: () => '' });

const peer = (...parties: Party[]): X509Certificate[] => parties.map((party) => party.certificate);
const verdict = (chain: X509Certificate[]) => {
  try {
    return checkChain(chain, HOST, trust, NOW).issuer.subject;
  } catch (thrown) {
    return (thrown as { detail: string }).detail;
  }
};
const leafOf = (issuer: Party, more: IssueOptions = {}) => issue({ names: [HOST.host], issuer, ...more });
const middle = issue({ name: 'middle', issuer: root, ca: true, as: 'middle' });

describe('checkChain', () => {
  test('gives the leaf and its issuer', () => {
    const leaf = leafOf(middle);
    expect(checkChain(peer(leaf, middle, root), HOST, trust, NOW)).toMatchObject({ leaf: leaf.certificate, issuer: middle.certificate });
    expect(verdict(peer(leafOf(root)))).toBe('CN=root');
  });

  test('takes the first issuer that is valid now, as OpenSSL does', () => {
    const double = { name: 'middle', issuer: root, ca: true, as: 'middle' } as const;
    const expired = issue({ ...double, fromDays: -90, toDays: -1 });
    const early = issue({ ...double, fromDays: 1, toDays: 90 });
    const weak = issue({ ...double, hash: 'sha1' });
    const leaf = leafOf(middle);
    expect(verdict(peer(leaf, expired, early, middle))).toBe('CN=middle');
    expect(verdict(peer(leaf, expired, weak, middle))).toBe('signed with a weak algorithm');
    expect(verdict(peer(leaf, middle, weak))).toBe('CN=middle');
    expect(verdict(peer(leaf, expired, early))).toBe('unknown issuer');
  });

  test('is not led astray by a certificate with copied names: the key must have made the signature', () => {
    const weak = issue({ name: 'middle', issuer: root, ca: true, as: 'middle', hash: 'sha1' });
    const lookalike = issue({ name: 'middle', issuer: root, ca: true, as: 'somebody else', keyIdOf: weak });
    expect(verdict(peer(leafOf(weak), weak, root))).toBe('signed with a weak algorithm');
    expect(verdict(peer(leafOf(weak), lookalike, root))).toBe('unknown issuer');
  });

  test('stops at the first trusted root: what was cross-signed above it with SHA-1 does not count', () => {
    const old = issue({ name: 'an old root', ca: true, as: 'old', key: 'rsa2048' });
    const crossed = issue({ name: 'root', issuer: old, ca: true, hash: 'sha1' });
    expect(verdict(peer(leafOf(middle), middle, crossed, old))).toBe('CN=middle');
  });

  test('finds each issuer wherever it was sent', () => {
    const stranger = issue({ name: 'stranger', ca: true, as: 'stranger' });
    const lower = issue({ name: 'lower', issuer: middle, ca: true, as: 'lower' });
    expect(verdict(peer(leafOf(lower), stranger, middle, lower))).toBe('CN=lower');
  });

  test('does not go round in circles, nor on for ever', () => {
    const stranger = issue({ name: 'stranger', ca: true, as: 'stranger' });
    expect(verdict(peer(leafOf(stranger), stranger))).toBe('unknown issuer');
    const twice = peer(leafOf(stranger), ...Array<Party>(20).fill(stranger));
    expect(verdict(twice)).toBe('unknown issuer');
    const buried = peer(leafOf(middle), ...Array<Party>(20).fill(stranger), middle);
    expect(verdict(buried)).toBe('unknown issuer');
  });

  test('refuses a trusted root with a weak key', () => {
    const weakRoot = issue({ name: 'weak root', ca: true, key: 'rsa1024' });
    const file = join(folder, 'weak.pem');
    writeFileSync(file, weakRoot.pem);
    const weakTrust = openTrust({ extraCaFiles: [file], ownCa: () => '' });
    expect(() => checkChain(peer(leafOf(weakRoot)), HOST, weakTrust, NOW)).toThrow(/key too weak/);
  });

  test('refuses a peer without a certificate, and keys it does not know', () => {
    expect(verdict([])).toBe('no certificate');
    expect(verdict(peer(leafOf(root, { key: 'x25519' })))).toBe('key too weak');
    const damaged = Buffer.from(leafOf(root).certificate.raw);
    const point = damaged.indexOf(Buffer.from('03420004', 'hex'));
    damaged.fill(0xff, point + 4, point + 40);
    expect(verdict([new X509Certificate(damaged)])).toBe('unknown kind of key');
  });

  test('takes PSS by its hash, which is SHA-1 when it is left out', () => {
    const rsa = issue({ name: 'rsa', issuer: root, ca: true, key: 'rsa2048', as: 'middle' });
    expect(verdict(peer(leafOf(rsa, { hash: 'pss-sha256' }), rsa))).toBe('CN=rsa');
    expect(verdict(peer(leafOf(rsa, { hash: 'pss-sha1' }), rsa))).toBe('signed with a weak algorithm');
  });
});
