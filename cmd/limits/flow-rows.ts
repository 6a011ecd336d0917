// What holds requests up, as the live view and the metrics have it: a row a host, family of models and machine that is not at rest.
// Must not read anything: rows are arguments.
import { parseAuthority } from '../../src/authority.ts';
import type { FlowRow, LimitRow } from '../../src/proxy/control/messages.ts';
import type { Policy } from '../../src/rules/policy.ts';

/** The provider's name by `host:port`, '' where none is known. */
export function providerOf(policy: Policy): (host: string) => string {
  return (host) => policy.providerFor(parseAuthority(host))?.name ?? '';
}

/** The rows; a limit that leaves room, and a breaker that is closed, hold nothing up. */
export function flowRows(rows: readonly LimitRow[], provider: (host: string) => string): readonly FlowRow[] {
  return rows.flatMap(({ host, model, state, untilMs, waiting, machine, detail }) => {
    const shown = state === 'closed' ? 'ok' : state === 'spent' ? 'cooling' : state;
    if (shown === 'ok' && waiting === 0) return [];
    const row = { provider: provider(host), host: host.replace(/:443$/, ''), state: shown, waiting, why: WHY[machine](detail) };
    return [{ ...row, ...(model !== '' && { model }), ...(untilMs > 0 && { untilMs }) }];
  });
}

const WHY: Readonly<Record<LimitRow['machine'], (detail: string) => string>> = {
  cooldown: () => 'it asked for a pause',
  limiter: (detail) => detail,
  breaker: (detail) => detail,
  way: (detail) => `connections: ${detail}`,
  lockout: (detail) => detail,
};
