// For contenders that have no setting like --connect-to: in their process every name is 127.0.0.1.
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Done = (error: null, address: string | LookupAddress[], family?: number) => void;

/** Replaces dns.lookup of this process. */
export function resolveToLoopback(): void {
  const lookup = (_name: string, options: LookupOptions | Done, done?: Done) => {
    const callback = typeof options === 'function' ? options : done;
    const all = typeof options === 'object' && options.all === true;
    process.nextTick(() => (all ? callback?.(null, [{ address: '127.0.0.1', family: 4 }]) : callback?.(null, '127.0.0.1', 4)));
  };
  dns.lookup = lookup as unknown as typeof dns.lookup;
  syncBuiltinESMExports();
}
