// A credential of the vault as the rules see it: where it may go and what stands for it until then, never its value.
// Must not know where it is kept.
import type { HostPattern } from './host-pattern.ts';
import type { InjectRule } from './policy.ts';

/** The exact place of a key in a request: a field, a parameter of the query, a string of a JSON body, or the signature it makes (AWS). */
export type Slot =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'json'; readonly path: readonly string[] }
  | { readonly kind: 'sigv4' };

/** One credential. */
export interface Credential {
  readonly name: string;
  /** It goes to no other. */
  readonly hosts: readonly HostPattern[];
  /** At least one. */
  readonly slots: readonly Slot[];
  /** Upper case; empty: any. */
  readonly methods: readonly string[];
  /** Patterns of paths, `*` for any characters; empty: any. */
  readonly paths: readonly string[];
  /** What a client holds in its place. */
  readonly placeholder: string;
  /** The variable under which clients look for it; '' where there is none. */
  readonly variable: string;
  /** Ms since the epoch; undefined: it does not expire. */
  readonly expiresAtMs: number | undefined;
  /** Where the value is kept, such as `op:Work/OpenAI/key`; undefined: here, sealed. */
  readonly reference: string | undefined;
  readonly note: string;
}

/** Whether the text can be the name of a credential. */
export function isCredentialName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text);
}

/** The rules by which it is put in: its placeholder gives way to it, at its places, on the way to its hosts. */
export function rulesOf(credential: Credential): InjectRule[] {
  const { name, hosts, slots, methods, paths, placeholder } = credential;
  return hosts.flatMap((host) =>
    slots.map((slot) => ({
      host,
      header: slot.kind === 'header' ? slot.name : undefined,
      query: slot.kind === 'query' ? slot.name : undefined,
      json: slot.kind === 'json' ? slot.path : undefined,
      sigv4: slot.kind === 'sigv4' || undefined,
      methods,
      paths,
      entry: name,
      value: `\${credential:${name}}`,
      replaces: placeholder,
    })),
  );
}
