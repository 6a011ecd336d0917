// Checks of what surrounds us: proxy variables of this shell, the settings' own risks.
// Must not change anything, and shows no value that may hold a password.
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { LoadedConfig } from '../../src/config.ts';
import type { ReferenceRow } from '../../src/proxy/control/messages.ts';
import type { HostPattern } from '../../src/rules/host-pattern.ts';
import { DEFAULT_ACTIONS, type Kind } from '../../src/rules/masking/kinds.ts';
import { cleanNoProxy } from '../no-proxy.ts';
import { type Finding, found } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables by which traffic would go past us, or fail. `ours` is the daemon's `host:port`, undefined where none runs. */
export function checkEnvironment(env: Environment, ours: string | undefined, intercepted: readonly HostPattern[]): readonly Finding[] {
  const findings: Finding[] = [];
  const proxy = env.https_proxy || env.HTTPS_PROXY;
  if (!proxy) findings.push(found.info('HTTPS_PROXY', 'not set in this shell; only what `sallyport run` starts goes through the proxy'));
  else if (ours !== undefined && hostOf(proxy) === ours) findings.push(found.ok('HTTPS_PROXY', `leads to ${ours}`));
  else
    findings.push(
      found.warn(
        'HTTPS_PROXY',
        `leads to ${hostOf(proxy)}, not here`,
        'if that is your company’s proxy, set parent_proxy to it; else eval "$(sallyport env)"',
      ),
    );
  const [lower, upper] = [env.https_proxy, env.HTTPS_PROXY];
  if (lower && upper && lower !== upper)
    findings.push(found.warn('HTTPS_PROXY', 'https_proxy says something else, and programs differ in which they take', 'set both alike'));
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const lost = (env[name] ?? '').split(/[\s,]+/).filter((e) => e !== '' && !cleanNoProxy(e, intercepted).split(',').includes(e));
    if (lost.length > 0)
      findings.push(
        found.warn(name, `${lost.join(', ')}: these hosts go past the proxy`, '`sallyport run` and `sallyport env` take them out'),
      );
  }
  if (!proxy && (env.ALL_PROXY || env.all_proxy))
    findings.push(found.warn('ALL_PROXY', 'most CLIs ignore it or obey it by half', 'set HTTPS_PROXY, or use `sallyport run`'));
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CODEX_CA_CERTIFICATE']) {
    const file = env[name];
    if (!file) continue;
    if (!isAbsolute(file))
      findings.push(found.warn(name, `${file} is a relative path, which programs take from their own folder`, 'give the absolute path'));
    else if (!statSync(file, { throwIfNoEntry: false }))
      findings.push(found.warn(name, `${file} is not there`, 'unset it, or eval "$(sallyport env)"'));
  }
  for (const [name, value] of UNVERIFIED)
    if (env[name] !== undefined && (value === undefined ? env[name] !== '' : env[name] === value))
      findings.push(found.warn(name, 'it makes programs take any certificate, so trust in the CA proves nothing', `unset ${name}`));
  if (/--use-system-ca/.test(env.NODE_OPTIONS ?? ''))
    findings.push(found.warn('NODE_OPTIONS', '--use-system-ca makes Node 20 exit', 'use NODE_USE_SYSTEM_CA=1 instead'));
  return findings;
}

/** Variables that switch verification off, and the value that does; undefined: any. */
const UNVERIFIED: readonly (readonly [name: string, value: string | undefined])[] = [
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['PYTHONHTTPSVERIFY', '0'],
  ['GIT_SSL_NO_VERIFY', undefined],
];

/** Settings that are allowed and still worth a second look. */
export function checkSettings({ config, file, notices }: LoadedConfig): readonly Finding[] {
  const findings: Finding[] = [found.ok('configuration', file ?? 'no file; defaults, environment and flags')];
  for (const notice of notices) findings.push(found.warn('environment', notice, 'correct or unset it'));
  findings.push(
    config.when_down === 'refuse'
      ? found.ok('when_down', 'refuse: shells with the hook of `sallyport env --hook` let nothing past a daemon that is gone')
      : found.warn(
          'when_down',
          'direct: shells with the hook of `sallyport env --hook` go past a daemon that is gone, unmasked',
          'when_down: refuse',
        ),
  );
  if (config.connect_to.some((c) => c.pattern === '*'))
    findings.push(found.warn('connect_to', '* sends every name to one address', 'meant for tests: name the hosts'));
  if (config.allow_remote)
    findings.push(found.warn('allow_remote', 'other machines may connect, with the password', 'listen on 127.0.0.1 unless that is wanted'));
  if (config.allow_private.includes('*'))
    findings.push(found.warn('allow_private', '* opens private addresses to every name', 'name the hosts'));
  const off = Object.entries(config.mask).flatMap(([kind, action]) => (action === 'off' ? [kind] : []));
  for (const kind of off.filter((kind) => DEFAULT_ACTIONS[kind as Kind] !== 'off'))
    findings.push(found.warn('mask', `${kind} is off: such values leave as they are`, `mask: {${kind}: mask}`));
  const never = off.filter((kind) => DEFAULT_ACTIONS[kind as Kind] === 'off');
  if (never.length > 0) findings.push(found.info('mask', `${never.join(', ')}: not looked for unless switched on`));
  for (const ca of config.upstream_ca)
    if (!statSync(ca, { throwIfNoEntry: false })) findings.push(found.fail('upstream_ca', `${ca} is not there`, 'correct the path'));
  return findings;
}

/** One finding for each reference that keys come from. */
export function checkReferences(rows: readonly ReferenceRow[]): readonly Finding[] {
  return rows.map(({ reference, trouble }) => {
    if (trouble === undefined) return found.ok('reference', `${reference} has a value`);
    const typed = /: (chmod .*)$/.exec(trouble)?.[1];
    return found.fail(
      'reference',
      trouble,
      typed ?? 'requests that need it are refused until then; docs/references.md says how each is set up',
    );
  });
}

/** The `host:port` of a proxy variable, without the user and password it may hold. */
export function hostOf(proxy: string): string {
  try {
    return new URL(proxy.includes('://') ? proxy : `http://${proxy}`).host;
  } catch {
    return 'something that is no URL';
  }
}
