// The checks that need no daemon: each where all is well, where it is not, and what its repair does.
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkClis } from '../../../../cmd/doctor/clis.ts';
import { checkClock } from '../../../../cmd/doctor/clock.ts';
import { checkEncoded } from '../../../../cmd/doctor/encoded.ts';
import { checkId } from '../../../../cmd/doctor/finding.ts';
import { checkGuardrails } from '../../../../cmd/doctor/guardrails.ts';
import { connectedClients } from '../../../../cmd/doctor/host.ts';
import { checkFiles, configurationTrouble } from '../../../../cmd/doctor/installation.ts';
import { checkLeftovers } from '../../../../cmd/doctor/leftovers.ts';
import { checkEnvironment } from '../../../../cmd/doctor/surroundings.ts';
import type { GuardrailSettings } from '../../../../src/rules/guardrail-settings.ts';
import { compilePolicy } from '../../../../src/rules/policy.ts';
import { takeLock } from '../../../../src/store/lock.ts';
import { scratchFolder } from '../../../support/folder.ts';

const NOW = 1_800_000_000_000;
const KEY = ['sk-ant-api03', 'Zq8Lw2Xv5Tn9Rb3Kd7Mp4Hs6Jf1Gc0Ya'.repeat(2)].join('-');
/** Above what a system gives out. */
const NOBODY = 4_194_305;

test('names for programs hold still', () => {
  expect(['HTTPS_PROXY', 'runtime node', 'TLS engine', 'CA'].map(checkId)).toEqual(['https-proxy', 'runtime-node', 'tls-engine', 'ca']);
});

describe('leftovers', () => {
  const look = (home: string, temporary = home, isRunning = false) => checkLeftovers({ home, temporary, isRunning, nowMs: NOW });

  test('of a daemon that is gone, of drafts and of folders: removed, and then there are none', () => {
    const home = scratchFolder();
    const temporary = scratchFolder();
    const old = join(temporary, 'sallyport-probe-a1B2c3');
    for (const folder of [old, join(temporary, 'sallyport-demo-fresh1'), join(temporary, 'sallyport-probe-x')]) mkdirSync(folder);
    utimesSync(old, new Date(NOW - 7_200_000), new Date(NOW - 7_200_000));
    utimesSync(join(temporary, 'sallyport-demo-fresh1'), new Date(NOW), new Date(NOW));
    for (const name of ['daemon.pid', 'control.sock', 'sallyport.db', `ca-bundle.pem.${NOBODY}.new`, `ca-bundle.pem.${process.pid}.new`])
      writeFileSync(join(home, name), name === 'daemon.pid' ? `${NOBODY}\n` : '');
    const finding = look(home, temporary);
    expect(finding).toMatchObject({ state: 'warn', fix: 'sallyport doctor --fix' });
    expect(finding.repair!.run()).toBe(true);
    expect(readdirSync(home).sort()).toEqual([`ca-bundle.pem.${process.pid}.new`, 'sallyport.db']);
    expect(readdirSync(temporary).sort()).toEqual(['sallyport-demo-fresh1', 'sallyport-probe-x']);
    expect(finding.repair!.run()).toBe(false);
    expect(look(home, temporary)).toMatchObject({ state: 'ok' });
  });

  test('what a daemon holds is none, whether it answers or is only starting', () => {
    const home = scratchFolder();
    for (const name of ['daemon.pid', 'control.sock']) writeFileSync(join(home, name), `${process.pid}\n`);
    expect(look(home, home, true).state).toBe('ok');
    // It has its number written down already, and no lock was ever there to ask.
    expect(look(home).state).toBe('ok');
    expect(existsSync(join(home, 'daemon.lock'))).toBe(false);
    takeLock(join(home, 'daemon.lock'))!.close();
    expect(look(home).state).toBe('warn');
  });
});

describe('the clock', () => {
  const at = (nowMs: number, aheadMs: readonly number[] = [], home = scratchFolder()) =>
    checkClock({ nowMs, home, caPem: undefined, aheadMs });

  test('agrees with replies, or is said to be off by the middle one', () => {
    expect(at(NOW, [-400, 900_000, 200])).toMatchObject({ state: 'ok', text: expect.stringContaining('3 replies') });
    expect(at(NOW, [900_000, 840_000, 0])).toMatchObject({ state: 'warn', text: 'it is 14 minutes behind the clocks of upstreams' });
    expect(at(NOW, [-90_000_000_000])).toMatchObject({ text: 'it is 1042 days ahead of the clocks of upstreams' });
  });

  test('was set back when files of the home are newer', () => {
    const home = scratchFolder();
    writeFileSync(join(home, 'sallyport.db'), '');
    utimesSync(join(home, 'sallyport.db'), new Date(NOW), new Date(NOW));
    expect(at(NOW - 60_000, [], home).state).toBe('ok');
    expect(at(NOW - 10_800_000, [], home)).toMatchObject({ state: 'warn', text: expect.stringContaining('3 hours before a file') });
  });
});

