// `sallyport usage`: the sums of the store, with or without a daemon; one that runs writes down what it has counted first, and says its prices.
// Must not start a daemon.
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { UsageState } from '../../src/proxy/control/messages.ts';
import { dayEnd, dayOf, daysBefore } from '../../src/rules/budget/day.ts';
import { compilePrices } from '../../src/rules/budget/price.ts';
import { DEFAULT_PROFILE } from '../../src/rules/profile.ts';
import { openProfiles } from '../../src/store/profiles.ts';
import { usageSince } from '../../src/store/usage.ts';
import type { Call } from '../command.ts';
import { EXIT, usage } from '../failure.ts';
import { lookAt } from '../look-at.ts';
import { homeOf, loadSettings } from '../settings.ts';
import { localZone } from './local-zone.ts';
import { priceTable } from './price-table.ts';
import { reportJson, reportText } from './report.ts';

/** Prints it. */
export async function showUsage({ args, json, invocation, terminal }: Call): Promise<number> {
  const days = parseDays(args.days as string);
  const state = await liveState(homeOf(invocation));
  if (state?.isWritten === false) terminal.err('the daemon cannot write down what it has counted since; its log says why');
  const priceOf = compilePrices(state?.prices ?? priceTable(loadSettings(invocation).config));
  const nowMs = Date.now();
  const today = dayOf(nowMs, localZone);
  const from = daysBefore(today, days - 1);
  const found = lookAt(invocation, (store) => ({ rows: usageSince(store, from), profiles: openProfiles(store).list() }));
  const { rows, profiles } = found ?? { rows: [], profiles: [DEFAULT_PROFILE] };
  const isShown = (name: string) => args.profile === undefined || args.profile === name;
  const report = {
    from,
    today,
    rows: rows.filter(({ profile }) => isShown(profile)),
    profiles: profiles.filter(({ name }) => isShown(name)),
    priceOf,
    freeAtMs: dayEnd(nowMs, localZone),
  };
  terminal.out(json ? JSON.stringify(reportJson(report)) : reportText(report));
  return EXIT.ok;
}

/** Undefined where no daemon runs. */
async function liveState(home: string): Promise<UsageState | undefined> {
  try {
    return await controlOf(home).usage();
  } catch (thrown) {
    if (thrown instanceof NotRunning) return undefined;
    throw thrown;
  }
}

function parseDays(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw usage(`--days takes a whole number from 1 to 9999, not «${text}»`);
  return Number(text);
}
