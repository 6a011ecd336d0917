// Looks whether all is well: one line a check, with the fix, then each setting and its origin.
// Must not change anything.
import { join } from 'node:path';
import type { LoadedConfig } from '../../src/config.ts';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import { listenTrouble } from '../../src/proxy/control/free-port.ts';
import type { ConfigRow, ReferenceRow, Status } from '../../src/proxy/control/messages.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { hostPort } from '../address.ts';
import { readPem } from '../ca-file.ts';
import type { Command } from '../command.ts';
import { configRows } from '../config-rows.ts';
import { checkAccess } from '../doctor/access.ts';
import { type Finding, found } from '../doctor/finding.ts';
import { checkCa, checkEngine, checkFiles, checkNode } from '../doctor/installation.ts';
import { checkRules } from '../doctor/rules.ts';
import { checkClis, checkEnvironment, checkReferences, checkSettings } from '../doctor/surroundings.ts';
import { seeVault } from '../doctor/vault.ts';
import { asTyped, EXIT, explain } from '../failure.ts';
import { homeOf, type Invocation, loadSettings, policySettings } from '../settings.ts';
import { packageVersion } from '../version.ts';

/** `sallyport doctor`. Exit code 1 when a check fails; warnings do not count. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check that all is well, and say what to do where it is not',
  settings: 'all',
  examples: [
    ['doctor', 'one line a check, then each setting and where it came from'],
    ['doctor --json', 'for programs; exit code 1 when a check fails'],
  ],
  run: async ({ json, invocation, terminal }) => {
    const { nativeEngine } = await import('../../src/proxy/egress/mirror.ts');
    const { tellsUsers } = await import('../../src/proxy/ingress/peer-user.ts');
    const { compilePolicy } = await import('../../src/rules/policy.ts');
    const env = invocation.environment;
    const findings: Finding[] = [checkNode(process.versions.node), checkEngine(nativeEngine)];
    let loaded: LoadedConfig | undefined;
    let home: string | undefined;
    try {
      loaded = loadSettings(invocation);
      home = loaded.config.home;
      findings.push(...checkSettings(loaded), checkAccess(loaded.config, process.getuid?.(), tellsUsers()));
    } catch (thrown) {
      findings.push(found.fail('configuration', explain(thrown).line, 'correct it; until then the daemon does not start'));
      home = attempt(() => homeOf(invocation));
    }
    const running = home === undefined ? undefined : await statusOf(home, findings);
    if (home !== undefined) findings.push(...checkFiles(home), ...(await checkSealed(home, env)));
    if (loaded && home !== undefined) findings.push(checkRules(home, loaded));
    if (loaded && !running && loaded.config.listen.port !== 0) findings.push(await portFinding(loaded));
    const policy = attempt(() => loaded && compilePolicy(policySettings(loaded.config)));
    findings.push(...checkReferences(await references(invocation, loaded, policy, running && home)));
    findings.push(
      ...checkEnvironment(env, running?.listen, policy?.interceptedHosts ?? []),
      ...(await checkClis(env)),
      await hostFinding(),
    );
    // The daemon's own rows where it runs: its flags and environment may differ from ours.
    const rows = running && home !== undefined ? await controlOf(home).config() : loaded ? configRows(loaded) : [];
    const failed = findings.some((f) => f.state === 'fail');
    const told = findings.map((f) => ({
      ...f,
      text: asTyped(f.text, terminal.self),
      ...(f.fix === undefined ? {} : { fix: asTyped(f.fix, terminal.self) }),
    }));
    terminal.out(json ? JSON.stringify({ ok: !failed, findings: told, config: rows }) : text(told, rows));
    return failed ? EXIT.failed : EXIT.ok;
  },
};

/** The vault, and the CA whose key it seals. */
async function checkSealed(home: string, env: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  const { findings, keyring, close } = await seeVault(home, env);
  try {
    return [await checkCa(home, Date.now(), keyring), ...findings];
  } finally {
    close();
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function statusOf(home: string, findings: Finding[]): Promise<Status | undefined> {
  try {
    const status = await controlOf(home).status();
    const own = packageVersion();
    const text = `listens on ${status.listen} (pid ${status.pid}, version ${status.version})`;
    findings.push(
      status.version === own
        ? found.ok('daemon', text)
        : found.warn('daemon', `${text}, this is ${own}`, 'sallyport stop, then sallyport start'),
    );
    if (status.recordsDropped > 0)
      findings.push(found.warn('exchange log', `${status.recordsDropped} records were lost`, 'look for a full disk in the log'));
    return status;
  } catch (thrown) {
    if (thrown instanceof NotRunning)
      findings.push(found.info('daemon', `none is running for ${home}; sallyport start, or sallyport run starts one for a command`));
    else findings.push(found.fail('daemon', explain(thrown).line, 'sallyport stop --now, then sallyport start'));
    return undefined;
  }
}

/** As the daemon at `home` sees them where it runs: its environment is the one that counts. */
async function references(
  invocation: Invocation,
  loaded: LoadedConfig | undefined,
  policy: Policy | undefined,
  home: string | undefined,
): Promise<readonly ReferenceRow[]> {
  // A daemon of another version may not know the question; that is a finding of its own.
  if (home !== undefined)
    return controlOf(home)
      .references()
      .catch(() => []);
  if (!loaded || !policy || policy.inject.length === 0) return [];
  const { openTrust } = await import('../../src/proxy/egress/trust.ts');
  const { lookAtReferences, openReferences } = await import('../references.ts');
  const pem = readPem(join(loaded.config.home, 'ca.pem')) ?? '';
  const trust = openTrust({ extraCaFiles: loaded.config.upstream_ca, ownCa: () => pem });
  const resolver = openReferences({ invocation, trust, policy: () => policy, parentProxy: () => loaded.config.parent_proxy });
  try {
    return await lookAtReferences(policy, resolver);
  } finally {
    resolver.close();
  }
}

async function portFinding({ config }: LoadedConfig): Promise<Finding> {
  const { host, port } = config.listen;
  const trouble = await listenTrouble(host, port);
  const where = hostPort(config.listen);
  if (trouble === undefined) return found.ok('port', `${where} is free`);
  return found.fail('port', `${where} cannot be listened on (${trouble})`, 'choose another with --listen, or end what holds it');
}

async function hostFinding(): Promise<Finding> {
  const { mem, osInfo } = await import('systeminformation');
  const [os, memory] = await Promise.all([osInfo(), mem()]);
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  return found.info(
    'host',
    `${os.distro} ${os.release} (${os.platform} ${os.arch}, kernel ${os.kernel}), ${gib(memory.available)} of ${gib(memory.total)} GiB free`,
  );
}

const MARKS = { ok: '+', info: ' ', warn: '?', fail: '!' } as const;

function text(findings: readonly Finding[], rows: readonly ConfigRow[]): string {
  const width = Math.max(...findings.map((f) => f.check.length));
  const lines = findings.flatMap((f) => [
    `${MARKS[f.state]} ${f.check.padEnd(width)}  ${f.text}`,
    ...(f.fix === undefined ? [] : [`  ${''.padEnd(width)}  -> ${f.fix}`]),
  ]);
  const keyWidth = Math.max(0, ...rows.map((r) => r.key.length));
  const valueWidth = Math.min(40, Math.max(0, ...rows.map((r) => r.value.length)));
  const settings = rows.map((r) => `  ${r.key.padEnd(keyWidth)}  ${(r.value || '-').padEnd(valueWidth)}  ${r.origin}`);
  return [...lines, ...(rows.length > 0 ? ['', 'Settings and where each came from:', ...settings] : [])].join('\n');
}
