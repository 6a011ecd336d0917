// `npm run check`: every wall of the house, one after the other, all of them even when one falls; then a summary and
// .cache/check.json for CI. Must not know what the walls say: that is in the configuration files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

const WALLS = [
  ['types', 'tsc', ['-p', '.']],
  ['style', 'biome', ['ci', '--error-on-warnings', '.']],
  ['imports', 'depcruise', ['cmd', 'src', 'test', 'bench', 'scripts']],
  ['unused', 'knip', []],
  ['tests and coverage', 'vitest', ['run', '--project=!cli', '--coverage']],
];

const results = WALLS.map(([name, file, args]) => {
  console.log(`\n# ${name}: ${file} ${args.join(' ')}`);
  const startedMs = performance.now();
  const { status, error } = spawnSync(file, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) console.error(error.message);
  return { name, ok: status === 0, seconds: (performance.now() - startedMs) / 1000 };
});

console.log('');
for (const { name, ok, seconds } of results) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
const failed = results.filter((r) => !r.ok).length;
mkdirSync('.cache', { recursive: true });
writeFileSync('.cache/check.json', JSON.stringify({ passed: results.length - failed, failed }));
process.exit(failed === 0 ? 0 : 1);
