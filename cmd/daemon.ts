// The composition root: store, certificates, rules, proxy and control, wired together and taken down in reverse order.
// Signals are in outlive.ts, reload in reloading.ts. Must not print: it logs, and what it throws is one line.
import type { Logger } from 'pino';
import { refuseOpenListener } from '../src/config.ts';
import { hostPort } from '../src/host-port.ts';
import { openLog } from '../src/log.ts';
import type { Controlled, Reloaded, Status } from '../src/proxy/control/messages.ts';
import { serveControl } from '../src/proxy/control/serve.ts';
import { controlPath } from '../src/proxy/control/socket-path.ts';
import { openOrigins } from '../src/proxy/ingress/origin.ts';
import { openPeerProcesses } from '../src/proxy/ingress/peer-process.ts';
import { openPeerUsers } from '../src/proxy/ingress/peer-user.ts';
import { type RunningProxy, startProxy } from '../src/proxy/start.ts';
import { openKnownValues } from '../src/rules/masking/known-values.ts';
import { startRetention } from '../src/store/audit/retention.ts';
import { openCredentials } from '../src/store/credentials.ts';
import { openHome } from '../src/store/home.ts';
import { openKeptStates } from '../src/store/kept-states.ts';
import { openRules } from '../src/store/rules.ts';
import { watchStore } from '../src/store/watch.ts';
import { allowedUsers } from './allowed-users.ts';
import { answers } from './answers.ts';
import { recordReload } from './audit/reloaded.ts';
import { caSeal } from './ca-seal.ts';
import { configRows } from './config-rows.ts';
import { listenFailure } from './failure.ts';
import { checkFirstStart } from './first-start.ts';
import { countHolders } from './holders.ts';
import { lockHome } from './home-lock.ts';
import { openKnownSources } from './known-sources.ts';
import { flowRows, providerOf } from './limits/flow-rows.ts';
import { openObservers } from './observers.ts';
import { announce, checkReadyPlace, type Ready } from './ready.ts';
import { openReferences, resolveTemplate } from './references.ts';
import { openReloadable } from './reloading.ts';
import { openRunTokens } from './run-tokens.ts';
import { type Invocation, loadSettings, RULE_GRAMMAR } from './settings.ts';
import { openStored } from './stored.ts';
import type { Handover } from './supervisor/handover.ts';
import { openSupervisor } from './supervisor/notify.ts';
import { LAST_RESORT_MS, unreffed } from './timers.ts';
import { tellingClients } from './told-clients.ts';
import { openBudgets } from './usage/budgets.ts';
import { openVaulted } from './vaulted.ts';

/** How a daemon is started. */
export interface DaemonOptions {
  readonly invocation: Invocation;
  readonly version: string;
  /** Takes log lines. */
  readonly sink: (line: string) => void;
  readonly logForm: 'json' | 'line';
  /** Tells `ready_file` and `ready_fd`; a starter in another process does so itself. */
  readonly announces: boolean;
  /** Lives for the commands that hold it: a port of its own choosing, and it ends with its last holder. */
  readonly isEphemeral: boolean;
  /** What systemd hands over. */
  readonly handover?: Handover;
}

/** A running daemon. */
export interface Daemon {
  readonly ready: Ready;
  readonly log: Logger;
  /** How long a drain may take, ms. */
  readonly drainMs: () => number;
  /** Resolves when everything is closed. */
  readonly ended: Promise<void>;
  /** Stops accepting, lets exchanges end to the deadline, then closes. Again: nothing more. */
  stop(why: string): void;
  /** Ends every connection now. */
  cut(why: string): void;
  reload(): Promise<Reloaded>;
}

