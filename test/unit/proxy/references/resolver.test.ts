// References are resolved when needed, kept for a while, and asked for once however many wait; no failure tells a value.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { testResolver, writeIn } from '../../../support/references.ts';
import { startSecretServer } from '../../../support/secret-server.ts';

const VALUE = 'sk-value-0123456789';
const MINUTES = 60_000;

/** A Vault whose answers the test gives; `vault:kv/a#k` is asked from it. */
async function scripted(answers: (asked: number) => { readonly value: string; readonly lease?: number } | 'silent' | number) {
  let asked = 0;
  const server = await startSecretServer(() => {
    const answer = answers(++asked);
    if (answer === 'silent') return 'silent';
    if (typeof answer === 'number') return { status: answer, body: {} };
    return { body: { data: { data: { k: answer.value } }, lease_duration: answer.lease ?? 0 } };
  });
  const resolver = testResolver({ environment: { VAULT_ADDR: server.url, VAULT_TOKEN: 'hvs.token' } });
  return { resolver, server, asked: () => asked };
}
const REFERENCE = 'vault:kv/a#k';

test('a value is asked for at the first use, and again after five minutes', async () => {
  const { resolver, asked } = await scripted((n) => ({ value: `${VALUE}-${n}` }));
  expect(asked()).toBe(0);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-1`);
  resolver.clock.advance(5 * MINUTES - 1);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-1`);
  resolver.clock.advance(1);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-2`);
  expect(resolver.fetched).toEqual([
    [REFERENCE, `${VALUE}-1`],
    [REFERENCE, `${VALUE}-2`],
  ]);
});

test('a lease says how long instead, but for an hour at most', async () => {
  const { resolver, asked } = await scripted((n) => ({ value: VALUE, lease: n === 1 ? 30 : 1e9 }));
  await resolver.resolve(REFERENCE);
  resolver.clock.advance(30_000);
  await resolver.resolve(REFERENCE);
  expect(asked()).toBe(2);
  resolver.clock.advance(60 * MINUTES - 1);
  await resolver.resolve(REFERENCE);
  expect(asked()).toBe(2);
  resolver.clock.advance(1);
  await resolver.resolve(REFERENCE);
  expect(asked()).toBe(3);
});

test('what has ended is not kept in memory', async () => {
  const { resolver } = await scripted(() => ({ value: VALUE }));
  await resolver.resolve(REFERENCE);
  expect(resolver.clock.pending()).toBe(1);
  resolver.clock.advance(5 * MINUTES);
  expect(resolver.clock.pending()).toBe(0);
});

test('a machine that slept did not keep it longer', async () => {
  const { resolver, asked } = await scripted((n) => ({ value: `${VALUE}-${n}` }));
  await resolver.resolve(REFERENCE);
  resolver.clock.sleep(5 * MINUTES);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-2`);
  // The timer of the first does not end the second.
  resolver.clock.advance(5 * MINUTES - 1);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-2`);
  expect(asked()).toBe(2);
});

test('a failure is kept for five seconds', async () => {
  const { resolver, asked } = await scripted((n) => (n === 1 ? 503 : { value: VALUE }));
  const first = await resolver.trouble(REFERENCE);
  expect(first).toBe('vault:kv/a#k: Vault answered 503: it is sealed or starting');
  resolver.clock.advance(4_999);
  expect(await resolver.trouble(REFERENCE)).toBe(first);
  expect(asked()).toBe(1);
  resolver.clock.advance(1);
  expect(await resolver.resolve(REFERENCE)).toBe(VALUE);
});

test('all who ask at once wait for one answer', async () => {
  const { resolver, asked } = await scripted(() => ({ value: VALUE }));
  expect(await Promise.all(Array.from({ length: 20 }, () => resolver.resolve(REFERENCE)))).toEqual(Array(20).fill(VALUE));
  expect(asked()).toBe(1);
});

test('no answer within ten seconds is a failure', async () => {
  const { resolver, server } = await scripted(() => 'silent');
  const trouble = resolver.trouble(REFERENCE);
  await server.asked(1);
  resolver.clock.advance(10_000);
  expect(await trouble).toBe('vault:kv/a#k: there was no answer within 10 s');
  await server.left(1);
});

test('who leaves does not wait, the others do; when all have left the question is called off', async () => {
  const { resolver, server } = await scripted((n) => (n === 1 ? 'silent' : { value: VALUE }));
  const [one, two] = [new AbortController(), new AbortController()];
  const gone = new Fault('client-gone');
  const first = resolver.resolve(REFERENCE, one.signal);
  const second = resolver.resolve(REFERENCE, two.signal);
  await server.asked(1);
  one.abort(gone);
  await expect(first).rejects.toBe(gone);
  two.abort(gone);
  await expect(second).rejects.toBe(gone);
  await server.left(1);
  // Nothing of it is kept as a failure.
  expect(await resolver.resolve(REFERENCE)).toBe(VALUE);
  await expect(resolver.resolve(REFERENCE, two.signal)).rejects.toBe(gone);
});

test('forgetting sends the next question to the source, and what was under way is not kept', async () => {
  const { resolver, server, asked } = await scripted((n) => ({ value: `${VALUE}-${n}` }));
  await resolver.resolve(REFERENCE);
  resolver.forget();
  expect(resolver.clock.pending()).toBe(0);
  const under = resolver.resolve(REFERENCE);
  resolver.forget();
  expect(await under).toBe(`${VALUE}-2`);
  expect(await resolver.resolve(REFERENCE)).toBe(`${VALUE}-3`);
  expect(asked()).toBe(3);
  await server.asked(3);
});

test('what was forgotten under way is called off all the same when nobody waits', async () => {
  const { resolver, server } = await scripted(() => 'silent');
  const leaving = new AbortController();
  const under = resolver.resolve(REFERENCE, leaving.signal);
  await server.asked(1);
  resolver.forget();
  leaving.abort(new Fault('client-gone'));
  await expect(under).rejects.toThrow(Fault);
  await server.left(1);
});

test('closing ends what is under way', async () => {
  const { resolver, server } = await scripted(() => 'silent');
  const trouble = resolver.trouble(REFERENCE);
  await server.asked(1);
  resolver.close();
  expect(await trouble).toContain(REFERENCE);
  await server.left(1);
});

test.each([
  ['a line end inside', `${VALUE}\n${VALUE}`, 'holds a line end'],
  ['a control character', `${VALUE}\u0007`, 'holds a line end or another character'],
  ['a character beyond Latin-1', `${VALUE}€`, 'another character that no header may hold'],
  ['blanks alone', '   ', 'it is empty'],
  ['nothing', '', 'it is empty'],
])('a value with %s is refused by the name of its reference', async (_, value, why) => {
  const path = writeIn(scratchFolder(), 'key', value);
  const trouble = await testResolver().trouble(`file:${path}`);
  expect(trouble).toContain(`file:${path}: `);
  expect(trouble).toContain(why);
  expect(trouble).not.toContain(VALUE);
});

test.each([
  ['', 'begins with env:, file:'],
  ['sk-live-0123', 'begins with env:, file:'],
  ['evn:KEY', 'begins with env:, file:'],
  ['evn:0123', '(did you mean «env:»?)'],
  ['constructor:x', 'begins with env:, file:'],
  ['env:', 'env:NAME'],
  ['env:sk-live-0123', 'env:NAME'],
  ['file:key', 'file:/PATH or file:~/PATH'],
  ['exec:', 'exec:PROGRAM'],
  ['file:/0123\n', 'one line, without control characters'],
  ['exec:pass 0123\0', 'one line, without control characters'],
])('%j is no reference, and is not repeated', async (reference, why) => {
  const resolver = testResolver();
  const thrown = (() => {
    try {
      resolver.check(reference);
    } catch (fault) {
      return fault as Fault;
    }
  })();
  expect(thrown?.code).toBe('bad-request');
  expect(thrown?.detail).toContain(why);
  expect(thrown?.detail).not.toMatch(/0123|\n/);
  await expect(resolver.resolve(reference)).rejects.toEqual(thrown);
});

test('checking resolves nothing', () => {
  const resolver = testResolver({ environment: { KEY: VALUE } });
  resolver.check('env:KEY');
  resolver.check('env:NOT_SET');
  expect(resolver.fetched).toEqual([]);
});
