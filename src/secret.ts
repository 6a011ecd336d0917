// A value that cannot be printed by accident and is bound to the hosts it may be sent to.
// It must not know where it came from.
import { inspect } from 'node:util';

/** Holds a secret string. `toString`, `toJSON` and `inspect` give `[secret]`; only `reveal(host)` gives the value. */
export class Secret {
  readonly #value: string;
  readonly #hosts: readonly string[];
  constructor(value: string, hosts: readonly string[]) {
    this.#value = value;
    this.#hosts = hosts.map((h) => h.toLowerCase());
  }
  /** The value, if `host` (lower case, exact) is one it is bound to; undefined otherwise. */
  reveal(host: string): string | undefined {
    return this.#hosts.includes(host) ? this.#value : undefined;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}
