import { describe, expect, it } from 'vitest';
import { email } from '../../../../src/rules/detectors/email.ts';
import { createScanner } from '../../../../src/rules/masking/scan.ts';

const scanner = createScanner([email]);
const found = (text: string) => scanner.text(text).map((f) => text.slice(f.start, f.end));

describe('an e-mail address', () => {
  it.each([
    ['bob@example.com.', ['bob@example.com']],
    ['bob@example.com-2024', ['bob@example.com']],
    ['bob@example.com_backup', ['bob@example.com']],
    ['...bob@example.com', ['bob@example.com']],
    ['-bob@example.com', ['bob@example.com']],
    ['_bob@example.com', ['_bob@example.com']],
    ['BOB@EXAMPLE.COM', ['BOB@EXAMPLE.COM']],
    ['bob@xn--e1afmkfd.xn--p1ai', ['bob@xn--e1afmkfd.xn--p1ai']],
    ['x@163.com y@51.com', ['x@163.com', 'y@51.com']],
    ['mailto%3Abob%40example.com', ['bob%40example.com']],
    ['a%2Eb%40example.com', ['a%2Eb%40example.com']],
    ['100%bob@example.com', ['bob@example.com']],
    ['a:b:bob@example.com', ['bob@example.com']],
    ['dir/bob@example.com', ['bob@example.com']],
    ['bob@example.com:', ['bob@example.com']],
    ['bob@example.com:secret/x y', []],
    ['bob@example.com:./x', []],
    ['bob@example.com:~/x', []],
    ['hg@example.com', []],
    ['https://ana:bob@example.com', []],
    ['bob@-example.com', []],
    ['bob@example..com', []],
    ['bob@example.-x.com', []],
    ['bob@example.com.-x', ['bob@example.com']],
    ['bob@example.c', []],
    ['bob@example.com1', []],
    ['bob@example.map(x', []],
    ['bob@example.find(x', []],
    ['bob@7.x', []],
    [`${'a'.repeat(64)}@example.com`, [`${'a'.repeat(64)}@example.com`]],
    // A rule, dots that lead the eye or a token in a reply address made it longer than 64, and then it was not found at all.
    [`${'-'.repeat(70)}bob@example.com`, ['bob@example.com']],
    [`Name${'.'.repeat(80)}bob@example.com`, ['bob@example.com']],
    [`${'_'.repeat(300)}bob@example.com`, ['bob@example.com']],
    [`reply+${'A1b2'.repeat(20)}@reply.example.com`, [`reply+${'A1b2'.repeat(20)}@reply.example.com`]],
    [`${'a'.repeat(300)}@example.com`, ['aaaaaaaaa']],
    ['a..b@example.com', ['b@example.com']],
    ['a..@example.com', []],
    ['bob@example.com(x', ['bob@example.com']],
    ['https://ana%40example.com:x@example.com', ['ana%40example.com']],
    ['x@y%40example.com', []],
    [`bob@${'ab.'.repeat(130)}com`, ['bob@ab.ab']],
    // A domain that begins with a number was taken for a version.
    ['bob@3.example.com, x@2.mail.example.co.uk', ['bob@3.example.com', 'x@2.mail.example.co.uk']],
    ['package@1.2.3 pkg@1.2.3-beta.rc pkg@3.x.com pkg@4.17.com pkg@2.rc.1 pkg@1.2.example.com pkg@3.com', []],
    ['%40example.com', []],
    ['%3A%40example.com', []],
  ])('%s: %j', (text, expected) => {
    expect(found(text).map((hit) => (hit.length > 200 ? hit.slice(0, 9) : hit))).toEqual(expected);
  });
});
