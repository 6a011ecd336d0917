// Secrets known by the names they are given, by their vendors' letters, and by where they stand. All values are made up.
import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../../../src/rules/masking/scan.ts';
import { secretName } from '../../../../src/rules/masking/secret-name.ts';
import { isNoSecret, isPassword, isRandom } from '../../../../src/rules/masking/secret-value.ts';

const found = (text: string) => findSecrets(text, ['secrets']).map((f) => `${f.detector.name}: ${text.slice(f.start, f.end)}`);

describe('a value that a name calls a secret', () => {
  it.each([
    ['if (password !== "logmein") return', ['assigned-secret: logmein']],
    ['if (pwd == "openSesame") x', ['assigned-secret: openSesame']],
    ['setopt(curl, CURLOPT_PASSWORD, "KiAS8CRiGF");', ['assigned-secret: KiAS8CRiGF']],
    ['login(password, "md5sum")', []],
    ['login(password, "p4ss!word")', ['assigned-secret: p4ss!word']],
    ['the password is hunter2', []],
    ['SAUCE_ACCESS_KEY=2523b913-f2e3-4927-d6bd-924fcf2bb3cd', ['assigned-secret: 2523b913-f2e3-4927-d6bd-924fcf2bb3cd']],
    ['BUILD_TOKEN=2523b913-f2e3-4927-d6bd-924fcf2bb3cd', []],
    ['{a:1,apiKey:"4c1d9e27b06f8a35d2e791c4f60b83a5",b:2}', []],
    ['"apiKey": "4c1d9e27b06f8a35d2e791c4f60b83a5"', ['assigned-secret: 4c1d9e27b06f8a35d2e791c4f60b83a5']],
    ['password = "unfinished8', []],
    ['password: ab1', []],
    [`token = "${'aB3'.repeat(90)}"`, []],
    ['token: abcd1234efgh5678ijkl9012(x)', []],
    ['token = user.accessToken1234567890abcdef', []],
    ['secret_key=s3cr3t.value', []],
    ['key:password:s3cr3tV4lue', []],
    ['secret=aB3dE5gH7jK9mN1pQ3 and the password; that', ['assigned-secret: aB3dE5gH7jK9mN1pQ3']],
    ['apiKey:"4c1d9e27b06f8a35d2e791c4f60b83a5"', ['assigned-secret: 4c1d9e27b06f8a35d2e791c4f60b83a5']],
    ['if (password == hunter2x)', []],
    ['let the.password = hunter2x', []],
    ['run --password morQt482Lk! now', ['assigned-secret: morQt482Lk!']],
    ['a.password = "morQt482Lk!"', ['assigned-secret: morQt482Lk!']],
    ['let a.password = "morQt482Lk!"', ['assigned-secret: morQt482Lk!']],
    ['let a.password = "rightaway"', []],
    ['DB_PASSWORD=hunter2', ['assigned-secret: hunter2']],
    ['password: string1', []],
    ['my DB_PASSWORD is eGUtpaPRgUVlxCgM and', ['assigned-secret: eGUtpaPRgUVlxCgM']],
    ['const password: string = "Vr8kk20plQ"', ['assigned-secret: Vr8kk20plQ']],
    ['loaded TOKEN → DKlVEKpktG8XpMiUq2', ['assigned-secret: DKlVEKpktG8XpMiUq2']],
  ])('%j: %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('the name of a secret', () => {
  it.each([
    ['dbPassword', 'password'],
    ['DB_PASSWORD', 'password'],
    ['client-secret', 'password'],
    ['x-api-key', 'key'],
    ['STRIPE_KEY', 'key'],
    ['accessToken', 'key'],
    ['public_key', undefined],
    ['max_tokens', undefined],
    ['keyboard', undefined],
    ['secretName', undefined],
    ['passenger', undefined],
    ['author', undefined],
    ['token.ts', undefined],
  ])('%s: %s', (name, expected) => {
    expect(secretName(name)).toBe(expected);
    expect(secretName(name)).toBe(expected);
  });

  it('is read anew when too many were met', () => {
    for (let i = 0; i < 5000; i++) secretName(`token${'x'.repeat(i % 7)}_${i}`);
    expect(secretName('api_key')).toBe('key');
  });
});

describe('a value', () => {
  it.each([
    '279ec241cd8aceb75e96362876be2d43',
    'aB3dE5gH7jK9mN1p',
    'eGUtpaPRgUVlxCgM',
    '4y4332on7grhkqsqzhdh2eb',
    'a1b2-c3d4e5f6a7b8c9d0e1f2',
    '3d640ebc11aa360c7083',
    'sBy+XqPwRtK=UzKkMxQ',
  ])('that a machine made: %s', (value) => {
    expect(isRandom(value)).toBe(true);
  });

  it.each([
    'aaaaaaaaaaaaaaaaaaaa',
    '00000000000000000000abcdef',
    'my-service-account-key',
    'NEXUS-GPT4-API-KEY',
    '12345678901234567890',
    'deadbeefdeadbeefdead',
    'short',
    'user.address.zip.code2',
    '--------------------',
    '00000000-0000-0000-0000-000000000000',
    'lowercasewordswithoutend',
  ])('that no machine made: %s', (value) => {
    expect(isRandom(value)).toBe(false);
  });

  it.each(['hunter2', 'p@ssw0rd', 'eGUtpaPRgUVlxCgM', 'snow!fall', 'Abc-123!x', 'my-s3cr3t9k2q-x8y7z6w5'])(
    'that may be a password: %s',
    (value) => {
      expect(isPassword(value)).toBe(true);
    },
  );

  it.each(['abc', 'with space1', '12345678', 'password', 'my-service.key', 'x'.repeat(65), '1!2!3!4!'])('that is none: %s', (value) => {
    expect(isPassword(value)).toBe(false);
  });

  it.each([
    '$HOME',
    '$' + '{VAR}',
    '{{x}}',
    '<token>',
    'process.env.X',
    './key.pem',
    'https://x.test/a',
    'changeme',
    'your-key-here',
    'aaaaaa',
    'x'.repeat(9),
  ])('that stands for something else: %s', (value) => {
    expect(isNoSecret(value)).toBe(true);
  });
});

describe('tokens of vendors', () => {
  it.each([
    ['lin_api_U1foaELhAsUcrkrYVV5mWzMsd1HBm9SABboDcQ3V', ['vendor-token: lin_api_U1foaELhAsUcrkrYVV5mWzMsd1HBm9SABboDcQ3V']],
    ['pat-na1-12345678-1234-1234-1234-123456789012', ['vendor-token: pat-na1-12345678-1234-1234-1234-123456789012']],
    [`figd_${'aB3'.repeat(30)}`, []],
    ['/ico-7a388b69018576d24b59331fd60aab0c', []],
    ['ico-7a388b69018576d24b59331fd60aab0c.png', []],
    ['ico-abcdefghijklmnopqrstuvwxyzabcdef', []],
    ['API-BIKUA5IB3W6CCFVXS3YGAJJKCJ', ['vendor-token: API-BIKUA5IB3W6CCFVXS3YGAJJKCJ']],
    ['hf_FakeFakeFakeFakeFakeFakeFakeFakeFa', []],
    ['1a2f4f6d95e827df44486b3c9e71a8e98-us18', []],
    [`${'a1b2c3d4e5'.repeat(3)}f6a7b8NRAL`, [`token-shape: ${'a1b2c3d4e5'.repeat(3)}f6a7b8NRAL`]],
    ['curl -u 1000:2000 https://x.test', []],
    ['Authorization: Token Zk3v9QpL2xW8', ['authorization: Zk3v9QpL2xW8']],
    ['Authorization: Basic aaaabbbbcccc', []],
  ])('%j: %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});
