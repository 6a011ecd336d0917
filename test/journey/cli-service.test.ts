// `sallyport service` as a user types it, with recorders of systemctl and journalctl first in PATH: no real systemd is touched.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LAUNCHER } from '../support/daemon-process.ts';
import { json, newUser } from '../support/sallyport.ts';
import { systemdWords } from '../support/systemd-words.ts';

/** Writes down its words, one line a call, and its variables; answers as a systemd where all is well. */
const RECORDER = `#!/bin/sh
printf '%s' "\${0##*/}" >> "$RECORD"
printf ' %s' "$@" >> "$RECORD"
printf '\\n' >> "$RECORD"
env > "$RECORD.env"
case "$*" in
  *LoadState*) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nUnitFileState=enabled\\nMainPID=4711\\n' ;;
esac
`;

test('install, status, logs, uninstall', { timeout: 60_000 }, async () => {
  const user = newUser();
  const bin = join(user.folder, 'bin');
  const record = join(user.folder, 'record');
  mkdirSync(bin);
  for (const name of ['systemctl', 'journalctl']) {
    writeFileSync(join(bin, name), RECORDER);
    chmodSync(join(bin, name), 0o755);
  }
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    RECORD: record,
    XDG_RUNTIME_DIR: '/run/user/7',
    SALLYPORT_PASSPHRASE: 'not for systemd',
  };
  const calls = () => {
    const lines = readFileSync(record, 'utf8').trim().split('\n');
    writeFileSync(record, '');
    return lines.filter((line) => !/ show /.test(line));
  };
  const words = ['--user', '--listen', '127.48.98.3:8898'];
  const install = await user.run(['service', 'install', ...words], { env });
  expect(install).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('active (running); it listens on 127.48.98.3:8898'),
  });
  expect(calls()).toEqual(['systemctl --user daemon-reload', 'systemctl --user enable --now sallyport.socket sallyport.service']);
  const seen = readFileSync(`${record}.env`, 'utf8');
  expect(seen).toContain('XDG_RUNTIME_DIR=/run/user/7');
  expect(seen).not.toContain('SALLYPORT_');
  const unit = readFileSync(join(user.folder, '.config/systemd/user/sallyport.service'), 'utf8');
  const start = /^ExecStart=(.*)$/m.exec(unit)![1]!;
  expect(systemdWords(start)).toEqual(['/bin/sh', LAUNCHER, 'start', '--foreground', '--home', user.home]);

  expect(json((await user.run(['service', 'install', ...words, '--json'], { env })).stdout)).toMatchObject({
    changed: false,
    isRunning: true,
  });
  expect(json((await user.run(['service', 'status', '--user', '--json'], { env })).stdout)).toMatchObject({ scope: 'user', pid: 4711 });
  calls();
  expect((await user.run(['service', 'logs', '--user', '--follow', '--lines', '5'], { env })).code).toBe(0);
  expect(calls()).toEqual(['journalctl --user-unit=sallyport.service --lines=5 --follow --output=cat']);

  expect(await user.run(['service', 'uninstall', '--user'], { env })).toMatchObject({ code: 0 });
  expect(calls().map((line) => line.replace('systemctl --user ', ''))).toEqual([
    'disable --now sallyport.socket',
    'disable --now sallyport.service',
    'daemon-reload',
  ]);
  expect(() => readFileSync(join(user.folder, '.config/systemd/user/sallyport.service'))).toThrow('ENOENT');

  const wrong = await user.run(['service', 'logs', '--purge'], { env });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--purge belongs to service uninstall, not to logs') });
});
