// What is made of a runtime's answer, with programs that only play one; and what each real one is started with.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRuntimes, RUNTIMES } from '../../../../cmd/doctor/prove-trust.ts';
import type { Runtime } from '../../../../cmd/doctor/runtime.ts';
import { PROBE_ANSWER } from '../../../../src/probe-host.ts';
import { scratchFolder } from '../../../support/folder.ts';

const PROXY = 'http://any:hunter2-hunter2@127.0.0.1:8898';

/** A program that plays a runtime: `body` is a shell script. */
function played(body: string, more: Partial<Runtime> = {}) {
  const folder = join(scratchFolder(), `$(x) 'y'\n→`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'toy'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const runtime: Runtime = { name: 'toy', files: ['toy'], probe: ({ url }) => ({ args: [url] }), fix: 'buy another', ...more };
  const inherited = { PATH: `${folder}:${process.env.PATH}`, SEEN: join(folder, 'seen'), NO_PROXY: '*', ODD: '$(touch owned)\n`x`' };
  const look = async (leadsHere = false) =>
    (await checkRuntimes({ inherited, underRun: { ...inherited, RUN: '1' }, proxyUrl: PROXY, leadsHere }, [runtime]))[0]!;
  return { look, folder };
}

const SAYS = `printf '${PROBE_ANSWER.replaceAll('\t', '\\t').replaceAll('\n', '\\n')}'`;

describe('an answer', () => {
  test.each([
    ['trust in both', SAYS, 'ok', 'shown by a handshake'],
    ['trust under run', `[ "$RUN" = 1 ] && exec ${SAYS}; echo "x509: unknown authority" >&2; exit 1`, 'info', 'not in this shell'],
    ['trust in this shell alone', `[ "$RUN" = 1 ] || exec ${SAYS}; echo CERTIFICATE_VERIFY_FAILED >&2; exit 1`, 'warn', 'not under'],
    ['distrust', 'echo "unable to get local issuer certificate"; exit 60', 'warn', 'does not trust the CA'],
    ['an answer and a failure', `${SAYS}; exit 1`, 'warn', 'failed before there was a handshake'],
    ['something else', 'echo hello', 'warn', 'failed before there was a handshake'],
  ] as const)('%s', async (_, body, state, text) => {
    expect(await played(body).look()).toMatchObject({ check: 'runtime toy', state, text: expect.stringContaining(text) });
  });

  test('distrust in a shell that sends everything here is worth a warning', async () => {
    const { look } = played(`[ "$RUN" = 1 ] && exec ${SAYS}; echo certificate >&2; exit 1`);
    expect(await look(true)).toMatchObject({ state: 'warn', fix: 'eval "$(sallyport env)"' });
  });

  test('one that hangs is not waited for', async () => {
    expect(await played('sleep 1000', { timeoutMs: 300 }).look()).toMatchObject({
      state: 'warn',
      text: expect.stringContaining('no answer in time'),
    });
  });

  test('a way of its own to prove it', async () => {
    const { look } = played('echo "at line 1" >&2; exit 101', { provenBy: ({ stderr }) => stderr.includes('line 1') });
    expect(await look()).toMatchObject({ state: 'ok' });
  });

  test('none in PATH', async () => {
    expect(await checkRuntimes({ inherited: { PATH: '' }, underRun: {}, proxyUrl: PROXY, leadsHere: false })).toMatchObject([
      { check: 'runtimes', state: 'info' },
    ]);
  });
});

test('it is run in an empty folder that is gone afterwards, led here whatever NO_PROXY says, and nothing it says is told', async () => {
  const { look, folder } = played('ls -a > "$SEEN"; echo "$PWD|$NO_PROXY|$HTTPS_PROXY|$ODD" >> "$SEEN"; echo hunter2; exit 1');
  const finding = await look();
  expect(JSON.stringify(finding)).not.toContain('hunter2');
  const [, , where] = readFileSync(join(folder, 'seen'), 'utf8').split('\n');
  expect(where).toMatch(/^\S*sallyport-probe-\w{6}\|\|http:\/\/any:hunter2-hunter2@127\.0\.0\.1:8898\|\$\(touch owned\)$/);
  const left = where!.split('|')[0]!.split('/').at(-1);
  expect(readdirSync(tmpdir())).not.toContain(left);
  expect(readdirSync(folder).sort()).toEqual(['seen', 'toy']);
});

describe.each(RUNTIMES)('$name', (runtime) => {
  test('is told of the probe and nothing secret in its arguments', () => {
    const target = { url: 'https://doctor.sallyport.invalid/probe.git', host: 'doctor.sallyport.invalid', proxy: new URL(PROXY) };
    const { args, file, environment = {} } = runtime.probe(target);
    expect(args.join('\n')).toContain(target.host);
    expect([...args, file?.text ?? ''].join('\n')).not.toContain('hunter2');
    expect(args.filter((word) => word.includes('\0'))).toEqual([]);
    expect(Object.keys(environment)).not.toContain('HTTPS_PROXY');
    expect(runtime.fix).not.toBe('');
  });
});
