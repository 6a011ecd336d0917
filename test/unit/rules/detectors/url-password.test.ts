import { describe, expect, it } from 'vitest';
import { urlPassword } from '../../../../src/rules/detectors/url-password.ts';
import { createScanner } from '../../../../src/rules/masking/scan.ts';

const scanner = createScanner([urlPassword]);
const found = (text: string) => scanner.text(text).map((f) => text.slice(f.start, f.end));

describe('a password in a URL', () => {
  it.each([
    ['https://user:pa55@[::1]:8080/', ['pa55']],
    ['https://user:a:b@host', ['a:b']],
    ['https://user:pa55@host@other.example/', ['pa55@host']],
    ['https://user:pa55@host/x@y', ['pa55']],
    ['https://user:%pa55@host', ['%pa55']],
    ['https://user:%s@host', []],
    ['https://user:abc@host', []],
    ['https://user:%(pw)s@host', []],
    ['https://user:$(cat x)@host', []],
    ['https://user:aaaa@host', []],
    ['https://user@host:8080/', []],
    ['https://user:my_password@host', []],
    ['https://user:REPLACE_ME@host', []],
    ['.://user:pa55@host', []],
    [`https://${'u'.repeat(300)}:pa55@host`, []],
    ['https://user:pa55@-', []],
    ['https://user:p@ss@-', []],
    [`https://user:pa55@h${'.x'.repeat(100)}@y`, ['pa55']],
  ])('%s: %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});
