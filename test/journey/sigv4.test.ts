// Requests that their client signs (SigV4) towards a server that checks the signature: masked and still accepted where the vault has the
// key, signed with the real key where the client has a placeholder, and as ever where it has neither.
import { describe, expect, test } from 'vitest';
import { firstValue } from '../../src/headers.ts';
import type { InjectRule } from '../../src/rules/policy.ts';
import { BEDROCK, INVOKE, isSignedBy, signedFields } from '../support/aws-signer.ts';
import type { TestDaemonOptions } from '../support/daemon.ts';
import { startWorld } from '../support/world.ts';

const OWN = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const STAND_IN = { accessKeyId: 'AKIASALLYPORTABCDEFG', secretAccessKey: 'anything' };
const TOKEN = 'session/token==';
const VALUE = ['$', '{credential:bedrock}'].join('');
const rule: InjectRule = {
  host: 'bedrock-runtime.*.amazonaws.com',
  sigv4: true,
  value: VALUE,
  entry: 'bedrock',
  replaces: STAND_IN.accessKeyId,
};
const MAIL = 'ann.tulip@mail.example.org';
const BODY = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 9,
  messages: [{ role: 'user', content: `to ${MAIL}` }],
});
const secrets = { [VALUE]: `${OWN.accessKeyId}:${OWN.secretAccessKey}` };
const known = { settings: { inject: [rule] }, secrets };

async function world(daemon: TestDaemonOptions) {
  const opened = await startWorld({
    daemon,
    provider: {
      override({ method, target, headers, body }, reply) {
        const isSound = isSignedBy(OWN, { method, target, headers, body });
        reply.json(isSound ? 200 : 403, isSound ? { content: [] } : { message: 'The request signature we calculated does not match' });
        return true;
      },
    },
  });
  const post = async (headers: readonly string[], body = BODY, target = INVOKE) => {
    const client = await opened.connect(BEDROCK);
    return client.request(`POST ${target}`, headers, body);
  };
  return { post, sent: () => opened.provider.capture.requests.at(-1)!, count: () => opened.provider.capture.requests.length };
}

describe('the client has the key, and the vault has it too', () => {
  test('what is masked is accepted, and nothing has moved', async () => {
    const { post, sent } = await world(known);
    const headers = signedFields(OWN, BODY);
    expect((await post(headers)).status).toBe(200);
    expect(sent().body.toString()).not.toContain('tulip');
    const changed = sent().headers.flatMap((text, i) => (text === headers[i] ? [] : [headers[i - 1]]));
    expect(changed.toSorted()).toEqual(['AUTHORIZATION', 'content-length', 'x-amz-content-sha256']);
    expect(sent().headers).toHaveLength(headers.length);
  });

  test('a value in a field that is signed is masked as well', async () => {
    const { post, sent } = await world(known);
    expect((await post(signedFields(OWN, BODY, { 'x-amzn-note': MAIL }))).status).toBe(200);
    expect(sent().headers.join()).not.toContain('tulip');
  });

  test('what is not edited leaves as it came, and a wrong body is found out', async () => {
    const { post, sent } = await world(known);
    const plain = BODY.replace(MAIL, 'nobody');
    const headers = signedFields(OWN, plain);
    expect((await post(headers, plain)).status).toBe(200);
    expect(sent().headers).toEqual(headers);
    expect((await post(headers, plain.replace('nobody', 'no-one'))).status).toBe(403);
  });
});