const CONNECT_MS = 10_000;
/** How soon a change of the store by a command is seen. */
const STORE_LOOK_MS = 300;
const HOUSEKEEPING_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Starts the daemon. Rejects with what failure.ts explains; then nothing is left open. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const first = loadSettings(options.invocation);
  const { home } = first.config;
  const { fd } = options.handover ?? {};
  await using opening = new AsyncDisposableStack();
  if (options.announces) checkReadyPlace(first.config);
  await checkFirstStart(first, options.isEphemeral, fd !== undefined);
  openHome(home);
  lockHome(home, opening);

  const log = openLog({ level: first.config.log_level, form: options.logForm, sink: options.sink });
  const { store, keyring, profiles, tokens, audit, captures, placeholders, notices } = await openStored(
    home,
    options.invocation.environment,
    log,
    opening,
  );
  const known = openKnownValues();
  const sources = openKnownSources(known, options.invocation.environment, log);
  opening.defer(() => sources.close());
  const rules = openRules(store, RULE_GRAMMAR, Date.now);
  const vault = openVaulted(openCredentials(store, keyring, Date.now), known, log, Date.now);
  const state = await openReloadable({
    invocation: options.invocation,
    first,
    storedRules: rules.all,
    vaultRules: vault.rules,
    log,
    seal: caSeal(keyring),
  });
  sources.follow(state.config);
  opening.defer(() => state.close());
  const references = openReferences({
    invocation: options.invocation,
    trust: state.trust,
    policy: () => state.policy,
    parentProxy: () => state.config.parent_proxy,
    credential: vault.find,
    standIns: vault.standIns,
    onResolved: (reference, value) => {
      sources.learn(reference, value);
      vault.learn(reference, value);
    },
  });
  opening.defer(() => references.close());
  const budgets = openBudgets({ store, profiles, config: () => state.config, log, now: Date.now, opening });

  const observers = await openObservers(first.config, options, log);
  opening.defer(() => observers.close());

  let proxy: RunningProxy;
  const listen = options.isEphemeral && first.origins.listen === 'default' ? { ...first.config.listen, port: 0 } : first.config.listen;
  const port = first.config.transparent_port;
  try {
    proxy = await startProxy({
      transparent: port === undefined ? undefined : { port, originOf: openOrigins() },
      listen: fd === undefined ? listen : { fd },
      judgeListener: (bound) => refuseOpenListener({ ...state.config, listen: bound }),
      policy: () => state.policy,
      certs: () => state.certs,
      trust: state.trust,
      placeholders,
      knownValues: known.current,
      vaultKeys: vault.keys,
      resolveSecret: (template, host, signal) => resolveTemplate(references, template, host, signal),
      parentProxy: () => state.config.parent_proxy,
      proxyAuth: () => state.config.proxy_auth,
      tokens,
      ...allowedUsers(() => state.config.allow_uids, process.getuid?.(), openPeerUsers()),
      peerProcess: openPeerProcesses(),
      profile: profiles.get,
      budgets: budgets.meter,
      limits: () => ({
        headMs: state.config.head_seconds * 1000,
        idleMs: state.config.idle_seconds * 1000,
        connectMs: CONNECT_MS,
        maxConnections: state.config.max_connections,
      }),
      log,
      now: Date.now,
      refusesUnrecorded: () => audit.failing && state.config.audit.on_failure === 'block',
      observe: observers.observe,
      stateKeeper: openKeptStates(store, Date.now),
      onRecord: (record, capture) => {
        audit.write(record);
        if (capture) captures.write(record.id, record.startedAtMs, capture);
      },
    });
  } catch (thrown) {
    throw (fd === undefined ? listenFailure(thrown, listen, port) : undefined) ?? thrown;
  }
  opening.defer(() => proxy.close());

  const startedAtMs = Date.now();
  const address = hostPort(proxy.address);
  const listensOn = `listening on ${address}`;
  const supervisor = options.handover && openSupervisor(options.handover, { log, schedule: unreffed });
  if (supervisor) opening.defer(supervisor.watch(proxy.isWell));
  if (fd !== undefined && address !== hostPort(listen) && first.origins.listen !== 'default')
    log.warn(`it listens on ${address}, as its socket unit says, and not on ${hostPort(listen)} (${first.origins.listen})`);
  const ready: Ready = { listen: address, ca: state.certs.caPath, control: controlPath(home), pid: process.pid };
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const parts = new AsyncDisposableStack();
  let draining = false;

  const tellClients = tellingClients(home, state, proxy, log);
  const stop = (why: string) => {
    if (draining) return;
    draining = true;
    log.info({ why, exchanges: proxy.status().exchanges }, 'stopping');
    supervisor?.stopping(state.config.drain_seconds * 1000 + LAST_RESORT_MS);
    void proxy
      .drain(state.config.drain_seconds * 1000)
      .then(() => parts.disposeAsync())
      .catch((err: unknown) => log.error({ err }, 'stopping did not go well'))
      .finally(() => {
        log.info('stopped');
        end();
      });
  };
  const cut = (why: string) => {
    log.warn({ why, exchanges: proxy.status().exchanges }, 'ending every connection now');
    stop(why);
    void proxy.close();
  };
  const reload = async (): Promise<Reloaded> => {
    const before = configRows(state.loaded);
    supervisor?.reloading();
    const result = await state.reload();
    supervisor?.ready(listensOn);
    if (result.error === undefined) {
      references.forget();
      recordReload({ store, keyring, log }, result.changed, before, configRows(state.loaded));
      sources.follow(state.config);
      tellClients();
    }
    return result;
  };
  const storeChanged = async () => {
    log.debug('the store was changed');
    const behind = await keyring.renew();
    if (behind !== undefined && keyring.locked === undefined)
      log.warn({ reason: behind }, 'the vault is under another key now, which is not at hand: what is open stays open, until a rekey');
    profiles.refresh();
    vault.refresh();
    references.forget();
    const { certs } = state;
    await state.followStore();
    if (state.certs !== certs) tellClients();
  };
  const runTokens = openRunTokens(tokens, Date.now);
  opening.defer(() => runTokens.close());
  const holders = countHolders(options.isEphemeral, () => stop('the last command that used it has ended'));
  const status = (): Status => ({
    running: true,
    version: options.version,
    pid: process.pid,
    home,
    listen: address,
    transparent: proxy.transparent.map(hostPort),
    metricsUrl: observers.metricsUrl(),
    startedAtMs,
    draining,
    ...proxy.status(),
    traffic: observers.traffic(),
    recordsDropped: audit.dropped,
    vaultLocked: keyring.locked,
    caExpiresAtMs: state.certs.expiresAtMs,
    caFingerprint: state.certs.fingerprint256,
    budgets: budgets.rows(),
    spentToday: budgets.spentToday(),
    flow: flowRows(proxy.limits().rows, providerOf(state.policy)),
  });
  const metrics = await observers.serve({ status, audit: () => audit });
  const unlock = async (key: Buffer | undefined) => {
    await keyring.renew(key);
    await storeChanged();
    return { locked: keyring.locked };
  };
  const controlled: Controlled = {
    ...answers({ state, proxy, vault, references, budgets, runTokens, holders, learn: sources.hold, store, keyring, log }),
    status,
    metrics,
    reload,
    unlock,
    stop: (now) => (now ? cut('asked to, at once') : stop('asked to')),
  };
  const control = await serveControl(ready.control, controlled, (err) => log.error({ err }, 'the control socket has trouble'));
  opening.defer(() => control.close());
  const followChange = () => void storeChanged().catch((err: unknown) => log.error({ err }, 'a change of the store could not be followed'));
  const watch = watchStore(store, { everyMs: STORE_LOOK_MS, schedule: unreffed, onChange: followChange });
  opening.defer(() => watch.close());
  // What was written since the rules were read, and before somebody watched.
  await state.followStore();
  const retention = startRetention(store, keyring, {
    limits: () => ({ keepMs: state.config.audit.keep_days! * DAY_MS, maxBytes: state.config.audit.max_bytes! }),
    now: Date.now,
    schedule: unreffed,
    onTrouble: (err) => log.warn({ err }, 'old rows of the audit log could not be let go'),
  });
  opening.defer(() => retention.close());
  const housekeeping = setInterval(() => {
    state.sayNews();
    runTokens.renew();
    budgets.forgetOld();
  }, HOUSEKEEPING_MS);
  housekeeping.unref();
  opening.defer(() => clearInterval(housekeeping));
  tellClients();
  for (const notice of notices) log.warn(notice);
  if (options.announces) announce(first.config, ready);
  supervisor?.ready(listensOn);
  parts.use(opening.move());
  log.info({ listen: address, home, pid: process.pid, version: options.version }, 'listening');
  return { ready, log, drainMs: () => state.config.drain_seconds * 1000, ended, stop, cut, reload };
}
