// Shows or prints the CA certificate.
// Must not know the key, which has no command: it never leaves the home.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuthority } from '../authority.ts';
import type { Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf, type Invocation, loadSettings } from '../settings.ts';

const DAY_MS = 86_400_000;

/** `sallyport ca show|export`. */
export const ca: Command = {
  name: 'ca <action>',
  summary: 'show the CA, or print its certificate',
  positionals: { action: { describe: 'show it for people, or export it as PEM', choices: ['show', 'export'] } },
  settings: 'all',
  examples: [
    ['ca show', 'fingerprint and validity'],
    ['ca export > sallyport-ca.pem', 'for a program that wants a file; made first if there is none'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const path = join(homeOf(invocation), 'ca.pem');
    if (args.action === 'export') {
      const pem = readPem(path) ?? (await made(invocation));
      caFacts(pem, Date.now());
      terminal.out(json ? JSON.stringify({ path, pem }) : pem.trimEnd());
      return EXIT.ok;
    }
    const pem = readPem(path);
    if (pem === undefined)
      throw new CommandFailure(
        EXIT.failed,
        `there is no CA in ${homeOf(invocation)} yet: ${terminal.self} start or ${terminal.self} ca export makes it`,
      );
    const facts = caFacts(pem, Date.now());
    if (json) terminal.out(JSON.stringify({ path, ...facts }));
    else {
      terminal.out(
        `${path}\n  subject      ${facts.subject}\n  fingerprint  ${facts.fingerprint256}\n  valid until  ${facts.validUntil} (${facts.daysLeft} days)`,
      );
      if (facts.previous > 0) terminal.out('  the one before it is in the same file until it ends');
    }
    return facts.daysLeft >= 0 ? EXIT.ok : EXIT.failed;
  },
};

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

async function made(invocation: Invocation): Promise<string> {
  const { certs, close } = await openAuthority(loadSettings(invocation).config, invocation);
  await close();
  return certs.pem;
}
