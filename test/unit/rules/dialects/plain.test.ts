// The two dialects without a known body: connect and opaque scan everything and stream nothing.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { connect } from '../../../../src/rules/dialects/connect.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { sortStrings } from '../../../support/opaque-strings.ts';

describe.each([connect, opaque])('$name', (dialect) => {
  test('has every string scanned and none for a piece', () => {
    expect(sortStrings(dialect, { id: 'a', data: 'b', list: ['c', { type: 'd' }] })).toEqual({ opaque: [], scanned: ['a', 'b', 'c', 'd'] });
    expect(dialect.pieces({ delta: 'x' })).toEqual([]);
    expect(dialect.ends({ type: 'error' })).toEqual([]);
  });
});

test('an error of connect has a Connect code', () => {
  const code = (fault: Fault) => JSON.parse(connect.errorBody(fault, 'x-1').body).code;
  expect(code(new Fault('rule-denied'))).toBe('permission_denied');
  expect(code(new Fault('misdirected'))).toBe('invalid_argument');
  expect(code(new Fault('draining'))).toBe('unavailable');
  expect(JSON.parse(connect.errorBody(new Fault('draining'), 'x-1').body).message).toContain('[draining, exchange x-1]');
});

test('an error of opaque is small', () => {
  expect(JSON.parse(opaque.errorBody(new Fault('target-refused'), 'x-1').body)).toEqual({
    error: {
      code: 'target-refused',
      message: 'Sallyport: This target is not allowed through the proxy. [target-refused, exchange x-1]',
      id: 'x-1',
    },
  });
});
