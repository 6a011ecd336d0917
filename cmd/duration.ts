// Durations as a user types them: `30d`, `12h`, `15m`, `90s`.
// Must not know what lasts that long.
import { CommandFailure, EXIT } from './failure.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In ms; undefined for `never`. Throws CommandFailure (usage) that names the option. */
export function parseDuration(text: string, option: string): number | undefined {
  if (text === 'never') return undefined;
  const [, count, unit] = /^([1-9]\d{0,4})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new CommandFailure(EXIT.usage, `--${option} takes a number and s, m, h or d, such as 30d, or never; not «${text}»`);
  return Number(count) * UNITS[unit]!;
}
