// Rules in words and as rows: those of the configuration and of the store, in the order in which they decide, each with where it stands.
// Must not read a store or a file.
import type { LoadedConfig } from '../../src/config.ts';
import type { Rule } from '../../src/rule-schema.ts';
import type { StoredRule } from '../../src/store/rules.ts';
import { inOneLine } from './picture.ts';

/** A rule and where it stands. */
export interface Listed {
  readonly id: string;
  readonly from: 'configuration' | 'store';
  /** `FILE:LINE`, a flag, a variable, or `store`. */
  readonly origin: string;
  readonly enabled: boolean;
  readonly rule: Rule | undefined;
  /** Why it cannot hold, in a line. */
  readonly trouble: string | undefined;
}

const PATTERN_WIDTH = 48;

/** Both in the order in which they decide. */
export function listed({ config, origins }: LoadedConfig, stored: readonly StoredRule[]): readonly Listed[] {
  const configured = config.rules.map((rule): Listed => {
    const origin = origins[`rules.${rule.id}`] ?? 'default';
    return { id: rule.id, from: 'configuration', origin, enabled: true, rule, trouble: undefined };
  });
  const own = stored.map(({ id, enabled, rule, trouble }): Listed => {
    const twin = configured.find((one) => one.id === id);
    return { id, from: 'store', origin: 'store', enabled, rule, trouble: twin ? `the id is that of the rule in ${twin.origin}` : trouble };
  });
  return [...configured, ...own];
}

/** For programs. */
export function listedJson(rows: readonly Listed[]): string {
  return JSON.stringify({ rules: rows.map(({ rule, ...facts }, i) => ({ position: i + 1, ...facts, ...rule })) });
}

/** For people: a row each. */
export function listedText(rows: readonly Listed[]): string {
  const table = rows.map(({ id, origin, enabled, rule, trouble }, i) => {
    const state = trouble === undefined ? '' : `, cannot be read: ${trouble}`;
    const from = `${origin}${enabled ? '' : ', disabled'}${state}`;
    return [String(i + 1), id, rule?.action ?? '?', rule ? whatOf(rule) : '?', rule ? whereOf(rule) : '?', from];
  });
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]!.length))) ?? [];
  return table
    .map((row) =>
      row
        .map((text, i) => (i === 0 ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `block email, for api.openai.com`. */
export function inWords(rule: Rule): string {
  const where = whereOf(rule);
  return `${rule.action} ${whatOf(rule)}${where === 'everywhere' ? '' : `, for ${where}`}`;
}

function whatOf({ kinds, detectors, pattern, word }: Rule): string {
  if (pattern !== undefined) return `what matches ${inOneLine(pattern, PATTERN_WIDTH)}${word === undefined ? '' : `, as ${word}`}`;
  const named = [kinds?.join(', '), detectors && `found by ${detectors.join(', ')}`].filter((one) => one !== undefined);
  return named.join(' ') || 'all that is found';
}

function whereOf({ hosts, providers }: Rule): string {
  return [hosts?.join(', '), providers?.join(', ')].filter((one) => one !== undefined).join(' of ') || 'everywhere';
}
