// Files in the home that programs outside read: root bundles and the PAC file. Must not hold a secret: what is here is
// public, the home around it is not.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRoots } from '../src/proxy/control/system-roots.ts';
import { pacFile } from '../src/rules/pac.ts';
import { reason } from '../src/store/home.ts';

/** Writes `<home>/proxy.pac` and gives its path. `proxy` is `host:port`. */
export function writePac(home: string, proxy: string, patterns: readonly string[]): string {
  return put(join(home, 'proxy.pac'), pacFile(proxy, patterns));
}

/** Writes the system's roots, ours and those in `more` (files that cannot be read are left out) and gives the path. */
export function writeBundle(home: string, caPem: string, more: readonly string[]): string {
  const known = [...systemRoots(), ...blocks(caPem)].map((pem) => pem.trim());
  const extra = [...new Set(more.flatMap(certificatesIn))].filter((pem) => !known.includes(pem)).sort();
  return put(bundlePath(home, extra), unique([...known, ...extra]));
}

/** Writes ours and those in `more` alone; where `more` adds nothing, `caPath` itself will do. */
export function writeAddition(home: string, caPath: string, caPem: string, more: readonly string[]): string {
  const extra = [...new Set(more.flatMap(certificatesIn))].filter((pem) => !blocks(caPem).includes(pem)).sort();
  if (extra.length === 0) return caPath;
  return put(join(home, `ca-added-${digest(extra)}.pem`), unique([...extra, ...blocks(caPem)]));
}

/** Brings the bundle that `env` handed out up to date, if there is one. */
export function refreshBundle(home: string, caPem: string): void {
  if (existsSync(bundlePath(home, []))) writeBundle(home, caPem, []);
}

/** Keeps a copy of the certificate outside of the home, for everybody to read. Throws Error, one line. */
export function writeCaCopy(path: string, caPem: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    if (existsSync(path) && readFileSync(path, 'utf8') === caPem) return;
    writeFileSync(draft, caPem, { flag: 'wx' });
    // Whatever the umask says.
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw new Error(`ca_file: ${path} cannot be written: ${reason(thrown)}`, { cause: thrown });
  }
}

function bundlePath(home: string, extra: readonly string[]): string {
  return join(home, extra.length === 0 ? 'ca-bundle.pem' : `ca-bundle-${digest(extra)}.pem`);
}

/** Whole or not at all: a program may be reading the old one. */
function put(path: string, text: string): string {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return path;
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
  return path;
}

function certificatesIn(file: string): readonly string[] {
  try {
    return blocks(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
}

function blocks(pem: string): string[] {
  return pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
}

function unique(pems: readonly string[]): string {
  return `${[...new Set(pems.map((p) => p.trim()))].join('\n')}\n`;
}

function digest(pems: readonly string[]): string {
  return createHash('sha256').update(pems.join('\n')).digest('hex').slice(0, 8);
}
