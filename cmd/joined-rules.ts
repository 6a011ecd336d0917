// The rules that decide: those of the configuration first, since whoever wrote them there meant them to hold, then those of the store.
// Must not read either of them.
import type { LoadedConfig } from '../src/config.ts';
import type { Rule } from '../src/rule-schema.ts';
import { CommandFailure, EXIT } from './failure.ts';

/** Both in order. Throws CommandFailure where an id stands in both. */
export function joinRules<R extends Rule & { readonly idle?: true }>(loaded: LoadedConfig, stored: readonly R[]): readonly (Rule | R)[] {
  const own = loaded.config.rules;
  const others = stored.filter(({ id, idle }) => !idle || !own.some((rule) => rule.id === id));
  for (const { id } of others) refuseTaken(loaded, id);
  return [...own, ...others];
}

/** Throws CommandFailure where the configuration has a rule of this id. */
export function refuseTaken({ config, origins }: LoadedConfig, id: string): void {
  if (!config.rules.some((rule) => rule.id === id)) return;
  throw new CommandFailure(
    EXIT.failed,
    `two rules would have the id «${id}»: one in ${origins[`rules.${id}`]}, one in the store; rename the one in the configuration, ` +
      `or do without the other: sallyport rules remove ${id}`,
  );
}
