// Keys of vendors: what looks odd is said without the key, and what stands for one passes for one.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KEY_SHAPES, lintKey, shapeFor, standInFor } from '../../../src/rules/key-shapes.ts';

describe('a key', () => {
  test.each([
    ['api.openai.com', `sk-${'a'.repeat(40)}`, undefined],
    ['api.openai.com', 'sk-short', 'a key for api.openai.com is sk- and 40 characters or more in all; this is not'],
    ['api.anthropic.com', `sk-ant-api03-${'a'.repeat(30)}`, undefined],
    ['api.anthropic.com', `sk-${'a'.repeat(40)}`, 'a key for api.anthropic.com is sk-ant- and 20 characters or more; this is not'],
    ['bedrock-runtime.eu-west-1.amazonaws.com', 'AKIAIOSFODNN7EXAMPLE', undefined],
    ['x.test', 'AKIA123', 'an AWS access key id has exactly 20 characters; this has 7'],
    ['x.test', 'any thing', 'it holds white space: was more copied than the key?'],
    ['x.test', '"quoted"', 'it stands in quotes, which are hardly part of it'],
    ['x.test', 'whatever', undefined],
  ])('for %s: %s', (host, value, line) => {
    expect(lintKey(value, [host])).toBe(line);
  });

  test('is never repeated', () => {
    for (const { hosts } of KEY_SHAPES) expect(lintKey('tulip-7', hosts) ?? '').not.toContain('tulip');
  });
});

describe('what stands for one', () => {
  test.each(KEY_SHAPES.map((shape) => [shape.name, shape] as const))(
    'of %s has its form, and is another each time',
    (_, { hosts, form }) => {
      const [one, two] = [standInFor(hosts, randomBytes(256)), standInFor(hosts, randomBytes(256))];
      expect(one).toMatch(form);
      expect(one).not.toBe(two);
      expect(lintKey(one, hosts)).toBeUndefined();
    },
  );

  test('of nobody that is known is one word', () => {
    expect(standInFor(['x.test'], randomBytes(256))).toMatch(/^sallyport-SALLYPORT[A-Za-z0-9]{29}$/);
    expect(shapeFor(['x.test'])).toBeUndefined();
  });
});
