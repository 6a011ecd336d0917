// Which strings of a body are never edited, as a deny-list: everything that is not named here is scanned, so a field
// nobody has heard of is scanned too. Places only; it must not look at what a string means.
import type { Dialect } from './provider.ts';

/** Decides for one member name, given its parent's name, the `type` beside it and how the string begins. */
export type Place = (parent: string, siblingType: string | undefined, head: string | undefined) => boolean;

/** What a dialect says about its own members. */
export interface OpaqueMembers {
  /** Member names that are protocol wherever the protocol puts them. */
  readonly keys: readonly string[];
  /** Member names that are opaque in some places only. */
  readonly places: Readonly<Record<string, Place>>;
  /** Members whose contents belong to the user or to a tool: a name below them means nothing, everything is scanned. */
  readonly userMade: readonly string[];
  /** The same, unless it is the root's own member (`response` wraps a whole Code Assist reply, but is also a tool's result). */
  readonly userMadeBelowRoot?: readonly string[];
}

/** A field that holds a URL: opaque only when that is a `data:` URI, since a query can carry anything. */
export const dataUri: Place = (_parent, _type, head) => head?.startsWith('data:') === true;

/** Opaque below one of these members. */
export function below(...parents: readonly string[]): Place {
  return (parent) => parents.includes(parent);
}

/** The predicate of a dialect. Costs one set lookup for the strings that matter most: those that are scanned. */
export function denyList(members: OpaqueMembers): Dialect['isOpaque'] {
  const keys = new Set(members.keys);
  const places = new Map(Object.entries(members.places));
  const anywhere = new Set(members.userMade);
  const belowRoot = new Set(members.userMadeBelowRoot);
  return (path, siblingType, head) => {
    const last = path.length - 1;
    const key = path[last];
    if (key === undefined) return false;
    if (!keys.has(key) && places.get(key)?.(path[last - 1] ?? '', siblingType, head) !== true) return false;
    for (let i = 0; i < last; i++) {
      const name = path[i]!;
      if (anywhere.has(name) || (i > 0 && belowRoot.has(name))) return false;
    }
    return true;
  };
}
