// Shows what the daemon is doing.
// Must not wake one where there is none: that is exit code 3.
import { setTimeout as pause } from 'node:timers/promises';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { Status } from '../../src/proxy/control/messages.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport status`. Exit code 3 where no daemon runs. */
export const status: Command = {
  name: 'status',
  summary: 'show what the daemon is doing',
  settings: 'home',
  options: { watch: { type: 'boolean', describe: 'show it again each second, until the daemon ends' } },
  examples: [
    ['status', 'for people'],
    ['status --json', 'for programs'],
    ['status --watch', 'again each second, until Ctrl-C or the end of the daemon'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const home = homeOf(invocation);
    const client = controlOf(home);
    try {
      for (;;) {
        const now = await client.status();
        const shown = json ? JSON.stringify(now) : text(now, Date.now());
        terminal.out(args.watch === true && terminal.isTty && !json ? `${CLEAR}${shown}` : shown);
        if (args.watch !== true) return EXIT.ok;
        await pause(WATCH_MS);
      }
    } catch (thrown) {
      if (!json || !(thrown instanceof NotRunning)) throw thrown;
      terminal.out(JSON.stringify({ running: false, home }));
      return EXIT.notRunning;
    }
  },
};

/** The terminal's screen, from its first line on. */
const CLEAR = '\u001B[H\u001B[2J';
const WATCH_MS = 1000;

function text(s: Status, nowMs: number): string {
  const totals = Object.entries(s.totals).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const rows: [string, string][] = [
    ['state', s.draining ? 'stopping' : 'running'],
    ['listens on', s.listen],
    ...(s.transparent.length > 0 ? [['redirected to', s.transparent.join(', ')] satisfies [string, string]] : []),
    ['home', s.home],
    ['process', `${s.pid}, version ${s.version}, for ${span(nowMs - s.startedAtMs)}`],
    ['CA', `${Math.floor((s.caExpiresAtMs - nowMs) / 86_400_000)} days left`],
    ['connections', String(s.connections)],
    ['exchanges', `${s.exchanges} running`],
    ...totals.map(([name, count]): [string, string] => [`  ${name}`, String(count)]),
  ];
  if (s.recordsDropped > 0) rows.push(['records lost', String(s.recordsDropped)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** `3 d 4 h`, `5 min`, `7 s`: the two largest units. */
function span(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ];
  const at = units.findIndex(([, size]) => ms >= size);
  if (at < 0) return '0 s';
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units.slice(at, at + 2)) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  return parts.join(' ');
}
