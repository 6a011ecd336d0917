// Shows or prints the CA certificate.
// Must not know the key, which has no command: it never leaves the home.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../src/store/lock.ts';
import { openAuthority } from '../authority.ts';
import type { Command, Terminal } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf, type Invocation, loadSettings } from '../settings.ts';

const DAY_MS = 86_400_000;

/** `sallyport ca show|export|rotate`. */
export const ca: Command = {
  name: 'ca <action>',
  summary: 'show the CA, print its certificate, or make another',
  positionals: {
    action: { describe: 'show it for people, export it as PEM, or rotate it: a new key and name', choices: ['show', 'export', 'rotate'] },
  },
  settings: 'all',
  examples: [
    ['ca show', 'fingerprint and validity'],
    ['ca rotate', 'when its key may have been seen by somebody else; while no daemon runs'],
    ['ca export > sallyport-ca.pem', 'for a program that wants a file; made first if there is none'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const path = join(homeOf(invocation), 'ca.pem');
    if (args.action === 'rotate') return rotate(json, invocation, terminal);
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

/** Leaves signed by the old one are worth nothing to whoever trusts the new one. */
async function rotate(json: boolean, invocation: Invocation, terminal: Terminal): Promise<number> {
  const { config } = loadSettings(invocation);
  const lock = existsSync(config.home) ? takeLock(join(config.home, 'daemon.lock')) : undefined;
  if (existsSync(config.home) && !lock)
    throw new CommandFailure(EXIT.failed, 'the daemon holds the CA: sallyport stop, then rotate it, then start');
  lock?.close();
  const { certs, close } = await openAuthority(config, invocation, true);
  const { fingerprint256: fingerprint, caPath: path } = certs;
  await close();
  if (json) terminal.out(JSON.stringify({ path, fingerprint256: fingerprint }));
  else terminal.out(`a new CA, ${fingerprint}: trust ${path} where the old one was installed, and restart clients that run`);
  return EXIT.ok;
}

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
