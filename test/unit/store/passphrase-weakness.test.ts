// What is refused as a passphrase: what everybody tries, what is short, what repeats itself.
import { expect, test } from 'vitest';
import { weakness } from '../../../src/store/passphrase-weakness.ts';

test.each([
  'changeme',
  'secret',
  'password',
  'Password',
  'PASSWORD123',
  'changeme1234!',
  'passwordpassword',
  'secret-secret-2026',
  'ｃｈａｎｇｅｍｅ',
  '123456789012',
  '98765432109876',
  'qwertyuiopasdfghjklzxcvbnm',
  'abcdefghijklmno',
  'qwertyuiop123',
])('%s is one that everybody tries', (text) => {
  expect(weakness(text)).toContain('everybody tries');
});

test.each(['', 'tulip sofa9', 'Gx7#pLq2'])('«%s» is too short', (text) => {
  expect(weakness(text)).toContain('too short');
});

test.each(['aaaaaaaaaaaaaaaa', 'xyxyxyxyxyxyxy', 'ab12ab12ab12ab12'])('%s repeats itself', (text) => {
  expect(weakness(text)).toContain('repeats itself');
});

test.each([
  'tulip harbour 9 sofa',
  'correct horse battery',
  '83920174650283',
  'a secret of my own garden',
  'Gx7#pLq2vN!s',
  'пароль для сейфа',
])('«%s» is taken', (text) => {
  expect(weakness(text)).toBeUndefined();
});
