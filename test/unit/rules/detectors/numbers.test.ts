// Numbers of persons, companies, cards and accounts: what counts, what does not, and where each ends.
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../../src/rules/masking/kinds.ts';
import { findSecrets } from '../../../../src/rules/masking/scan.ts';

const found = (text: string) => findSecrets(text, KINDS).map((f) => `${f.detector.name}: ${text.slice(f.start, f.end)}`);

describe('telephone numbers', () => {
  it.each([
    ['+1 212 555 2368 and +44 20 7946 0958', ['phone: +1 212 555 2368', 'phone: +44 20 7946 0958']],
    ['call +49 (30) 901820-12', ['phone: +49 (30) 901820-12']],
    // Too long for its country as a whole: the last group is of something else.
    ['tel +1 212 555 2368 99 1234', ['phone: +1 212 555 2368']],
    ['+1 212 555 2368x', []],
    ['+12125552368abc', []],
    ['phone: (212) 555-2368 ext. 12', ['phone: (212) 555-2368 ext. 12']],
    ['09171234567', ['phone: 09171234567']],
    ['id 09171234567', []],
    ['mobile 2125552368 1234567890123', ['phone: 2125552368']],
    ['phone 12 34 56', []],
    ['phone 2125552368a', []],
    ['fax 000-000-0000', []],
    ['phone 999-999-9999', []],
    ['ticket phone 212-555-2368', []],
    ['ext (212) 555-2368', ['phone: (212) 555-2368']],
    ['tel.: + 49 30 901820', ['phone: + 49 30 901820']],
    ['phone 12345678901234', []],
    ['+212 555', []],
    ['+1 000 555 2368', []],
    ['tel. +1 000 555 2368', ['phone: +1 000 555 2368']],
    ['+000 1234567', []],
    ['+999 12345678 x', []],
  ])('%j: %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});

describe('numbers of persons and companies', () => {
  it.each([
    ['cpf 39053344705', ['cpf: 39053344705']],
    // Its first check digit would be ten, which is written as nought.
    ['cpf 10000000019', ['cpf: 10000000019']],
    ['cpf: 111.444.777-35', ['cpf: 111.444.777-35']],
    ['cnpj 11222333000181', ['cnpj: 11222333000181']],
    ['/1234-56', []],
    ['ssn 536 22 8726', ['ssn: 536 22 8726']],
    ['536228726', ['ssn: 536228726']],
    ['card 5019717010103742', ['credit-card: 5019717010103742']],
    ['5019717010103742', []],
    ['card 3782-822463-10006', ['credit-card: 3782-822463-10006']],
    ['6304-0000-0000-0001', []],
    ['6304-0000-0000-0000 card', ['credit-card: 6304-0000-0000-0000']],
    ['GB29 NWBK 6016 1331 9268 19', ['iban: GB29 NWBK 6016 1331 9268 19']],
    ['GB29_NWBK60161331926819', []],
    ['GB29 NWBK 6016 1331 9268 1', []],
  ])('%j: %j', (text, expected) => {
    expect(found(text).filter((one) => !one.startsWith('national-id'))).toEqual(expected);
  });
});

describe('national numbers', () => {
  it.each([
    ['NHS 943 476 5919', '943 476 5919'],
    ['identity number 8001015009087', '8001015009087'],
    ['IdNr. 86095742719', '86095742719'],
    ['thai id 1-2345-67890-12-3', '1-2345-67890-12-3'],
    ['FIN M1234567K', 'M1234567K'],
    ['NIE X1234567L', 'X1234567L'],
    ['aadhaar 2345 6789 0123', '2345 6789 0123'],
    ['TFN 123 456 782', '123 456 782'],
    ['medicare 2123 45670 1', '2123 45670 1'],
    ['ABN 51 824 753 556', '51 824 753 556'],
    ['ACN 004 085 616', '004 085 616'],
    ['BSN 111222333', '111222333'],
    ['personnummer 811228-9874', '811228-9874'],
    ['kimlik 10000000146', '10000000146'],
    ['SIN 046 454 286', '046 454 286'],
    ['NIR 2 55 08 14 168 025 38', '2 55 08 14 168 025 38'],
    ['PIS 120.56412.54-5', '120.56412.54-5'],
    ['RUT 12.345.678-5', '12.345.678-5'],
    ['ITIN 912-70-1234', '912-70-1234'],
    ['driver license D1234567', 'D1234567'],
    ['CURP GOMC800101HDFRRL09', 'GOMC800101HDFRRL09'],
    ['RFC GOMC800101AB1', 'GOMC800101AB1'],
    ['nino AB 12 34 56 C', 'AB 12 34 56 C'],
    ['codice fiscale RSSMRA85T10A562S', 'RSSMRA85T10A562S'],
    ['PAN ABCPE1234F', 'ABCPE1234F'],
  ])('are found in %j', (text, expected) => {
    expect(found(text).filter((one) => one.startsWith('national-id'))).toEqual([expect.stringContaining(`: ${expected}`)]);
  });

  it.each([
    'identity number 8001015009088',
    'NHS 943 476 5918',
    'IdNr. 86095742718',
    'NIE X1234567A',
    'ABN 51 824 753 557',
    'BSN 111222334',
    'kimlik 10000000147',
    'NIR 2 55 08 14 168 025 39',
    'PIS 120.56412.54-8',
    'FIN M1234567L',
    'PESEL 44444444444',
  ])('are not found with a wrong digit, as in %j', (text) => {
    expect(found(text).filter((one) => one.startsWith('national-id'))).toEqual([]);
  });
});

describe('addresses of machines and wallets', () => {
  it.each([
    ['2804:25d:b7e2:a1c1:5b3c:8f89:5655', ['ip-address: 2804:25d:b7e2:a1c1:5b3c:8f89:5655']],
    ['at 2001:db8::1: x', ['ip-address: 2001:db8::1']],
    ['2001:db8::1.2.3.400', []],
    ['2001:db8::12345', []],
    ['1:2:3', []],
    ['::2001:db8:1', ['ip-address: ::2001:db8:1']],
    ['x2001:db8::1', []],
    ['82.117.64.203x', []],
    ['1.82.117.64.203', []],
    ['64:ff9b::82.117.64.203', ['ip-address: 64:ff9b::82.117.64.203']],
    ['3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', ['crypto-wallet: 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy']],
    // Too large for the bytes of an address.
    [`3${'z'.repeat(34)}`, []],
    ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', ['crypto-wallet: tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx']],
    ['passport M274B9183 x', ['passport: M274B9183']],
  ])('%j: %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });
});