describe('encoded secrets', () => {
  const form = (coding: BufferEncoding) => Buffer.from(`token ${KEY}`).toString(coding);

  test.each([
    ['base64', form('base64')],
    ['base64', `Basic ${form('base64url')}, more`],
    ['hex', form('hex')],
    ['percent-encoding', `k=${[...KEY].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`],
  ])('in %s are named by their variable, and not shown', (coding, value) => {
    const finding = checkEncoded({ BLOB: value, HOME: '/home/somebody' }, undefined);
    expect(finding).toMatchObject({ state: 'warn', text: `BLOB (anthropic in ${coding})`, fix: expect.stringContaining('known_values') });
    expect(JSON.stringify(finding)).not.toContain(KEY.slice(20, 40));
  });

  test('one in the configuration by its line; plain ones and what is no secret are not meant', () => {
    const file = join(scratchFolder(), 'c.yaml');
    writeFileSync(file, `mask: {}\nproxy_auth: "u:${form('base64')}"\n`);
    expect(checkEncoded({}, file).text).toBe(`${file}:2 (anthropic in base64)`);
    const plain = {
      PATH: '/usr/local/sbin:/usr/local/bin',
      KEY,
      SHA: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      P: '%zz%41',
    };
    expect(checkEncoded(plain, '/nowhere.yaml').state).toBe('ok');
  });
});

describe('guardrails', () => {
  const policy = (guardrails: GuardrailSettings) =>
    compilePolicy({
      intercept: [],
      connectTo: [],
      connectPorts: [],
      allowPrivate: [],
      inject: [],
      mask: {},
      onAttestedBody: 'mask',
      maxBodyBytes: 1,
      guardrails,
    });

  test('each says what happens when it fails', () => {
    const module = join(scratchFolder(), 'mine.mjs');
    writeFileSync(module, '');
    const own = { name: 'mine', module, onFault: 'pass', deadlineMs: 9, rank: 1 } as const;
    const found = checkGuardrails(policy({ builtIn: { 'prompt-injection': { mode: 'block' } }, own: [own] }));
    expect(found).toMatchObject([
      { check: 'guardrail prompt-injection', state: 'ok', text: expect.stringContaining('the request is refused') },
      { check: 'guardrail mine', state: 'ok', text: expect.stringContaining('longer than 9 ms, the request passes') },
    ]);
    const lost = checkGuardrails(policy({ own: [{ ...own, module: '/nowhere.mjs', onFault: 'deny' }] })).at(-1);
    expect(lost).toMatchObject({ state: 'fail', text: expect.stringContaining('every request is refused') });
  });
});

