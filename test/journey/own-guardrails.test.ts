// Guardrails of the user's own, good and bad, through the daemon.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EMAIL } from '../support/samples.ts';
import { startWorld } from '../support/world.ts';

const PATH = '/v1/messages';
const HOST = 'api.anthropic.com';
const body = (words: string) => ({ model: 'm', messages: [{ role: 'user', content: words }] });

function moduleOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sp-own-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'mine.mjs');
  writeFileSync(file, text);
  return file;
}

const own = (module: string, onFault: 'deny' | 'pass', deadlineMs = 30_000) => ({
  guardrails: { own: [{ name: 'mine', module, onFault, deadlineMs, rank: 50 }] },
});

const WORD = `export default ({ segments, ...rest }) => {
  const text = segments.map((one) => one.provenance + ':' + one.text).join();
  if (text.includes('shark')) return { action: 'deny', reason: 'no sharks' };
  return { action: 'warn', reason: JSON.stringify(rest) + text + Object.keys(process.env).length };
};`;

test('sees what is new, after masking, and refuses each time', async () => {
  const world = await startWorld({ daemon: { settings: own(moduleOf(WORD), 'deny') } });
  expect((await world.post(HOST, PATH, body(`write to ${EMAIL}`))).status).toBe(200);
  const said = world.daemon.log.map((line) => JSON.parse(line)).find((line) => line.guardrail === 'mine');
  expect(said.reason).toContain('"stage":"body","provider":"anthropic","endpoint":"messages","host":"api.anthropic.com"');
  expect(said.reason).toMatch(/user:write to .*0$/);
  expect(said.reason).not.toContain(EMAIL);
  const turn = [
    { role: 'user', content: 'a' },
    { role: 'user', content: 'b' },
  ];
  for (const n of [1, 2]) await world.post(HOST, PATH, { model: 'm', messages: turn.slice(0, n) });
  expect(world.daemon.log.some((line) => line.includes('user:a,'))).toBe(false);
  expect(world.daemon.log.some((line) => line.includes('user:b'))).toBe(true);
  for (let i = 0; i < 2; i++) {
    const reply = await world.post(HOST, PATH, body('a shark'));
    expect([reply.status, reply.text.includes('mine'), reply.text.includes('shark')]).toEqual([403, true, false]);
  }
  expect(world.daemon.proxy.status().totals['guardrail:mine:deny']).toBe(2);
});

const LONG = 30_000;
const BAD: readonly [name: string, text: string | undefined, deadlineMs: number][] = [
  ['is not there', undefined, LONG],
  ['cannot be loaded', 'throw new Error("at once")', LONG],
  ['exports no function', 'export default 1', LONG],
  ['throws', 'export default () => { throw new Error("secret words") }', LONG],
  ['hangs', 'export default () => { for (;;); }', 200],
  ['never answers', 'export default () => new Promise(() => {})', 200],
  ['answers nonsense', 'export default () => 7', LONG],
  ['answers what cannot be told', 'export default () => () => 1', LONG],
  ['ends its process', 'export default () => process.exit(0)', LONG],
  ['fills its memory', 'export default () => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())); }', LONG],
];

describe.each(BAD)('a module that %s', (_, text, deadlineMs) => {
  test('lets pass or refuses, as it was told to, and is complained of once', async () => {
    const file = text === undefined ? '/nowhere/mine.mjs' : moduleOf(text);
    const world = await startWorld({ daemon: { settings: own(file, 'pass', deadlineMs) } });
    for (let i = 0; i < 2; i++) expect((await world.post(HOST, PATH, body(`words ${i}`))).status).toBe(200);
    world.daemon.reload(own(file, 'deny', deadlineMs));
    for (let i = 0; i < 2; i++) expect((await world.post(HOST, PATH, body(`words ${i}`))).status).toBe(403);
    const lines = world.daemon.log.filter((line) => line.includes('a guardrail of your own failed'));
    expect(lines.map((line) => JSON.parse(line).onFault)).toEqual(['pass', 'deny']);
    expect(lines.join()).not.toContain('words');
    expect(world.daemon.proxy.status().totals['guardrail:mine:fault']).toBe(4);
  });
});

test('a reload loads the module that is there now', async () => {
  const file = moduleOf('export default () => ({ action: "deny" })');
  const world = await startWorld({ daemon: { settings: own(file, 'deny') } });
  expect((await world.post(HOST, PATH, body('a'))).status).toBe(403);
  writeFileSync(file, 'export default () => ({ action: "pass" })');
  world.daemon.reload(own(file, 'deny'));
  expect((await world.post(HOST, PATH, body('a'))).status).toBe(200);
});
