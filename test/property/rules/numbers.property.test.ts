// Numbers with check digits: any that is right is found beside its name, and none with one digit changed, where the check decides.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidCnpj } from '../../../src/rules/detectors/cnpj.ts';
import { isValidCpf } from '../../../src/rules/detectors/cpf.ts';
import { isValidIban } from '../../../src/rules/detectors/iban.ts';
import { findSecrets } from '../../../src/rules/masking/scan.ts';
import { passesLuhn } from '../../../src/rules/masking/surroundings.ts';

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(''));
const changed = (text: string, at: number) => text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
const ends = (head: string, length: number, isValid: (text: string) => boolean) => {
  for (let n = 0; n < 10 ** length; n++) {
    const whole = head + String(n).padStart(length, '0');
    if (isValid(whole)) return whole;
  }
  throw new Error(`no check digits for ${head}`);
};
const isMonotone = (text: string) => /^(.)\1*$/.test(text);
const found = (text: string) => findSecrets(text, ['cpf', 'cnpj', 'credit_card', 'iban']).map((f) => text.slice(f.start, f.end));

describe('check digits', () => {
  it('of a CPF decide where it has no punctuation', () => {
    fc.assert(
      fc.property(digits(9), fc.integer({ min: 9, max: 10 }), (head, at) => {
        const cpf = ends(head, 2, isValidCpf);
        fc.pre(!isMonotone(cpf));
        expect(found(`cpf: ${cpf}.`)).toEqual([cpf]);
        const dotted = `${cpf.slice(0, 3)}.${cpf.slice(3, 6)}.${cpf.slice(6, 9)}-${cpf.slice(9)}`;
        expect(found(`(${dotted})`)).toEqual([dotted]);
        expect(isValidCpf(changed(cpf, at))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('of a CNPJ decide, with letters too', () => {
    const alnum = fc
      .array(fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'), { minLength: 12, maxLength: 12 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(alnum, (head) => {
        const cnpj = ends(head, 2, isValidCnpj);
        fc.pre(!isMonotone(cnpj) && /\d/.test(head) && /[A-Z]/.test(head));
        expect(found(`CNPJ: ${cnpj} `)).toEqual([cnpj]);
        expect(isValidCnpj(changed(cnpj, 13))).toBe(false);
        expect(isValidCnpj(changed(cnpj, 12))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('of a card and of an account', () => {
    fc.assert(
      fc.property(digits(14), fc.nat(15), (head, at) => {
        const card = ends(`4${head}`, 1, passesLuhn);
        fc.pre(!isMonotone(card));
        expect(found(card)).toEqual([card]);
        expect(found(changed(card, at).replace(/^5/, '4'))).toEqual(at === 0 ? [card] : []);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(digits(18), fc.nat(17), (account, at) => {
        const own = [...Array(97).keys()].map((n) => `DE${String(n + 2).padStart(2, '0')}${account}`).find(isValidIban)!;
        expect(found(`pay ${own} now`)).toContain(own);
        expect(isValidIban(own.slice(0, 4) + changed(own.slice(4), at))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
