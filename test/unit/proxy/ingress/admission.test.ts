// What a client brings, and who is asked for at all. How the proxy answers is in test/journey/who-may-use.test.ts.
import { describe, expect, test } from 'vitest';
import type { House } from '../../../../src/proxy/house.ts';
import { givenCredentials, userOf } from '../../../../src/proxy/ingress/admission.ts';
import { tellsUsers } from '../../../../src/proxy/ingress/peer-user.ts';

describe('credentials', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.each([
    ['Basic', `Basic ${base64('me:pä:ss')}`, 'me:pä:ss'],
    ['a scheme in any case', `BASIC   ${base64('me:')} `, 'me:'],
    ['Bearer', 'bearer sp_1_2_3', 'sp_1_2_3'],
    ['another scheme', 'Negotiate abc', undefined],
    ['what is not base64', 'Basic a b', undefined],
    ['a scheme alone', 'Basic', undefined],
    ['nothing', '', undefined],
  ])('by %s', (_, value, given) => {
    expect(givenCredentials(['Host', 'a', 'proxy-Authorization', value])).toBe(given);
  });

  test('that are given twice are not given', () => {
    const field = ['Proxy-Authorization', `Basic ${base64('me:x')}`];
    expect(givenCredentials([...field, ...field])).toBeUndefined();
    expect(givenCredentials([])).toBeUndefined();
  });
});

describe('the user of a connection', () => {
  const ask = async (remoteAddress: string | undefined) => {
    let asked = 0;
    const house = { options: { peerUser: async () => 1000 + asked++ } } as unknown as House;
    const user = userOf(house, { remoteAddress } as never);
    return [await user(), await user(), asked];
  };

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('is asked for once, of %s', async (address) => {
    expect(await ask(address)).toEqual([1000, 1000, 1]);
  });

  test.each(['192.0.2.1', '::ffff:192.0.2.127', '2001:db8::1', '1.127.0.1', undefined])(
    'is nobody beyond loopback: %s',
    async (address) => {
      expect(await ask(address)).toEqual(['absent', 'absent', 0]);
    },
  );

  test.runIf(process.platform === 'linux')('can be told on Linux', () => {
    expect(tellsUsers()).toBe(true);
  });
});
