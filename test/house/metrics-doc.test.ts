// docs/metrics.md has a row for every metric there is, with its type and its labels, and none for another.
import { expect, test } from 'vitest';
import { openRegistry } from '../../src/proxy/observe/registry.ts';
import { sources, watched } from '../support/watched.ts';
import { readText } from './sources.ts';

interface Sampled {
  readonly name: string;
  readonly type: string;
  readonly values: readonly { readonly labels: Readonly<Record<string, unknown>> }[];
}

const labelsOf = ({ values }: Sampled) =>
  [...new Set(values.flatMap(({ labels }) => Object.keys(labels)))].filter((label) => label !== 'le');

test('every metric is documented, and nothing else is', async () => {
  const registry = openRegistry(sources());
  registry.observe(...watched({ fault: 'upstream-cut', restored: 1 }));
  const there = ((await registry.json()) as Sampled[]).map((metric) => [metric.name, metric.type, labelsOf(metric).sort().join(' ')]);
  const rows = [...readText('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) ?\| .+ \|$/gm)];
  const documented = rows.map(([, name, type, labels]) => [
    name,
    type,
    [...labels!.matchAll(/`(\w+)`/g)]
      .map(([, label]) => label)
      .sort()
      .join(' '),
  ]);
  expect(documented.sort()).toEqual(there.sort());
});
