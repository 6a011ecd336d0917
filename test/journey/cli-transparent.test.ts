// `sallyport transparent` with a real packet filter in a network namespace: put in place once, gone without a trace. What it refuses is in
// test/unit/cmd/transparent.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canRedirect, runIsolated } from '../support/namespace.ts';
import { EMAIL } from '../support/samples.ts';
import type { TransparentScene } from './scenes/transparent.ts';

describe.skipIf(!canRedirect)('transparent', () => {
  let scene: TransparentScene;
  beforeAll(async () => {
    scene = (await runIsolated(join(import.meta.dirname, 'scenes/transparent.ts'), {
      addresses: ['9.9.9.9'],
      hosts: ['9.9.9.9 api.anthropic.com'],
      hasUsers: true,
      limitMs: 55_000,
    })) as TransparentScene;
  }, 60_000);

  test('a program without proxy variables is masked', () => {
    expect(scene.said.on).toMatchObject({ code: 0, out: expect.stringContaining('HTTPS of user 1000 is redirected to port 8899') });
    expect(scene.said.redirected).toMatchObject({ code: 0, err: '' });
    expect(scene.provider.redirected).toHaveLength(1);
    expect(scene.provider.redirected![0]).not.toContain(EMAIL);
    expect(scene.said.redirected!.out).toContain(EMAIL);
  });

  test('the second time changes nothing', () => {
    expect(scene.said['on again']!.out).toContain('already');
    expect(scene.tables['on again']).toBe(scene.tables.on!);
    expect(scene.journal['on again']).toEqual(scene.journal.on);
    expect(scene.journal.on).toHaveLength(1);
  });

  test('what is shown is what is put in place', () => {
    expect(scene.said.shown!.out).toContain('meta skuid { 1000 } tcp dport 443 redirect to :8899');
    expect(scene.tables.shown).toBe('');
  });

  test('status says what is in force, and what is no longer', () => {
    expect(JSON.parse(scene.said.status!.out)).toMatchObject({
      change: expect.stringContaining('user 1000'),
      isDone: true,
      inForce: true,
      doors: expect.arrayContaining(['127.0.0.1:8899']),
    });
    expect(scene.said['status without table']!.out).toContain('the table is not there');
    expect(scene.said['status without daemon']!.out).toContain('no daemon is running: what is redirected is refused');
  });

  test('after a restart of the machine it is put in place anew', () => {
    expect(scene.said['on after a restart']).toMatchObject({ code: 0 });
    expect(scene.tables['on after a restart']).toContain('redirect to :8899');
    expect(scene.journal['on after a restart']).toEqual(scene.journal.on);
  });

  test('a cgroup', ({ skip }) => {
    if (!scene.hasCgroups) skip();
    expect(scene.said.cgroup).toMatchObject({ code: 0 });
    expect(scene.tables.cgroup).not.toContain('skuid');
    expect(scene.provider['in the cgroup']).toHaveLength(1);
    expect(scene.provider['in the cgroup']![0]).not.toContain(EMAIL);
  });

  test('without a daemon nothing leaves', () => {
    expect(scene.said['without a daemon']).toMatchObject({ code: 7, err: expect.stringContaining('onnect') });
  });

  test('off takes it away, with nothing left', () => {
    expect(scene.said.off).toMatchObject({ code: 0 });
    expect(scene.tables.off).toBe('');
    expect(scene.journal.off).toEqual([]);
    expect(scene.journal['off after the cgroup'] ?? []).toEqual([]);
    expect(scene.said['off again']).toMatchObject({ code: 0, out: expect.stringContaining('nothing is redirected') });
  });
});
