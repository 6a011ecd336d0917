// The trust stores of five distributions, with stand-ins for their programs, in a private copy of the system's folders: what is called, and what
// is left when a program fails or we are killed while one runs.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canBePrivate, runInPrivateSystem } from '../support/private-system.ts';
import type { Walk } from './scenes/trust-layouts.ts';
import { LAYOUTS } from './scenes/trust-tools.ts';

const line = (text: string) => expect.stringContaining(text);

describe.runIf(canBePrivate)('the store of', () => {
  let walks: Readonly<Record<string, Walk>>;
  let pwned: boolean;
  beforeAll(async () => {
    const told = await runInPrivateSystem<{ results: typeof walks; pwned: boolean }>(join(import.meta.dirname, 'scenes/trust-layouts.ts'));
    walks = told.results;
    pwned = told.pwned;
  }, 120_000);

  test.each(Object.entries(LAYOUTS))('%s: installed, seen, renewed by rotate, taken out; twice changes nothing', (name, layout) => {
    const walk = walks[name]!;
    const [program = '', ...words] = layout.update;
    const update = [program, ...words].join(' ');
    expect(walk.install).toMatchObject({ code: 0, text: line(`${name}: installed: ${layout.anchors}`) });
    expect(walk.calls.map((call) => call.trim())).toEqual([update]);
    expect(walk.anchors).toEqual([expect.stringMatching(/^sallyport-[0-9a-f]{16}\.(crt|pem)$/)]);
    expect(walk.again).toMatchObject({ code: 0, text: line(`${name}: already there`) });
    expect(walk.callsAgain).toEqual([]);
    expect(walk.rotate).toMatchObject({ code: 0, text: line(`${name}: renewed: ${layout.anchors}`) });
    expect(walk.anchorsAfterRotate).toHaveLength(1);
    expect(walk.anchorsAfterRotate).not.toEqual(walk.anchors);
    expect(walk.bundleHolds).toBe('only the new CA');
    expect(walk.status).toMatchObject({ code: 0, text: line('the current CA, 364 days left') });
    expect(walk.uninstall).toMatchObject({ code: 0, text: line('taken back: the CA in') });
    expect(walk.callsUninstall.map((call) => call.trim())).toEqual([update]);
    expect(walk.changed).toEqual([]);
  });

  test.each(Object.keys(LAYOUTS))('%s: a program that fails is named with its exit code, and nothing of it is left', (name) => {
    const { update } = LAYOUTS[name]!;
    const { failing, changedByFailing } = walks[name]!;
    expect(failing).toMatchObject({
      code: 1,
      text: line(`${update.join(' ')} failed with exit code 9 (no room); by hand: sudo install -m 644`),
    });
    expect(changedByFailing).toEqual([]);
  });

  test.each(Object.keys(LAYOUTS))('%s: killed while the program runs: status says so, uninstall takes it back', (name) => {
    const { killed, statusOfKilled, uninstallKilled, changedByKilled } = walks[name]!;
    expect(killed).toBe('SIGKILL');
    expect(statusOfKilled).toMatchObject({ code: 1, text: line('half of it: somebody was interrupted') });
    expect(uninstallKilled).toMatchObject({ code: 0, text: line('taken back: the CA in') });
    expect(changedByKilled).toEqual([]);
  });

  test('debian: a store on a read-only file system is one line', () => {
    expect(walks.debian!.readOnly).toMatchObject({ code: 1, text: line('cannot be written: the file system is read-only') });
  });

  test('all: a home whose name is a program to a shell runs none', () => {
    expect(pwned).toBe(false);
  });
});
