// What the daemon answers over its control socket about what it holds, and the states it takes back. What it is told to do to itself, such as
// stopping, is the composition root's. Must not change anything but what it is asked to.
import type { Logger } from 'pino';
import type { Connection, Controlled } from '../src/proxy/control/messages.ts';
import type { RunningProxy } from '../src/proxy/start.ts';
import { standIns } from '../src/rules/inject.ts';
import type { Keyring } from '../src/store/keyring.ts';
import type { Store } from '../src/store/open.ts';
import { proxyUrl, reachable } from './address.ts';
import { ownNeedToken } from './allowed-users.ts';
import { recordDone } from './audit/reloaded.ts';
import { configRows } from './config-rows.ts';
import { type HoldParts, holding } from './holders.ts';
import { lookAtReferences } from './references.ts';
import type { Reloadable } from './reloading.ts';
import type { RunTokens } from './run-tokens.ts';
import type { Budgets } from './usage/budgets.ts';
import type { Vaulted } from './vaulted.ts';

/** The parts that are asked. */
export interface Asked {
  readonly state: Reloadable;
  readonly proxy: RunningProxy;
  readonly vault: Vaulted;
  readonly references: Parameters<typeof lookAtReferences>[1];
  readonly budgets: Budgets;
  readonly runTokens: RunTokens;
  readonly holders: HoldParts['holders'];
  /** Knows values of a caller for as long as it holds. */
  readonly learn: HoldParts['learn'];
  readonly store: Store;
  readonly keyring: Keyring;
  readonly log: Logger;
}

/** The answers. */
export function answers(asked: Asked): Omit<Controlled, 'status' | 'metrics' | 'reload' | 'unlock' | 'stop'> {
  const { state, proxy, vault, references, budgets, runTokens, holders, learn, store, keyring, log } = asked;
  const needsToken = () => ownNeedToken(state.config, process.getuid?.());
  return {
    connection: (): Connection => ({
      proxyUrl: proxyUrl(reachable(proxy.address), state.config.proxy_auth),
      caPath: state.certs.caPath,
      caPem: state.certs.pem,
      interceptedHosts: state.policy.interceptedHosts,
      standIns: { ...vault.standIns(), ...standIns(state.policy.inject) },
      credentials: vault.list().map(({ name, variable, placeholder }) => ({ name, variable, placeholder })),
      closed: state.certs.isLocked ? (keyring.locked ?? 'the key of the CA does not open') : undefined,
      needsToken: needsToken(),
    }),
    config: () => configRows(state.loaded),
    references: () => lookAtReferences(state.policy, references),
    fidelity: (host) => proxy.fidelity(host),
    limits: () => proxy.limits(),
    reset: ({ what, host }) => {
      const reset = proxy.reset({ what, host });
      log.info({ what, host, reset }, 'states were taken back to rest');
      recordDone({ store, keyring, log }, `${what} reset ${host ?? ''}`.trimEnd(), undefined, { reset });
      return { reset };
    },
    usage: budgets.state,
    hold: holding({
      needsToken,
      issueToken: runTokens.issue,
      standing: () => [...Object.values(standIns(state.policy.inject)), ...vault.list().map(({ placeholder }) => placeholder)],
      learn,
      holders,
    }),
  };
}
