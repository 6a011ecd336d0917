// Shows or prints the CA certificate, makes another, and puts it into the trust stores of this machine or takes it out.
// Must not know the key, which has no command: it never leaves the home.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../src/store/lock.ts';
import { openAuthority } from '../authority.ts';
import { caFacts, readPem } from '../ca-file.ts';
import type { Call, Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf, type Invocation, loadSettings } from '../settings.ts';

const STORES = ['install', 'uninstall', 'status'];

/** `sallyport ca show|export|rotate|install|uninstall|status`. */
export const ca: Command = {
  name: 'ca <action>',
  summary: 'show the CA, have this machine trust it or no longer, or make another',
  positionals: {
    action: {
      describe:
        'show it for people, export it as PEM, rotate it: a new key and name; install it into trust stores, uninstall it, or say their status',
      choices: ['show', 'export', 'rotate', ...STORES],
    },
  },
  options: {
    store: {
      type: 'string',
      describe: 'these trust stores alone, instead of all that are found [NAME,…]',
      isList: true,
      actions: STORES,
      names: async () => (await import('../../src/cert/trust-stores.ts')).TRUST_STORES.map(({ name }) => name),
    },
  },
  settings: 'all',
  examples: [
    ['ca show', 'fingerprint and validity'],
    ['ca install', 'into every trust store found here; asks for root where that is needed'],
    ['ca install --store firefox', 'into the profiles of Firefox alone'],
    ['ca status', 'one line a store: whether it trusts the current CA'],
    ['ca uninstall', 'out of every store again, and each as it was'],
    ['ca rotate', 'when its key may have been seen by somebody else; while no daemon runs'],
    ['ca export > sallyport-ca.pem', 'for a program that wants a file; made first if there is none'],
  ],
  run: async (call) => {
    const { args, json, invocation, terminal } = call;
    const path = join(homeOf(invocation), 'ca.pem');
    if (args.action === 'rotate') return rotate(call);
    if (args.action === 'install' && readPem(path) === undefined) await made(invocation);
    if (STORES.includes(String(args.action))) return (await import('../trust/actions.ts'))[args.action as 'install'](call);
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

/** Leaves signed by the old one are worth nothing to whoever trusts the new one. Exit code 1 where a store still has the old one. */
async function rotate(call: Call): Promise<number> {
  const { json, invocation, terminal } = call;
  const { config } = loadSettings(invocation);
  const lock = existsSync(config.home) ? takeLock(join(config.home, 'daemon.lock')) : undefined;
  if (existsSync(config.home) && !lock)
    throw new CommandFailure(EXIT.failed, 'the daemon holds the CA: sallyport stop, then rotate it, then start');
  lock?.close();
  const { certs, close } = await openAuthority(config, invocation, true);
  const { fingerprint256: fingerprint, caPath: path } = certs;
  await close();
  const { renewInstalled, sayInstalled } = await import('../trust/actions.ts');
  const stores = await renewInstalled(call);
  if (json) terminal.out(JSON.stringify({ path, fingerprint256: fingerprint, ...(stores && { stores }) }));
  else {
    const where = stores ? 'it takes the place of the old one in the stores below' : `trust ${path} where the old one was installed`;
    terminal.out(`a new CA, ${fingerprint}: ${where}, and restart clients that run`);
    sayInstalled(call, stores ?? []);
  }
  return stores?.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.ok;
}

async function made(invocation: Invocation): Promise<string> {
  const { certs, close } = await openAuthority(loadSettings(invocation).config, invocation);
  await close();
  return certs.pem;
}
