// All checks, side by side, each with a deadline, in the order in which a user reads them.
// Must not change anything: what a check could put right it hands over as a repair.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from '../../src/config.ts';
import { hostPort, near } from '../../src/host-port.ts';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import { listenTrouble } from '../../src/proxy/control/free-port.ts';
import type { ConfigRow, ReferenceRow, Status } from '../../src/proxy/control/messages.ts';
import { portTrouble } from '../../src/proxy/control/port-answer.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { readPem } from '../ca-file.ts';
import { configRows } from '../config-rows.ts';
import { explain } from '../failure.ts';
import { homeOf, type Invocation, loadSettings, policySettings } from '../settings.ts';
import { packageVersion } from '../version.ts';
import { checkAccess } from './access.ts';
import { checkClis } from './clis.ts';
import { checkClock } from './clock.ts';
import { checkEncoded } from './encoded.ts';
import { type Finding, found } from './finding.ts';
import { checkGuardrails } from './guardrails.ts';
import { connectedClients, hostFacts } from './host.ts';
import { inTime, wasLate } from './in-time.ts';
import { checkCa, checkEngine, checkFiles, checkNode, configurationTrouble } from './installation.ts';
import { checkLeftovers } from './leftovers.ts';
import { checkRules } from './rules.ts';
import { proveRuntimes } from './runtimes.ts';
import { checkEnvironment, checkReferences, checkSettings, hostOf } from './surroundings.ts';
import { checkJournal, checkStores } from './trust.ts';
import { seeVault } from './vault.ts';

/** What doctor found, and the settings in force. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly rows: readonly ConfigRow[];
  /** A check was given up, and what it waits for may still be there. */
  readonly isLate: boolean;
}

/** What the checks know to begin with. */
interface Patient {
  readonly invocation: Invocation;
  readonly loaded: LoadedConfig | undefined;
  readonly policy: Policy | undefined;
  readonly home: string | undefined;
  /** The daemon's, where one runs. */
  readonly running: Status | undefined;
  readonly caPem: string | undefined;
  /** HTTPS_PROXY of this shell is the daemon that runs. */
  readonly leadsHere: boolean;
}

/** For what starts programs of the system's own, that are quick or hang. */
const SYSTEM_MS = 10_000;
/** Programs of the stores, a Java among them. */
const STORES_MS = 30_000;

/** Makes every check; without `asksPrograms` only those that look at what is ours. Never rejects. */
export async function examine(invocation: Invocation, asksPrograms: boolean): Promise<Examination> {
  const first: Finding[] = [];
  const patient = await meet(invocation, first);
  const { loaded, home, running, caPem, leadsHere } = patient;
  const { environment } = invocation;
  // Before our own programs are among them.
  const clients = asksPrograms && running ? await inTime('clients', connectedClients(running), SYSTEM_MS) : [];
  const quick: readonly Promise<readonly Finding[]>[] = [
    inTime('port', portFinding(patient)),
    ...(home === undefined ? [] : [inTime('home', sealed(home, environment)), inTime('rules', rulesOf(home, loaded))]),
    ...(home === undefined ? [] : [inTime('journal', checkJournal(home, environment))]),
    inTime('leftovers', leftoversOf(patient)),
    inTime('clock', clockOf(patient)),
    inTime('guardrails', guardrailsOf(patient)),
    inTime('reference', references(patient).then(checkReferences)),
    inTime('environment', environmentOf(patient)),
    inTime('encoded secrets', encodedOf(patient)),
  ];
  const slow: readonly Promise<readonly Finding[]>[] = asksPrograms
    ? [
        ...(home === undefined ? [] : [inTime('trust', checkStores(invocation, home), STORES_MS)]),
        inTime('runtimes', proveRuntimes(home, running, environment, leadsHere)),
        inTime('CLIs', checkClis({ environment, leadsHere, caPem })),
        Promise.resolve(clients),
        inTime('host', hostFacts(), SYSTEM_MS),
      ]
    : [];
  const findings = [first, ...(await Promise.all([...quick, ...slow]))].flat();
  return { findings, rows: await rowsOf(patient), isLate: findings.some(wasLate) };
}

