// What the CA file of a home says. Must not know the key beside it.
// A file that cannot be read, or holds something else, is one clear line.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandFailure, EXIT } from './failure.ts';

const DAY_MS = 86_400_000;

/** What a CA file says; the current certificate comes first. */
export function caFacts(pem: string, nowMs: number) {
  const all = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  let current: X509Certificate;
  try {
    current = new X509Certificate(all[0] ?? '');
  } catch {
    throw new CommandFailure(EXIT.failed, 'ca.pem does not hold a certificate: remove it and ca.key to have a new CA made');
  }
  return {
    subject: current.subject.replaceAll('\n', ', '),
    fingerprint256: current.fingerprint256,
    validUntil: current.validToDate.toISOString().slice(0, 10),
    daysLeft: Math.floor((current.validToDate.getTime() - nowMs) / DAY_MS),
    previous: all.length - 1,
  };
}

/** The text of the file; undefined where there is none. Throws CommandFailure where it cannot be read. */
export function readPem(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new CommandFailure(EXIT.failed, `${path} cannot be read (${code})`);
  }
}
