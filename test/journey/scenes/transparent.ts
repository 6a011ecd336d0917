// Runs inside a network namespace, as root: a daemon as a user starts it, `sallyport transparent` in all its ways, and curl as the user who
// is redirected. Prints what each command said and what the kernel had of it.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSPARENT_ACTIONS } from '../../../cmd/transparent/actions.ts';
import { LAUNCHER } from '../../support/daemon-process.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { refuseOutside } from '../../support/namespace.ts';
import { EMAIL } from '../../support/samples.ts';

/** What a command came to. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** By the name of the step. */
export interface TransparentScene {
  readonly said: Readonly<Record<string, Said>>;
  /** The tables of nftables after a step, with handles. */
  readonly tables: Readonly<Record<string, string>>;
  /** Files of the journal after a step. */
  readonly journal: Readonly<Record<string, readonly string[]>>;
  /** Bodies that the provider got, by step. */
  readonly provider: Readonly<Record<string, readonly string[]>>;
  /** Whether this machine lets a cgroup be selected. */
  readonly hasCgroups: boolean;
}

const USER = 1000;
refuseOutside();
const folder = mkdtempSync(join(tmpdir(), 'sp-transparent-'));
chmodSync(folder, 0o755);
const home = join(folder, "ho me's $(x)");
const provider = await startFakeProvider({ alpn: ['http/1.1'] });
mkdirSync(home, { mode: 0o700 });
const providerCa = join(folder, 'provider.pem');
writeFileSync(providerCa, provider.authority.pem);
writeFileSync(
  join(home, 'sallyport.yaml'),
  `listen: 127.0.0.1:0
connect_to: ['*=${provider.host}:${provider.port}']
upstream_ca: [${JSON.stringify(providerCa)}]
transparent_port: 8899
allow_uids: [self, ${USER}]
`,
);

const said: Record<string, Said> = {};
const tables: Record<string, string> = {};
const journal: Record<string, readonly string[]> = {};
const bodies: Record<string, readonly string[]> = {};

function note(name: string, what: Said): void {
  said[name] = what;
  tables[name] = spawnSync('nft', ['-a', 'list', 'ruleset'], { encoding: 'utf8' }).stdout;
  journal[name] = existsSync(join(home, 'changes')) ? readdirSync(join(home, 'changes')).filter((file) => file.endsWith('.json')) : [];
}

/** As typed. */
function sallyport(name: string, ...words: readonly string[]): void {
  const env = { PATH: process.env.PATH ?? '', HOME: folder };
  const { status, stdout, stderr } = spawnSync(LAUNCHER, [...words, '--home', home], { env, encoding: 'utf8', timeout: 20_000 });
  note(name, { code: status, out: stdout, err: stderr });
}

/** The same in this process, which is quicker. */
async function act(name: string, action: keyof typeof TRANSPARENT_ACTIONS, args: Readonly<Record<string, unknown>> = {}, json = false) {
  let [out, err] = ['', ''];
  const terminal = {
    out: (text: string) => (out += `${text}\n`),
    err: (text: string) => (err += `${text}\n`),
    self: 'sallyport',
    typed: (text: string) => text,
    isTty: false,
  };
  const invocation = { flags: { home }, configFile: undefined, environment: {}, cwd: '/', userHome: folder };
  const code = await TRANSPARENT_ACTIONS[action]({ args, rest: [], json, invocation, terminal, commands: [] });
  note(name, { code, out, err });
}

const CA = join(folder, 'ca.pem');
const letter = JSON.stringify({ model: 'claude-test', max_tokens: 8, messages: [{ role: 'user', content: `write to ${EMAIL}` }] });
/** As that user, without any proxy variable. */
async function curl(name: string, wrapper: readonly string[] = []): Promise<void> {
  const before = provider.capture.requests.length;
  const words = ['-sS', '--max-time', '10', '--cacert', CA, '-d', letter, '-H', 'content-type: application/json'];
  const command = [...wrapper, 'curl', ...words, 'https://api.anthropic.com/v1/messages'];
  const child = spawn(command[0]!, command.slice(1), {
    uid: wrapper.length > 0 ? 0 : USER,
    env: { PATH: process.env.PATH ?? '' },
    cwd: '/',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (out += bytes));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  said[name] = { code, out, err };
  bodies[name] = provider.capture.requests.slice(before).map((r) => r.body.toString());
}

sallyport('started', 'start');
writeFileSync(CA, readFileSync(join(home, 'ca.pem')), { mode: 0o644 });
const uid = [String(USER)];
await act('shown', 'show', { uid });
sallyport('on', 'transparent', 'on', '--uid', String(USER));
await curl('redirected');
sallyport('on again', 'transparent', 'on', '--uid', `${USER},${USER}`);
await act('status', 'status', {}, true);
// As a restart of the machine does.
spawnSync('nft', ['flush', 'ruleset']);
await act('status without table', 'status');
await act('on after a restart', 'on', { uid });

// Machines with the older cgroups as well have the tree elsewhere; nft looks for it in one place alone.
const tree = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => existsSync(join(path, 'cgroup.controllers')));
const cgroup = `sallyport-test-${process.pid}`;
let hasCgroups = false;
try {
  mkdirSync(join(tree!, cgroup));
  if (tree !== '/sys/fs/cgroup') spawnSync('mount', ['--bind', tree!, '/sys/fs/cgroup']);
  hasCgroups = existsSync('/sys/fs/cgroup/cgroup.controllers');
} catch {
  // Not ours to make here.
}
if (hasCgroups) {
  await act('cgroup', 'on', { cgroup: [`/${cgroup}`] });
  await curl('in the cgroup', ['sh', '-c', `echo $$ >/sys/fs/cgroup/${cgroup}/cgroup.procs && exec "$@"`, 'sh']);
  await act('off after the cgroup', 'off');
  rmdirSync(join('/sys/fs/cgroup', cgroup));
  await act('on at last', 'on', { uid });
}

sallyport('stopped at last', 'stop');
await curl('without a daemon');
await act('status without daemon', 'status');
sallyport('off', 'transparent', 'off');
await act('off again', 'off');
await provider.close();
rmSync(folder, { recursive: true, force: true });
const result: TransparentScene = { said, tables, journal, provider: bodies, hasCgroups };
process.stdout.write(JSON.stringify(result), () => process.exit(0));
