// Where a placeholder in a reply stays one: by what it stands for, and by the tool in whose arguments it stands. Without such rules
// everything comes back everywhere. It must not know how replies are framed, nor where a call is found in one.
import { compileNames } from '../names.ts';
import { KNOWN_VALUE } from './known-scan.ts';
import type { Placeholders } from './placeholders.ts';
import { DETECTORS } from './registry.ts';

/** Where the values of a kind come back: everywhere; in what is said but not in the arguments of tools; nowhere. */
export type RestoreTo = 'everything' | 'text' | 'none';

/** What a reply's placeholders are looked up in: Placeholders itself, or the same under rules. */
export interface ReturnSource {
  /** 0: there is nothing to restore. */
  readonly size: number;
  /** It matters whether a string belongs to the arguments of a tool's call, and to which tool's. */
  readonly asksForCalls?: boolean;
  /** The value to put in. `tool`: it stands in the arguments of this tool, '' where the name is not known; undefined: in no call. */
  valueOf(placeholder: string, tool?: string): string | undefined;
}

/** Rules of return. Undefined where none limits anything. */
export type ReturnRules = (placeholders: Placeholders) => ReturnSource;

/**
 * Compiles the rules. `keepIn`: patterns of tool names, in any case, `*` for any characters; a tool whose name is not known is kept from.
 *
 */
export function compileReturnRules(
  restoreTo: Readonly<Partial<Record<string, RestoreTo>>>,
  keepIn: readonly string[],
): ReturnRules | undefined {
  const limited = Object.values(restoreTo).filter((to) => to !== undefined && to !== 'everything');
  if (limited.length === 0 && keepIn.length === 0) return undefined;
  const keeps = compileNames(keepIn);
  const asksForCalls = keepIn.length > 0 || limited.includes('text');
  const ruleOf = (placeholder: string): RestoreTo => {
    const word = placeholder.slice('SP_'.length, placeholder.lastIndexOf('_')).toUpperCase();
    return restoreTo[KIND_OF_WORD.get(word) ?? ''] ?? 'everything';
  };
  return (placeholders) => ({
    get size() {
      return placeholders.size;
    },
    asksForCalls,
    valueOf(placeholder, tool) {
      if (tool !== undefined && keepIn.length > 0 && (tool === '' || keeps(tool))) return undefined;
      const rule = ruleOf(placeholder);
      return rule === 'none' || (rule === 'text' && tool !== undefined) ? undefined : placeholders.valueOf(placeholder);
    },
  });
}

const KIND_OF_WORD: ReadonlyMap<string, string> = new Map([...DETECTORS, KNOWN_VALUE].map(({ word, kind }) => [word, kind]));
