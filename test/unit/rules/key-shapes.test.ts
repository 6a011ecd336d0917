// Keys of vendors: what looks odd is said without the key, and what stands for one passes for one.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { awsStandIn, KEY_SHAPES, lintAwsKey, lintKey, shapeFor, standInFor, variablesFor } from '../../../src/rules/key-shapes.ts';

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
    ['me.openai.azure.com', 'a1'.repeat(16), undefined],
    ['me.openai.azure.com', 'A1'.repeat(42), undefined],
    ['me.openai.azure.com', 'a1', 'a key for me.openai.azure.com is 32 hexadecimal digits, or 84 letters and digits; this is not'],
    ['me.openai.azure.com', 'https://me.openai.azure.com', 'it is an address, not a key: that belongs to the settings of the client'],
    ['me.openai.azure.com', '2024-10-21', 'it is the version of an API, not a key'],
    ['eu-aiplatform.googleapis.com', `ya29.${'a'.repeat(30)}`, undefined],
    [
      'aiplatform.googleapis.com',
      '{"type":"service_account"}',
      'it is a file of a service account or the like, not a key: keep what it gives out, such as by --reference',
    ],
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

describe('a pair of AWS', () => {
  const [id, secret] = ['AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'];
  test.each([
    [`${id}:${secret}`, undefined],
    [`${id.replace('AKIA', 'ASIA')}:${secret}:token`, undefined],
    [`${id.replace('AKIA', 'ASIA')}:${secret}`, 'a temporary pair (ASIA) needs its session token'],
    [id, 'a pair of AWS is ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN behind it if there is one; this is not'],
    [`${id}: ${secret}`, 'it holds white space: was more copied than the key?'],
    [`${id.toLowerCase()}:${secret}`, 'an AWS access key id begins with AKIA or ASIA; this does not'],
    [`${id}X:${secret}`, 'an AWS access key id has exactly 20 characters; this has 21'],
    [`${id}:${secret}X`, 'an AWS secret access key has exactly 40 characters; this has 41'],
  ])('%s', (value, line) => {
    expect(lintAwsKey(value)).toBe(line);
  });

  test('goes to a region that there is', () => {
    const lint = (host: string) => lintAwsKey(`${id}:${secret}`, [host]);
    expect(lint('bedrock-runtime.eu-west-1.amazonaws.com')).toBeUndefined();
    expect(lint('bedrock-runtime.us-gov-east-1.amazonaws.com')).toBeUndefined();
    expect(lint('bedrock-runtime.*.amazonaws.com')).toBeUndefined();
    expect(lint('bedrock-runtime.euwest1.amazonaws.com')).toBe('«euwest1» is no region of AWS, as eu-west-1 is');
  });

  test('is stood for by an access key id, another each time', () => {
    const [one, two] = [awsStandIn(randomBytes(64)), awsStandIn(randomBytes(64))];
    expect(one).toMatch(/^AKIASALLYPORT[A-Z2-7]{7}$/);
    expect(one).not.toBe(two);
  });
});

test.each([
  ['OPENAI_API_KEY', ['OPENAI_API_KEY', 'CODEX_API_KEY']],
  ['ANTHROPIC_API_KEY', ['ANTHROPIC_API_KEY']],
  ['AWS_ACCESS_KEY_ID', ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']],
  ['OWN', ['OWN']],
])('a key of %s is looked for under %j', (variable, all) => {
  expect(variablesFor(variable)).toEqual(all);
});
