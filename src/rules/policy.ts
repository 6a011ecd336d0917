// The compiled policy: immutable, swapped whole on reload; an exchange keeps the one it began with.
// Must not know where the settings came from.
import type { Authority } from '../authority.ts';
import { Fault } from '../fault.ts';
import { classifyName } from './address.ts';
import { genericProvider } from './generic-provider.ts';
import type { Guardrail } from './guardrail.ts';
import { compileGuardrails, type GuardrailSettings } from './guardrail-settings.ts';
import { type HostPattern, matchesHost } from './host-pattern.ts';
import { compileFindingRules, type FindingRule, type RulesFor } from './masking/finding-rules.ts';
import { DEFAULT_ACTIONS, type Kind, type MaskAction } from './masking/kinds.ts';
import { compileReturnRules, type RestoreTo, type ReturnRules } from './masking/return-rules.ts';
import { mayUseEntry, type Profile } from './profile.ts';
import type { Provider } from './provider.ts';
import { alibaba } from './providers/alibaba.ts';
import { anthropic } from './providers/anthropic.ts';
import { azureOpenai } from './providers/azure-openai.ts';
import { bedrock } from './providers/bedrock.ts';
import { cursor } from './providers/cursor.ts';
import { githubCopilot } from './providers/github-copilot.ts';
import { google } from './providers/google.ts';
import { kiro } from './providers/kiro.ts';
import { mistral } from './providers/mistral.ts';
import { openai } from './providers/openai.ts';
import { openrouter } from './providers/openrouter.ts';
import { perplexity } from './providers/perplexity.ts';
import { vertex } from './providers/vertex.ts';
import { xai } from './providers/xai.ts';
import { compileFlow, type FlowSettings, type ResilienceWords } from './resilience/flow-settings.ts';
import { parseTemplate } from './template.ts';

/** `connect_to`: where to dial for a name; `port` undefined keeps the port asked for. */
export interface ConnectTo {
  readonly pattern: HostPattern;
  readonly host: string;
  readonly port: number | undefined;
}

/** `inject`: `value` is a template (`Bearer ${env:NAME}`) resolved at use. */
export interface InjectRule {
  readonly host: HostPattern;
  /** Lower case. Where the key goes is this field, else that parameter of the query, else that string of a JSON body. */
  readonly header?: string | undefined;
  readonly query?: string | undefined;
  readonly json?: readonly string[] | undefined;
  /** It is a pair of AWS, which goes nowhere: the request is signed with it. */
  readonly sigv4?: boolean | undefined;
  /** Upper case; undefined or empty: any. */
  readonly methods?: readonly string[] | undefined;
  /** Patterns of paths, `*` for any characters; undefined or empty: any. */
  readonly paths?: readonly string[] | undefined;
  /** The credential of the vault it comes from. */
  readonly entry?: string | undefined;
  readonly value: string;
  /** The placeholder the client sends; undefined: whatever the header holds is replaced, but the header must be there. */
  readonly replaces: string | undefined;
  /** Whose clients it is for; undefined: everybody's. */
  readonly profiles?: readonly string[] | undefined;
}

/** What the configuration contributes to the policy. */
export interface PolicySettings {
  readonly intercept: readonly HostPattern[];
  readonly connectTo: readonly ConnectTo[];
  /** Ports CONNECT may name besides 443. */
  readonly connectPorts: readonly number[];
  /** Names whose private addresses are allowed. */
  readonly allowPrivate: readonly HostPattern[];
  readonly inject: readonly InjectRule[];
  /** By kind (`email`, `secrets`); the defaults hold for those not named. */
  readonly mask: Readonly<Partial<Record<Kind, MaskAction>>>;
  /** The user's own rules about findings; the first that matches decides before `mask`. */
  readonly rules?: readonly FindingRule[];
  /** By kind: where its values come back. Everywhere for those not named. */
  readonly restoreTo?: Readonly<Partial<Record<string, RestoreTo>>>;
  /** Patterns of tools in whose arguments placeholders stay. */
  readonly keepPlaceholdersIn?: readonly string[];
  readonly onAttestedBody: 'mask' | 'block' | 'observe';
  /** Bytes, decoded. */
  readonly maxBodyBytes: number;
  /** The defaults hold for those not named. */
  readonly guardrails?: GuardrailSettings | undefined;
  /** What looks after the providers; every host is observed where nothing is said. */
  readonly resilience?: ResilienceWords | undefined;
}

