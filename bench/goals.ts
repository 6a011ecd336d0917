// What the figures should be, judged by ratios within one run. Pure.

/** One contender's figures: rates per second, delays in ms, memory in MiB. */
export type Figures = Readonly<Record<Figure, number>>;

/** What is measured, in the order of the table. */
export const FIGURES = [
  'getPerSecond',
  'getP50Ms',
  'getP99Ms',
  'tunnelsPerSecond',
  'postPerSecond',
  'ssePerEventP50Ms',
  'ssePerEventP99Ms',
  'firstToken200KbMs',
  'firstToken2MbMs',
  'rssIdleMib',
  'rss100StreamsMib',
  'startMs',
] as const;

/** A column of the table. */
export type Figure = (typeof FIGURES)[number];

/** What mitata measured, in µs per call. */
export type Micro = Readonly<Record<string, number>>;

/** A goal and how the run stands to it. `met` is undefined where the run lacks the figure. */
export interface Judged {
  readonly goal: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean | undefined;
}

// Squid is not an npm package, so its figures are put at what they were, against http-mitm-proxy in the same run, on a quiet machine.
const SQUID_POSTS = 1026 / 909;
const SQUID_TUNNELS = 249 / 333;

/** The goals of the first column, judged. */
export function judge(runs: Readonly<Record<string, Figures>>, micro: Micro): Judged[] {
  const ours = runs.sallyport;
  const direct = runs.direct;
  const baseline = runs['http-mitm-proxy'];
  const ratio = (figure: Figure, factor = 1) => (ours && baseline ? ours[figure] / (baseline[figure] * factor) : undefined);
  const added = (figure: Figure) => (ours && direct ? ours[figure] - direct[figure] : undefined);
  const against = (step: string, other: string) => {
    const [own, its] = [micro[step], micro[other]];
    return own === undefined || its === undefined ? undefined : own / its;
  };
  const over = (what: string, watcher: string) => {
    const [own, its] = [micro[`${what} ${watcher}`], micro[`${what} nothing`]];
    return own === undefined || its === undefined ? undefined : own - its;
  };
  return [
    atLeast('small GET/s, against http-mitm-proxy', 1.5, ratio('getPerSecond')),
    atLeast('100 KB POST/s with masking, against Squid without (estimated)', 1, ratio('postPerSecond', SQUID_POSTS)),
    atLeast('new tunnels/s, against Squid (estimated)', 1.5, ratio('tunnelsPerSecond', SQUID_TUNNELS)),
    atMost('SSE event delay p99, added', 2, added('ssePerEventP99Ms'), 'ms'),
    atMost('first token, 200 KB, next turn, added', 3, added('firstToken200KbMs'), 'ms'),
    atMost('first token, 2 MB, next turn, added', 10, added('firstToken2MbMs'), 'ms'),
    atMost('mask 100 KB, never seen, against JSON.parse', 15, against('mask 100 KB, never seen', 'JSON.parse of the same 100 KB'), 'x'),
    atMost('mask 2 MB, next turn, against all of it anew', 0.2, against('mask 2 MB, next turn', 'mask 2 MB, never seen'), 'x'),
    atMost('restore in a stream, per event', 50, micro.restore, 'us'),
    atMost('restore in a stream, per event, p95', 50, micro['restore, p95'], 'us'),
    atMost('leaf certificate for a new host', 5, inMs(micro.leaf), 'ms'),
    atMost('resilience, everything on, added to an exchange', 50, micro['exchange, resilience enforce'], 'us'),
    atMost('resilience, only watching, added to an exchange', 50, micro['exchange, resilience observe'], 'us'),
    atMost('audit log, 100 000 rows an hour, of one core', 1, percentOfHour(micro['audit row, in batches of 6'], 100_000), '%'),
    atMost('audit log of a million rows, open the store', 300, inMs(micro['open a store of a million rows']), 'ms'),
    atMost('audit log of a million rows, list 20', 100, inMs(micro['list 20 of a million rows']), 'ms'),
    atMost('audit log of a million rows, slowest of four searches', 100, inMs(micro['search a million rows, slowest']), 'ms'),
    atMost('rates, metrics and traces, added to an exchange', 50, over('added to an exchange by', 'rates, metrics and traces'), 'us'),
    atMost('RSS idle', 120, ours?.rssIdleMib, 'MiB'),
    atMost('RSS with 100 streams', 180, ours?.rss100StreamsMib, 'MiB'),
    atMost('start to listening, warm store', 500, ours?.startMs, 'ms'),
  ];
}

function inMs(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1000;
}

/** Of one core, when a step of so many µs is done so many times an hour. */
function percentOfHour(us: number | undefined, times: number): number | undefined {
  return us === undefined ? undefined : (us * times * 100) / 3.6e9;
}

function atLeast(goal: string, bound: number, value: number | undefined): Judged {
  return {
    goal,
    wanted: `at least ${bound}x`,
    measured: value === undefined ? '-' : `${value.toFixed(2)}x`,
    met: value === undefined ? undefined : value >= bound,
  };
}

function atMost(goal: string, bound: number, value: number | undefined, unit: string): Judged {
  const measured = value === undefined ? '-' : `${value.toFixed(2)} ${unit}`;
  return { goal, wanted: `at most ${bound} ${unit}`, measured, met: value === undefined ? undefined : value <= bound };
}
