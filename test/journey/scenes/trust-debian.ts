// Inside a private system: a real Debian, a real daemon in front of a fake provider, and every client that is there, before the CA is
// installed, while it is, and after Sallyport was uninstalled. Prints what each saw.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAUNCHER } from '../../support/daemon-process.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { treeOf } from '../../support/tree.ts';

export interface Seen {
  /** By client: whether it trusted what it was shown. */
  readonly before: Readonly<Record<string, boolean>>;
  readonly during: Readonly<Record<string, boolean>>;
  readonly after: Readonly<Record<string, boolean>>;
  readonly install: Said;
  readonly again: Said;
  readonly status: Said;
  readonly uninstall: Said;
  readonly twice: Said;
  readonly sameTree: boolean;
  /** Paths that are other than they were. */
  readonly changed: readonly string[];
  readonly nss: { readonly before: string; readonly during: string; readonly after: string };
  readonly anchorMode: string;
  /** Everything that was written outside the home, and the journal. */
  readonly holdsPrivateKey: boolean;
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const [work = ''] = process.argv.slice(2);
const HOME = join(work, 'user');
const home = join(work, 'home');
const database = join(HOME, '.pki/nssdb');
const ANCHORS = '/usr/local/share/ca-certificates';
const PAGE = 'https://api.openai.com/v1/models';
const TREES = ['/etc', ANCHORS];

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program));
      return true;
    } catch {
      return false;
    }
  });
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const [file = '', ...words] = argv;
  const child = spawn(file, words, { cwd: work, env: { PATH: process.env.PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (d: Buffer) => out.push(d));
  child.stderr.on('data', (d: Buffer) => err.push(d));
  const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code: code ?? 128, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

const sallyport = (...words: readonly string[]) => run([LAUNCHER, ...words, '--home', home]);

const JAVA = `public class Look {
  public static void main(String[] a) throws Exception {
    var c = (java.net.HttpURLConnection) new java.net.URI(a[0]).toURL().openConnection();
    System.exit(c.getResponseCode() == 200 ? 0 : 1);
  }
}`;

/** Each by the program it needs. */
async function look(proxy: string): Promise<Record<string, boolean>> {
  const through = { https_proxy: `http://${proxy}`, HTTPS_PROXY: `http://${proxy}` };
  const [host, port] = proxy.split(':');
  const clients: Record<string, () => Promise<boolean>> = {
    curl: async () => (await run(['curl', '-sSf', '-o', '/dev/null', PAGE], through)).code === 0,
    openssl: async () => {
      const to = ['-proxy', proxy, '-connect', 'api.openai.com:443', '-servername', 'api.openai.com', '-verify_hostname', 'api.openai.com'];
      return (await run(['openssl', 's_client', ...to, '-verify_return_error'])).code === 0;
    },
    // What it finds is no repository; what counts is whether it came so far.
    git: async () => !/certificate|SSL/.test((await run(['git', 'ls-remote', 'https://api.openai.com/a.git'], through)).stderr),
    python3: async () => (await run(['python3', '-c', `import urllib.request as r; r.urlopen('${PAGE}')`], through)).code === 0,
    node: async () => {
      const ask = `fetch('${PAGE}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
      return (await run([process.execPath, '--use-system-ca', '-e', ask], { ...through, NODE_USE_ENV_PROXY: '1' })).code === 0;
    },
    javac: async () =>
      (await run(['java', `-Dhttps.proxyHost=${host}`, `-Dhttps.proxyPort=${port}`, '-cp', work, 'Look', PAGE])).code === 0,
    chromium: async () => {
      const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
      const own = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(work, 'chromium')}`, `--proxy-server=${proxy}`];
      return (await run(['chromium', ...own, ...quiet, '--dump-dom', PAGE])).stdout.includes('"object"');
    },
  };
  const here = Object.entries(clients).filter(([name]) => isThere(name) && (name !== 'chromium' || isThere('certutil')));
  return Object.fromEntries(await Promise.all(here.map(async ([name, ask]) => [name, await ask()] as const)));
}

mkdirSync(database, { recursive: true });
const listed = async () => (isThere('certutil') ? (await run(['certutil', '-L', '-d', `sql:${database}`])).stdout : '');
if (isThere('certutil')) await run(['certutil', '-N', '-d', `sql:${database}`, '--empty-password']);
if (isThere('javac')) {
  writeFileSync(join(work, 'Look.java'), JAVA);
  await run(['javac', '-d', work, join(work, 'Look.java')]);
}
// As the program leaves it, whatever the machine's image was made with.
await run(['update-ca-certificates', '--hooksdir', '/nowhere']);

const provider = await startFakeProvider();
writeFileSync(join(work, 'provider.pem'), provider.authority.pem);
const to = ['--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', join(work, 'provider.pem')];
await sallyport('start', '--listen', '127.0.0.1:0', ...to);
const { listen } = JSON.parse((await sallyport('status', '--json')).stdout) as { listen: string };

const tree = treeOf(...TREES);
const nssBefore = await listed();
const before = await look(listen);
const install = await sallyport('ca', 'install');
const again = await sallyport('ca', 'install');
const [anchor = ''] = readdirSync(ANCHORS).filter((name) => name.startsWith('sallyport-'));
const installed = [join(ANCHORS, anchor), ...readdirSync(join(home, 'changes')).map((name) => join(home, 'changes', name))];
const holdsPrivateKey = installed.some((file) => /PRIVATE KEY/.test(readFileSync(file, 'latin1')));
const anchorMode = treeOf(ANCHORS)[join(ANCHORS, anchor)]?.split(' ')[0] ?? '';
const status = await sallyport('ca', 'status', '--json');
const during = await look(listen);
const nssDuring = await listed();
const uninstall = await sallyport('uninstall', '--json');
// The daemon is gone with it; another one shows the same CA.
await sallyport('start', '--listen', listen, ...to);
const after = await look(listen);
const nssAfter = await listed();
const twice = await sallyport('uninstall');
await provider.close();
const now = treeOf(...TREES);
const changed = [...new Set([...Object.keys(tree), ...Object.keys(now)])].filter((path) => tree[path] !== now[path]);
const seen: Seen = {
  before,
  during,
  after,
  install,
  again,
  status,
  uninstall,
  twice,
  sameTree: changed.length === 0,
  changed,
  nss: { before: nssBefore, during: nssDuring, after: nssAfter },
  anchorMode,
  holdsPrivateKey,
};
process.stdout.write(JSON.stringify(seen));