/** The compiled policy. Every question takes an authority and answers without waiting. */
export interface Policy extends PolicySettings {
  /** By kind, each of them. */
  readonly mask: Readonly<Record<Kind, MaskAction>>;
  /** The rules about findings that apply to an exchange; the same object where the same ones do. */
  findingRulesFor: RulesFor;
  /** What limits the return of values; undefined: nothing does. */
  readonly returns: ReturnRules | undefined;
  /** Those that are on, in the order of rank. */
  readonly guards: readonly Guardrail[];
  /** Every pattern that is intercepted: the providers', the configured ones and the hosts of `inject` rules. Also the CA's name constraints. */
  readonly interceptedHosts: readonly HostPattern[];
  /** The provider of an intercepted host; undefined: tunnel. Configured hosts without a provider of their own get the generic one. */
  providerFor(authority: Authority): Provider | undefined;
  /** The `connect_to` mapping of a name (never of an IP address). Host is a name or address, port a number. */
  mappingFor(authority: Authority): { readonly host: string; readonly port: number } | undefined;
  /** CONNECT to this port of this host is allowed: 443, `connectPorts`, or `connect_to` maps the name and keeps the port or names it. */
  allowsPort(authority: Authority): boolean;
  /** The private-address rule does not apply to this name (mapped, or in `allowPrivate`). */
  allowsPrivate(authority: Authority): boolean;
  /** Rules whose host pattern names this authority and that clients of this profile may use. */
  injectFor(authority: Authority, profile: Profile): readonly InjectRule[];
  /** What looks after the provider at this authority. */
  flowFor(authority: Authority): FlowSettings;
}

/** Every vendor there is a file for; no host belongs to two of them. */
export const PROVIDERS: readonly Provider[] = Object.freeze([
  anthropic,
  openai,
  google,
  githubCopilot,
  openrouter,
  mistral,
  xai,
  perplexity,
  azureOpenai,
  bedrock,
  kiro,
  vertex,
  cursor,
  alibaba,
]);

/**
 * Compiles the settings into a frozen policy; later changes to `settings` do not reach it. Throws Fault `bad-request` for an `inject` rule
 * with a malformed template, or with the host `*`: a key belongs to hosts that were named.
 */
export function compilePolicy(settings: PolicySettings): Policy {
  for (const rule of settings.inject) {
    if (rule.host === '*') throw new Fault('bad-request', 'inject: a key for every host (*) is not allowed, name the host');
    parseTemplate(rule.value);
  }
  const connectTo = frozen(settings.connectTo);
  const allowPrivate = frozen(settings.allowPrivate);
  const connectPorts = frozen(settings.connectPorts);
  const inject = frozen(settings.inject);
  const configured = [...new Set([...settings.intercept, ...settings.inject.map((rule) => rule.host)])];
  const providers = [
    ...PROVIDERS,
    genericProvider(configured.filter((p) => p !== '*')),
    genericProvider(configured.filter((p) => p === '*')),
  ];
  // The rule for private addresses has exceptions by name only, so an address is never mapped, whatever the pattern says.
  // Names of loopback and metadata services are mapped only by a pattern that means them: `*` does not.
  const mapping = (authority: Authority) =>
    authority.kind === 'name'
      ? connectTo.find((to) => matchesHost(to.pattern, authority) && (to.pattern !== '*' || classifyName(authority.host) === undefined))
      : undefined;
  return Object.freeze({
    intercept: frozen(settings.intercept),
    connectTo,
    connectPorts,
    allowPrivate,
    inject,
    mask: Object.freeze({ ...DEFAULT_ACTIONS, ...settings.mask }),
    rules: frozen(settings.rules ?? []),
    findingRulesFor: compileFindingRules(settings.rules ?? []),
    returns: compileReturnRules(settings.restoreTo ?? {}, settings.keepPlaceholdersIn ?? []),
    onAttestedBody: settings.onAttestedBody,
    maxBodyBytes: settings.maxBodyBytes,
    guardrails: settings.guardrails,
    resilience: settings.resilience,
    flowFor: compileFlow(settings.resilience ?? {}),
    guards: frozen(compileGuardrails(settings.guardrails ?? {})),
    interceptedHosts: frozen([...new Set(providers.flatMap((p) => p.hosts))]),
    providerFor: (authority) => providers.find((p) => p.hosts.some((pattern) => matchesHost(pattern, authority))),
    mappingFor(authority) {
      const to = mapping(authority);
      return to && { host: to.host, port: to.port ?? authority.port };
    },
    allowsPort(authority) {
      if (authority.port === 443 || connectPorts.includes(authority.port)) return true;
      const to = mapping(authority);
      return to !== undefined && (to.port ?? authority.port) === authority.port;
    },
    allowsPrivate: (authority) =>
      authority.kind === 'name' && (mapping(authority) !== undefined || allowPrivate.some((pattern) => matchesHost(pattern, authority))),
    injectFor: (authority, profile) =>
      inject.filter(
        (rule) =>
          matchesHost(rule.host, authority) &&
          (rule.profiles?.includes(profile.name) ?? true) &&
          (rule.entry === undefined || mayUseEntry(profile, rule.entry)),
      ),
  } satisfies Policy);
}

function frozen<T>(list: readonly T[]): readonly T[] {
  return Object.freeze([...list]);
}