describe('modes', () => {
  test('a home and files that others can read are closed; what a link leads to is not touched', () => {
    const home = scratchFolder();
    const other = join(scratchFolder(), 'theirs.key');
    for (const path of [join(home, 'ca.key'), join(home, 'sallyport.db'), join(home, 'proxy.pac'), other])
      writeFileSync(path, '', { mode: 0o644 });
    expect(checkFiles(home)).toMatchObject([{ state: 'fail', text: expect.stringContaining('ca.key can be read by others') }]);
    const [finding] = checkFiles(home);
    expect(finding!.repair!.run()).toBe(true);
    expect(['ca.key', 'sallyport.db', 'proxy.pac'].map((name) => statSync(join(home, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o644]);
    expect(finding!.repair!.run()).toBe(false);
    expect(checkFiles(home)).toMatchObject([{ state: 'ok' }]);
    expect(statSync(other).mode & 0o777).toBe(0o644);
  });

  test('a configuration with a key in it', () => {
    const file = join(scratchFolder(), "it's.yaml");
    writeFileSync(file, '', { mode: 0o640 });
    const typed = `chmod 600 '${file.replace("'", "'\\''")}'`;
    const finding = configurationTrouble(`${file} can be read by others: ${typed}`);
    expect(finding).toMatchObject({ check: 'configuration', state: 'fail', text: `${file} can be read by others`, fix: typed });
    expect([finding.repair!.run(), finding.repair!.run()]).toEqual([true, false]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(configurationTrouble('c.yaml:1: mask: what?').repair).toBeUndefined();
  });
});

describe('proxy variables', () => {
  const checks = (env: Record<string, string>) =>
    checkEnvironment(env, '127.0.0.1:8898', ['api.anthropic.com']).map(({ check, state }) => `${state} ${check}`);

  test('right and wrong', () => {
    expect(checks({ HTTPS_PROXY: 'http://any:word@127.0.0.1:8898' })).toEqual(['ok HTTPS_PROXY']);
    expect(checks({ HTTPS_PROXY: 'http://127.0.0.1:8898', https_proxy: 'http://127.0.0.1:1' })).toContain('warn HTTPS_PROXY');
    expect(checks({ NO_PROXY: '*', no_proxy: 'corp.example' })).toEqual(['info HTTPS_PROXY', 'warn NO_PROXY']);
    const off = { NODE_TLS_REJECT_UNAUTHORIZED: '0', GIT_SSL_NO_VERIFY: 'yes', PYTHONHTTPSVERIFY: '0' };
    expect(checks(off)).toEqual([
      'info HTTPS_PROXY',
      ...Object.keys(off)
        .sort((a, b) => (a[0] === 'N' ? -1 : b[0] === 'N' ? 1 : b.localeCompare(a)))
        .map((name) => `warn ${name}`),
    ]);
    expect(checks({ NODE_TLS_REJECT_UNAUTHORIZED: '1', GIT_SSL_NO_VERIFY: '' })).toEqual(['info HTTPS_PROXY']);
  });

  test('nothing of a password is told', () => {
    const found = checkEnvironment({ HTTPS_PROXY: 'http://user:hunter2hunter2@corp.example:3128' }, '127.0.0.1:8898', []);
    expect(found).toMatchObject([{ state: 'warn', text: 'leads to corp.example:3128, not here' }]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe('AI CLIs', () => {
  const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  function stage(...names: readonly string[]) {
    const folder = join(scratchFolder(), '$(x) and "more"');
    mkdirSync(folder);
    for (const name of names) writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} 1.2.3 (a)"\n`, { mode: 0o755 });
    const roots = join(folder, 'roots.pem');
    writeFileSync(roots, `else\n${PEM}`);
    return { PATH: `${folder}:${process.env.PATH}`, roots, folder };
  }

  test('version, variables and whether they are set', async () => {
    const { PATH, roots } = stage('claude', 'qwen', 'letta');
    const look = (environment: Record<string, string>, leadsHere: boolean) =>
      checkClis({ environment: { PATH, ...environment }, leadsHere, caPem: PEM });
    expect(await look({}, false)).toMatchObject([
      {
        check: 'CLI claude',
        state: 'info',
        text: expect.stringContaining(
          "1.2.3; trusts through NODE_EXTRA_CA_CERTS (not set) or SSL_CERT_FILE (not set) or the system's store; HTTPS_PROXY does not lead here",
        ),
      },
      { check: 'CLI qwen', state: 'info' },
      { check: 'CLI letta', state: 'info', text: expect.stringContaining('NODE_USE_ENV_PROXY is not set') },
    ]);
    const set = { NODE_EXTRA_CA_CERTS: roots };
    expect((await look(set, true)).map(({ state }) => state)).toEqual(['ok', 'ok', 'warn']);
    expect((await look({ ...set, NODE_USE_ENV_PROXY: '1' }, true)).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
    const [claude, qwen] = await look({ NODE_EXTRA_CA_CERTS: '/nowhere' }, true);
    expect([claude!.state, qwen!.state, qwen!.fix]).toEqual(['info', 'warn', 'eval "$(sallyport env)"']);
    expect(qwen!.text).toContain('set to roots without our CA');
  });

  test('one that hangs or is none says no version', async () => {
    const { PATH, folder } = stage();
    writeFileSync(join(folder, 'codex'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    writeFileSync(join(folder, 'gemini'), 'no program at all', { mode: 0o755 });
    const [codex, gemini] = await checkClis({ environment: { PATH }, leadsHere: false, caPem: undefined, timeoutMs: 300 });
    expect(codex!.text).toContain('version unknown (it did not say within 0.3 s)');
    expect(gemini!.text).toMatch(/^version unknown;/);
    expect(await checkClis({ environment: { PATH: '' }, leadsHere: false, caPem: undefined })).toMatchObject([
      { check: 'CLIs', state: 'info' },
    ]);
  });
});

test('nobody connected: no program of the system is asked', async () => {
  const status = { listen: '127.0.0.1:1', pid: 1, connections: 0 } as Parameters<typeof connectedClients>[0];
  expect(await connectedClients(status)).toMatchObject([{ check: 'clients', text: 'nobody is connected' }]);
});