async function meet(invocation: Invocation, findings: Finding[]): Promise<Patient> {
  const { nativeEngine } = await import('../../src/proxy/egress/mirror.ts');
  const { tellsUsers } = await import('../../src/proxy/ingress/peer-user.ts');
  const { compilePolicy } = await import('../../src/rules/policy.ts');
  findings.push(checkNode(process.versions.node), checkEngine(nativeEngine));
  let loaded: LoadedConfig | undefined;
  let home: string | undefined;
  try {
    loaded = loadSettings(invocation);
    home = loaded.config.home;
    findings.push(...checkSettings(loaded), checkAccess(loaded.config, process.getuid?.(), tellsUsers()));
  } catch (thrown) {
    findings.push(configurationTrouble(explain(thrown).line));
    home = attempt(() => homeOf(invocation));
  }
  const running = home === undefined ? undefined : await statusOf(home, findings);
  const policy = attempt(() => loaded && compilePolicy(policySettings(loaded.config)));
  const { environment } = invocation;
  const proxy = environment.https_proxy || environment.HTTPS_PROXY;
  const leadsHere = proxy !== undefined && running !== undefined && hostOf(proxy) === running.listen;
  const caPem = home === undefined ? undefined : attempt(() => readPem(join(home, 'ca.pem')));
  return { invocation, loaded, policy, home, running, caPem, leadsHere };
}

/** The home, the vault, and the CA whose key it seals. */
async function sealed(home: string, env: Invocation['environment']): Promise<readonly Finding[]> {
  const { findings, keyring, close } = await seeVault(home, env);
  try {
    return [...checkFiles(home), await checkCa(home, Date.now(), keyring), ...findings];
  } finally {
    close();
  }
}

async function rulesOf(home: string, loaded: LoadedConfig | undefined): Promise<readonly Finding[]> {
  return loaded ? [checkRules(home, loaded)] : [];
}

async function leftoversOf({ home, running }: Patient): Promise<readonly Finding[]> {
  return home === undefined ? [] : [checkLeftovers({ home, temporary: tmpdir(), isRunning: running !== undefined, nowMs: Date.now() })];
}

async function guardrailsOf({ policy }: Patient): Promise<readonly Finding[]> {
  return policy ? checkGuardrails(policy) : [];
}

async function environmentOf({ invocation, running, policy }: Patient): Promise<readonly Finding[]> {
  return checkEnvironment(invocation.environment, running?.listen, policy?.interceptedHosts ?? []);
}

async function encodedOf({ invocation, loaded }: Patient): Promise<readonly Finding[]> {
  return [checkEncoded(invocation.environment, loaded?.file)];
}

async function clockOf({ home, running, caPem }: Patient): Promise<readonly Finding[]> {
  if (home === undefined) return [];
  const reports = running ? await controlOf(home).fidelity(undefined) : [];
  const aheadMs = reports.flatMap(({ clockAheadMs }) => (clockAheadMs === undefined ? [] : [clockAheadMs]));
  return [checkClock({ nowMs: Date.now(), home, caPem, aheadMs })];
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

/** As the daemon sees them where it runs: its environment is the one that counts. */
async function references({ invocation, loaded, policy, home, running }: Patient): Promise<readonly ReferenceRow[]> {
  // A daemon of another version may not know the question; that is a finding of its own.
  if (running && home !== undefined)
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

/** Where a daemon runs, whether its port answers; else whether the port is there to be had. */
async function portFinding({ loaded, running }: Patient): Promise<readonly Finding[]> {
  if (running) {
    const at = running.listen.lastIndexOf(':');
    const named = running.listen.slice(0, at).replace(/^\[|\]$/g, '');
    const trouble = await portTrouble(near(named), Number(running.listen.slice(at + 1)));
    if (trouble === undefined) return [found.ok('port', `${running.listen} answers`)];
    return [
      found.fail('port', `${running.listen} does not answer as it should (${trouble})`, 'sallyport stop --now, then sallyport start'),
    ];
  }
  if (!loaded || loaded.config.listen.port === 0) return [];
  const { host, port } = loaded.config.listen;
  const trouble = await listenTrouble(host, port);
  const where = hostPort(loaded.config.listen);
  if (trouble === undefined) return [found.ok('port', `${where} is free`)];
  return [found.fail('port', `${where} cannot be listened on (${trouble})`, 'choose another with --listen, or end what holds it')];
}

/** The daemon's own where it runs: its flags and environment may differ from ours. */
async function rowsOf({ loaded, home, running }: Patient): Promise<readonly ConfigRow[]> {
  if (!running || home === undefined) return loaded ? configRows(loaded) : [];
  return controlOf(home)
    .config()
    .catch(() => []);
}
