import { expect, test } from 'vitest';
import { openLog, readable } from '../../src/log.ts';
import { REDACTED, redactText } from '../../src/log-redaction.ts';

function log(form: 'json' | 'line' = 'json', level = 'debug') {
  const lines: string[] = [];
  return { lines, logger: openLog({ level, form, sink: (l) => lines.push(l) }) };
}

const KEYS = [
  `sk-ant-api03-${'a1B2'.repeat(12)}`,
  `sk-${'x'.repeat(40)}`,
  'AKIAIOSFODNN7EXAMPLE',
  `AIza${'Sy'.repeat(17)}x`,
  `ghp_${'q'.repeat(36)}`,
  `github_pat_${'q'.repeat(40)}`,
  `eyJhbGciOiJIUzI1NiJ9.${'p'.repeat(30)}.${'s'.repeat(20)}`,
  'Bearer abcdef123',
  '-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----',
];

test.each(KEYS)('%s leaves no trace wherever it stands', (key) => {
  const { lines, logger } = log();
  logger.info({ deep: [{ note: `before ${key} after` }], err: new Error(`bad ${key}`, { cause: new Error(key) }) }, `said ${key}`);
  const text = lines.join('');
  expect(text).toContain(REDACTED);
  expect(JSON.parse(text).deep[0].note).toBe(`before ${REDACTED} after`);
  for (let i = 0; i + 12 <= key.length; i += 6) expect(JSON.parse(text).msg).not.toContain(key.slice(i, i + 12));
  expect(JSON.stringify(JSON.parse(text).err.chain)).not.toContain(key.slice(4, 20));
});

test('values under telling names go whole, in objects and in flat header arrays', () => {
  const { lines, logger } = log();
  logger.info({
    headers: ['Host', 'a', 'X-Api-Key', 'short', 'Cookie', 'c=1', 'authorization', 'x'],
    req: { 'Proxy-Authorization': 'y', proxy_auth: 'u:p', password: 7 },
  });
  const entry = JSON.parse(lines[0]!);
  expect(entry.headers).toEqual(['Host', 'a', 'X-Api-Key', REDACTED, 'Cookie', REDACTED, 'authorization', REDACTED]);
  expect(entry.req).toEqual({ 'Proxy-Authorization': REDACTED, proxy_auth: REDACTED, password: REDACTED });
});

test('credentials in a URL go, the URL stays', () => {
  expect(redactText('via http://user:pa55@corp.example.com:3128/x')).toBe(`via http://${REDACTED}@corp.example.com:3128/x`);
});

test('prose and ids stay', () => {
  for (const text of [
    'task-skipped because of risk-assessment',
    'sk-short',
    'a basic idea',
    '2026-11-21T10:00:00.000Z',
    'x-9f2k4j',
    'http://[::1]:80/',
  ])
    expect(redactText(text)).toBe(text);
});

test('JSON: one object a line with level, time and cause chain', () => {
  const { lines, logger } = log();
  logger.warn(
    { err: Object.assign(new Error('outer', { cause: Object.assign(new TypeError('inner'), { code: 'ENOSPC' }) }), { code: 7 }) },
    'went wrong',
  );
  const entry = JSON.parse(lines[0]!);
  expect(entry).toMatchObject({ level: 'warn', msg: 'went wrong', err: { chain: ['Error 7: outer', 'TypeError ENOSPC: inner'] } });
  expect(Date.parse(entry.time)).toBeGreaterThan(0);
  logger.error({ err: 'text' });
  expect(JSON.parse(lines[1]!).err).toBe('text');
});

test('a line for people cannot be forged by what is logged', () => {
  const { lines, logger } = log('line');
  logger.info({ host: 'a b', n: 3, path: '/x' }, 'one\ntwo \u001b[31m');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}one\\x0atwo \\x1b\[31m host="a b" n=3 path=\/x\n$/);
});

test('level, and a sink that fails hurts nobody', () => {
  const { lines, logger } = log('json', 'error');
  logger.info('no');
  expect(lines).toEqual([]);
  const broken = openLog({
    level: 'info',
    form: 'json',
    sink: () => {
      throw new Error('ENOSPC');
    },
  });
  expect(() => broken.info('x')).not.toThrow();
  expect(readable({ level: 'info', time: '2026-01-01T01:02:03.000Z' })).toBe('01:02:03 info');
});
