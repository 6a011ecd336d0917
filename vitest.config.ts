// The test projects and the coverage gates. `npm test` runs every project but `cli`, which needs the real AI CLIs.
// Must not hold test logic: what a project needs it sets up in its own files.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** One project per folder of test/; the time-out is for one test, in ms. */
const project = (name: string, testTimeout: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests wait for a process or a socket; Vitest would leave one of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    environment: 'node',
    projects: [
      project('unit', 10_000),
      project('property', 30_000),
      project('journey', 30_000),
      project('fidelity', 30_000),
      project('hostile', 60_000),
      project('house', 20_000),
      project('cli', 300_000),
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reportOnFailure: true,
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'src/rules/**': { lines: 100, branches: 100 },
        'src/cert/**': { lines: 95, branches: 95 },
        'src/store/**': { lines: 95, branches: 95 },
        'src/proxy/**': { lines: 90, branches: 90 },
      },
    },
  },
});
