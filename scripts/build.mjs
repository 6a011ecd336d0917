// `npm run build`, and before `npm pack`: the package in dist/, and a list of what comes with it (CycloneDX) in sbom.cdx.json.
// The same sources give the same bytes. Must not print on standard output: that is npm's.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The lock file as far as an installed package has it: npm's own `--omit=dev` would also leave out what development shares with us. */
export function shippedLock(lock) {
  const { devDependencies: _, allowScripts: __, ...own } = lock.packages[''];
  const shipped = Object.entries(lock.packages).filter(([at, { dev, devOptional, peer }]) => at !== '' && !dev && !devOptional && !peer);
  return { ...lock, packages: { '': own, ...Object.fromEntries(shipped) } };
}

/** npm's list without what differs from one run to the next; it names the package after its folder. */
export function steadySbom({ serialNumber: _, metadata, components, ...rest }, name) {
  const { timestamp: __, component, ...facts } = metadata;
  const byRef = components.toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  return { ...rest, metadata: { ...facts, component: { ...component, type: 'application', name } }, components: byRef };
}

function run(file, args, cwd, stdout) {
  const stdio = ['ignore', stdout, 'inherit'];
  const { status, stdout: said } = spawnSync(file, args, { cwd, stdio, maxBuffer: 2 ** 26, shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`${file} ${args[0]} failed`);
  return said;
}

function listParts({ devDependencies: _, scripts: __, ...manifest }) {
  const lock = shippedLock(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const stage = mkdtempSync(join(tmpdir(), 'sp-sbom-'));
  try {
    writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(stage, 'package-lock.json'), JSON.stringify(lock));
    const cli = process.env.npm_execpath;
    const [file, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
    const said = run(file, [...first, 'sbom', '--sbom-format=cyclonedx', '--package-lock-only'], stage, 'pipe');
    return steadySbom(JSON.parse(said), manifest.name);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function build() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run('tsc', ['-p', 'tsconfig.build.json'], root, 2);
  // What the compiler passes over: the card that belongs to the model.
  for (const card of globSync('src/**/*.md', { cwd: root })) cpSync(join(root, card), join(root, 'dist', card));
  writeFileSync(join(root, 'sbom.cdx.json'), `${JSON.stringify(listParts(manifest), null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
