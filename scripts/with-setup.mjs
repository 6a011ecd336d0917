// `node scripts/with-setup.mjs COMMAND ARGS…`: installs what is missing or stale, then runs the command with the pinned Node first
// in PATH, passing signals and the exit code on. Must run on any Node from 18 and must not import a package: nothing is there yet.
// Two stages, because npm leaves out optional packages whose `engines` the running Node does not meet (docs/adr/0002-node-baseline.md):
// on an old Node the pinned runtime is fetched first, then `npm ci` runs under it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const pinnedNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/**
 * Whether `installed` (npm's hidden lock) is what `lock` asks for. Optional packages of packages may be absent (other platforms' builds);
 * our own may be absent only where their `os` leaves this platform out.
 */
export function isInstalled(lock, installed, platform = process.platform) {
  const own = lock.packages[''].optionalDependencies ?? {};
  return Object.entries(lock.packages).every(([at, wanted]) => {
    const there = installed.packages[at];
    if (at === '') return true;
    if (there) return there.version === wanted.version && there.integrity === wanted.integrity;
    const isOwn = at.slice('node_modules/'.length) in own;
    return wanted.optional === true && (!isOwn || wanted.os?.includes(platform) === false);
  });
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

function isFresh() {
  const hidden = join(modules, '.package-lock.json');
  return existsSync(hidden) && existsSync(pinnedNode) && isInstalled(readJson(join(root, 'package-lock.json')), readJson(hidden));
}

/** The Node to install with: this one if it meets the baseline and will not be deleted by `npm ci`, else the pinned one in .cache/runtime. */
function installerNode(manifest) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [baseMajor, baseMinor] = /(\d+)\.(\d+)/.exec(manifest.engines.node).slice(1).map(Number);
  const meetsBaseline = major > baseMajor || (major === baseMajor && minor >= baseMinor);
  if (meetsBaseline && !realpathSync(process.execPath).startsWith(modules + sep)) return process.execPath;

  const version = manifest.devDependencies.node;
  const cache = join(root, '.cache', 'runtime');
  const at = join(cache, 'node_modules', 'node');
  const node = join(at, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(node) && readJson(join(at, 'package.json')).version === version) return node;
  say(`fetching Node ${version}, the runtime this checkout pins`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    join(cache, 'package.json'),
    JSON.stringify({ private: true, dependencies: { node: version }, allowScripts: { node: true } }),
  );
  npm(process.execPath, cache, ['install', '--no-package-lock', '--prefix', cache]);
  return node;
}

function npm(node, cwd, args) {
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const cli = process.env.npm_execpath;
  const [file, argv] = cli?.endsWith('.js') ? [node, [cli, ...all]] : ['npm', all];
  // npm's report goes to stderr: stdout belongs to the command.
  const { status, error } = spawnSync(file, argv, {
    cwd,
    stdio: ['ignore', 2, 2],
    env: withPath(dirname(node)),
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    say(`npm ${args[0]} failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}

function withPath(...folders) {
  return { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter) };
}

function say(text) {
  process.stderr.write(`sallyport: ${text}\n`);
}

function setUp() {
  const node = installerNode(readJson(join(root, 'package.json')));
  say('installing packages');
  npm(node, root, ['ci']);
  if (isFresh()) return;
  say('the installation is not complete: install scripts of the package `node` must be allowed (npm config ignore-scripts)');
  process.exit(1);
}

function run(file, args) {
  const child = spawn(file, args, { stdio: 'inherit', env: withPath(join(modules, '.bin')) });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends SIGINT to the whole group: the child has had it already.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on('error', (error) => {
    say(`${file}: ${error.message}`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (!isFresh()) setUp();
  if (process.argv.length > 2) run(process.argv[2], process.argv.slice(3));
}
