// The zone of this machine, as the arithmetic of days takes it.
// Must not know what is counted by the day.
import type { Zone } from '../../src/rules/budget/day.ts';

/** Asked for each instant: the zone knows when clocks change. */
export const localZone: Zone = (atMs) => -new Date(atMs).getTimezoneOffset();