describe('the client has a placeholder', () => {
  test('the request is signed with the real key', async () => {
    const { post, sent } = await world({ ...known, secrets: { [VALUE]: `${secrets[VALUE]}:${TOKEN}` } });
    const reply = await post(signedFields(STAND_IN, BODY));
    expect(reply.status).toBe(200);
    expect(firstValue(sent().headers, 'x-amz-security-token')).toBe(TOKEN);
    expect(sent().headers.join()).not.toContain(STAND_IN.accessKeyId);
  });

  test('a session token of its own goes', async () => {
    const { post, sent } = await world(known);
    expect((await post(signedFields({ ...STAND_IN, sessionToken: 'stale' }, BODY))).status).toBe(200);
    expect(sent().headers.join()).not.toContain('stale');
  });

  test.each([
    ['missing', {}],
    ['no pair', { [VALUE]: 'AKIAIOSFODNN7EXAMPLE' }],
  ])('a key that is %s is a 502, and nothing leaves', async (_, none) => {
    const { post, count } = await world({ ...known, secrets: none });
    expect((await post(signedFields(STAND_IN, BODY))).status).toBe(502);
    expect(count()).toBe(0);
  });

  test('for other paths it is put nowhere', async () => {
    const { post, sent } = await world({ ...known, settings: { inject: [{ ...rule, paths: ['/other/*'] }], onAttestedBody: 'observe' } });
    const headers = signedFields(STAND_IN, BODY);
    expect((await post(headers)).status).toBe(403);
    expect(sent().headers).toEqual(headers);
  });
});

describe('the vault does not have the key of the client', () => {
  test.each([
    ['no key', { settings: { inject: [rule] } }],
    ['another', { settings: { inject: [rule] }, secrets: { [VALUE]: `AKIAOTHER:${OWN.secretAccessKey}` } }],
  ])('%s: a value that must be masked is refused', async (_, daemon) => {
    const { post, count } = await world(daemon);
    expect((await post(signedFields(OWN, BODY))).status).toBe(403);
    expect(count()).toBe(0);
  });
});

describe('a signature that cannot be made anew', () => {
  const plain = BODY.replace(MAIL, 'nobody');
  const scope = `${STAND_IN.accessKeyId}%2F20260131%2Feu-west-1%2Fbedrock%2Faws4_request`;
  const presigned = `${INVOKE}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${scope}&X-Amz-SignedHeaders=host&X-Amz-Signature=${'0'.repeat(64)}`;
  const swapped = (from: RegExp, to: string) => (body: string) => signedFields(STAND_IN, body).map((text) => text.replace(from, to));

  // A signature of ours over a form that we do not know would be wrong, and so would the client's over what we have changed.
  test.each<[string, (body: string) => readonly string[], string]>([
    ['in the target', () => ['Host', BEDROCK, 'Content-Type', 'application/json'], presigned],
    ['over a body in signed pieces', swapped(/^[0-9a-f]{64}$/, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'), INVOKE],
    ['for several regions', swapped(/AWS4-HMAC-SHA256/, 'AWS4-ECDSA-P256-SHA256'), INVOKE],
  ])('leaves as it came %s, and is refused where a value would have to be masked', async (_, headers, target) => {
    const { post, sent, count } = await world(known);
    expect((await post(headers(plain), plain, target)).status).toBe(403);
    expect([sent().target, sent().headers.slice(0, headers(plain).length), sent().body.toString()]).toEqual([
      target,
      headers(plain),
      plain,
    ]);
    const denied = await post(headers(BODY), BODY, target);
    expect([denied.status, count()]).toEqual([403, 1]);
    expect(denied.body.toString()).toContain('rule-denied');
  });

  test('is refused where a field it covers ends here, or a key goes elsewhere into the request', async () => {
    const te = signedFields(OWN, plain, { te: 'trailers' });
    const without = await world({ settings: { inject: [{ ...rule, sigv4: undefined, json: ['max_tokens'], replaces: 'dummy' }] } });
    expect((await without.post(te, plain)).status).toBe(403);
    expect((await without.post(signedFields(OWN, plain), plain)).status).toBe(200);
    expect(without.count()).toBe(1);
    const key = { ...rule, sigv4: undefined, json: ['key'], replaces: 'dummy', value: 'real' };
    const both = await world({ settings: { inject: [key] }, secrets: { real: 'real' } });
    const body = JSON.stringify({ key: 'dummy' });
    expect((await both.post(signedFields(OWN, body), body)).body.toString()).toContain('not what its client signed');
    expect(both.count()).toBe(0);
  });

  test('and one that can is made anew where a field it covers ends here', async () => {
    const { post, sent } = await world(known);
    expect((await post(signedFields(OWN, plain, { te: 'trailers' }), plain)).status).toBe(200);
    expect(sent().headers.join()).not.toContain('trailers');
  });
});
