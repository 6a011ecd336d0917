// What only a process can show: failures that nobody caught, the ready descriptor, a log that is not read.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { logPath, openLogFile, streamSink } from '../../../cmd/log-sink.ts';
import { CRASHED, refuseSpies } from '../../../cmd/outlive.ts';
import { announce, checkReadyPlace } from '../../../cmd/ready.ts';
import type { Config } from '../../../src/config.ts';
import { scratchFolder } from '../../support/folder.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Runs a program that outlives a stand-in of a daemon; gives its exit code and what it printed. */
async function outliving(body: string): Promise<{ code: number; out: string }> {
  const program = `
    import { outlive } from ${JSON.stringify(join(ROOT, 'cmd/outlive.ts'))};
    const { promise: ended, resolve } = Promise.withResolvers();
    const say = (text) => console.log(text);
    const log = { fatal: (fields, text) => say('fatal ' + fields.err?.message + ' ' + fields.origin) };
    const daemon = { log, ended, drainMs: () => 50, stop: (why) => { say('stop ' + why); done(); }, cut: (why) => { say('cut ' + why); resolve(); }, reload: async () => say('reload') };
    let done = () => setTimeout(resolve, 20);
    setTimeout(() => {}, 20000);
    ${body}
    process.exit(await outlive(daemon));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
}

describe('the end of a daemon', () => {
  test('a failure that nobody caught: logged, drained, exit 70; a second one changes nothing', async () => {
    const { code, out } = await outliving(
      "setTimeout(() => { throw new Error('one'); }, 1); setTimeout(() => { Promise.reject(new Error('two')); }, 5);",
    );
    expect(code).toBe(CRASHED);
    expect(out).toContain('fatal one uncaughtException');
    expect(out).toContain('fatal two unhandledRejection');
    expect(out.match(/stop /g)).toHaveLength(1);
  });

  test('the first signal stops, the second cuts', async () => {
    const { code, out } = await outliving(
      "done = () => process.kill(process.pid, 'SIGINT'); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1);",
    );
    expect({ code, out }).toEqual({ code: 0, out: 'stop SIGTERM\ncut SIGINT\n' });
  });

  test('SIGHUP reloads', async () => {
    const { out } = await outliving(
      "setTimeout(() => { process.kill(process.pid, 'SIGHUP'); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50); }, 1);",
    );
    expect(out).toBe('reload\nstop SIGTERM\n');
  });

  test('closing that hangs is not waited for', async () => {
    const { code } = await outliving("done = () => {}; setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1);");
    expect(code).toBe(1);
  });
});

test.each([
  '--inspect',
  '--inspect-brk=0',
  '--heapsnapshot-signal=SIGUSR2',
  '--report-on-fatalerror',
  '--heap-prof',
  '--abort-on-uncaught-exception',
  // Each of these wrote what it should not: the environment, the secrets of TLS sessions, what passes in them.
  '--report-uncaught-exception',
  '--tls-keylog=keys.txt',
  '--trace-tls',
])('%s is refused', (flag) => {
  expect(() => refuseSpies([flag], undefined)).toThrow('the daemon holds keys');
  expect(() => refuseSpies([], `--no-warnings ${flag}`)).toThrow('take it out of NODE_OPTIONS');
  expect(() => refuseSpies(['--disable-sigusr1'], '--max-old-space-size=99')).not.toThrow();
});

describe('the log', () => {
  test('lines beyond what a reader takes are dropped and counted', () => {
    const written: string[] = [];
    const stream = { writableLength: 0, write: (text: string) => written.push(text) };
    const sink = streamSink(stream as unknown as NodeJS.WriteStream);
    sink('1\n');
    stream.writableLength = 2 ** 21;
    sink('2\n');
    sink('3\n');
    stream.writableLength = 0;
    sink('4\n');
    expect(written).toEqual(['1\n', '(2 log lines were not read in time and are lost)\n', '4\n']);
  });

  test('the file is 0600, refused when loose, and set aside when large', () => {
    const home = scratchFolder();
    openLogFile(home);
    expect(statSync(logPath(home)).mode & 0o777).toBe(0o600);
    writeFileSync(logPath(home), Buffer.alloc(11 * 1024 * 1024));
    openLogFile(home);
    expect(statSync(logPath(home)).size).toBe(0);
    expect(statSync(`${logPath(home)}.1`).size).toBe(11 * 1024 * 1024);
    chmodSync(logPath(home), 0o640);
    expect(() => openLogFile(home)).toThrow(`chmod 600 '${logPath(home)}'`);
  });
});

describe('ready', () => {
  const config = (over: Partial<Config>) => over as Config;
  const ready = { listen: '127.0.0.1:1', ca: '/c', control: '/s', pid: 1 };

  test('a file appears whole', () => {
    const file = join(scratchFolder(), 'r');
    checkReadyPlace(config({ ready_file: file }));
    announce(config({ ready_file: file }), ready);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(ready);
    announce(config({}), ready);
  });

  test('places that cannot be written', () => {
    const folder = scratchFolder();
    expect(() => checkReadyPlace(config({ ready_file: join(folder, 'no/r') }))).toThrow(
      `ready_file: the folder ${join(folder, 'no')} is not there`,
    );
    mkdirSync(join(folder, 'd'));
    expect(() => checkReadyPlace(config({ ready_file: join(folder, 'd') }))).toThrow('is a folder');
    expect(() => announce(config({ ready_file: join(folder, 'd') }), ready)).toThrow(/ready_file: .*d cannot be written \(EISDIR\)/);
    expect(() => announce(config({ ready_fd: 987 }), ready)).toThrow('ready_fd: descriptor 987 cannot be written (EBADF)');
  });
});
