// Rows as text in columns, each as wide as its widest cell.
// Must not know what is in them.

/** A line of names, then one a row; `-` where there is nothing. */
export function columns<K extends string>(names: readonly K[], rows: readonly Readonly<Record<K, string | null>>[]): string {
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] || '-'))];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
