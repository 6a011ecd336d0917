// `sallyport system` as a user runs it, with stand-ins for the desktop's programs first in PATH: set, set already, taken back. What is written on
// other machines, and what a power cut leaves, is in test/unit/cmd/system.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { desktopRecorders } from '../support/recorders.ts';
import { json, newUser } from '../support/sallyport.ts';
import { treeOf } from '../support/tree.ts';

test('on, on again, off: a PAC file for intercepted hosts that the daemon serves, and the desktop as it was', async () => {
  const user = newUser();
  const { env, changes } = desktopRecorders(user.folder);
  const port = await freePort();
  const pac = `http://127.0.0.1:${port}/proxy.pac`;
  expect(await user.run(['system', 'on'], { env })).toMatchObject({ code: 3, stderr: expect.stringContaining('no daemon is running') });
  expect(await user.run(['start', '--listen', `127.0.0.1:${port}`, '--intercept', 'api.example.test'])).toMatchObject({ code: 0 });
  const before = treeOf(env.STORE!);

  expect(await user.run(['system', 'on'], { env })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`set: GNOME takes the PAC file ${pac}`),
  });
  const at = '<--file> <kioslaverc> <--group> <Proxy Settings> <--key>';
  const made = [
    `gsettings <set> <org.gnome.system.proxy> <autoconfig-url> <'${pac}'>`,
    "gsettings <set> <org.gnome.system.proxy> <mode> <'auto'>",
    `kwriteconfig6 ${at} <Proxy Config Script> <${pac}>`,
    `kwriteconfig6 ${at} <ProxyType> <2>`,
  ];
  expect(changes()).toEqual(made);
  const served = await fetch(pac);
  expect(served.headers.get('content-type')).toBe('application/x-ns-proxy-autoconfig');
  expect(await served.text()).toContain('"api.example.test"');

  const again = json<{ settings: { name: string; outcome: string }[] }>((await user.run(['system', 'on', '--json'], { env })).stdout);
  expect(again.settings.filter(({ outcome }) => outcome !== 'unfit')).toMatchObject([
    { name: 'gsettings', outcome: 'unchanged' },
    { name: 'kde', outcome: 'unchanged' },
  ]);
  expect(changes()).toEqual(made);
  expect((await user.run(['system', 'status'], { env })).stdout).toMatch(/GNOME takes .*\nKDE takes /);

  expect(await user.run(['system', 'off'], { env })).toMatchObject({ code: 0, stderr: expect.stringContaining('taken back: GNOME') });
  expect(changes().slice(made.length)).toEqual([
    `kwriteconfig6 ${at} <ProxyType> <--delete>`,
    `kwriteconfig6 ${at} <Proxy Config Script> <--delete>`,
    'gsettings <reset> <org.gnome.system.proxy> <mode>',
    'gsettings <reset> <org.gnome.system.proxy> <autoconfig-url>',
  ]);
  const { [join(env.STORE!, 'changes')]: _, ...after } = treeOf(env.STORE!);
  expect(after).toEqual(before);
  expect(await user.run(['system', 'off', '--all'], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('belongs to system on'),
  });
});
