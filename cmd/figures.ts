// Numbers as people read them in a line.
// Must not know what they count.

/** `350`, `12.3k`, `1.3M`. */
export function count(value: number): string {
  if (value < 1000) return String(value);
  return value < 999_950 ? `${(value / 1000).toFixed(1)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}

/** `0.5`, `33`, without the unit. */
export function milliseconds(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

/** `3 d 4 h`, `5 min`, `7 s`: the two largest units. */
export function span(ms: number): string {
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
