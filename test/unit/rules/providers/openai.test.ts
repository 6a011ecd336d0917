// What codex's accounts/check names as origins of inference.
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { compilePolicy } from '../../../../src/rules/policy.ts';
import { openai } from '../../../../src/rules/providers/openai.ts';
import { routeOf } from '../../../../src/rules/route.ts';

const chatgpt = parseAuthority('chatgpt.com:443');
const get = (target: string) => ({ method: 'GET', target, headers: [], authority: 'chatgpt.com' });
const check = routeOf(chatgpt, openai, get('/backend-api/wham/accounts/check'));
const account = (workspace_backend_origin: unknown) => ({ id: 'a', workspace_backend_origin, account_routing_override: 'NO_CONSTRAINT' });

test.each<[unknown, string[]]>([
  [
    {
      account_ordering: ['a'],
      accounts: [account('https://chatgpt.com'), account('https://eu.chatgpt.com/'), account('https://chatgpt.com')],
    },
    ['https://chatgpt.com', 'https://eu.chatgpt.com'],
  ],
  [{ accounts: { a: { account: account('https://us.example.test:8443/path') } } }, ['https://us.example.test:8443']],
  [{ accounts: { a: account('https://us.example.test') } }, ['https://us.example.test']],
  [{ accounts: [account('NO_CONSTRAINT'), account(null), account('http://plain.test'), account('https://'), null] }, []],
  [{ accounts: 'none' }, []],
  [null, []],
])('%j names %j', (reply, origins) => {
  expect(openai.originsNamed!.read(reply)).toEqual(origins);
});

test('the origins are named by one endpoint', () => {
  expect(check.endpoint?.name).toBe(openai.originsNamed!.endpoint);
  expect(routeOf(chatgpt, openai, get('/backend-api/wham/settings/user')).endpoint?.name).toBeUndefined();
});

test('an origin under chatgpt.com is covered already', () => {
  const policy = compilePolicy({
    intercept: [],
    connectTo: [],
    connectPorts: [],
    allowPrivate: [],
    inject: [],
    mask: {},
    onAttestedBody: 'mask',
    maxBodyBytes: 1,
  });
  expect(policy.providerFor(parseAuthority('us.chatgpt.com', 443))).toBe(openai);
  expect(policy.providerFor(parseAuthority('us.api.openai.com', 443))).toBe(openai);
});
