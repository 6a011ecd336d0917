// Bodies that are kept (`log: masked`): as they left and as they came, without any value, however they travel; nothing without an end, of a
// login, or of a profile that did not ask for it.
import { expect, test } from 'vitest';
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import { startWorld } from '../support/world.ts';

const MAIL = 'ann.tulip@mail.example.org';
const KEY = 'sk-real-7Qm2-tulip-and-maple';
const HOST = 'api.anthropic.com';

async function world(
  profile: Partial<Profile>,
  answer: unknown = { content: [{ type: 'text', text: `from bob@mail.example.org, ${KEY}` }] },
) {
  const opened = await startWorld({
    provider: {
      compress: 'gzip',
      override: (_, reply) => {
        reply.json(200, answer);
        return true;
      },
    },
    daemon: {
      profiles: [{ ...DEFAULT_PROFILE, ...profile }],
      vault: [{ name: 'k', hosts: [HOST], slots: [{ kind: 'header', name: 'x-api-key' }], placeholder: 'sk-ant-dummy', value: KEY }],
    },
  });
  const post = async (path: string, body: unknown) => {
    const reply = await opened.post(HOST, path, body, ['X-Api-Key', 'sk-ant-dummy']);
    await opened.daemon.record();
    return reply;
  };
  return { ...opened, post };
}
const message = (text: string) => ({ messages: [{ role: 'user', content: text }] });
const masked = { log: 'masked', maskedUntilMs: Date.now() + 60_000 } as const;

test('both are kept, masked, and the client gets its values back all the same', async () => {
  const { post, daemon } = await world(masked);
  const reply = await post('/v1/messages', message(`to ${MAIL}`));
  expect(reply.text).toContain('bob@mail.example.org');
  const kept = daemon.captures[0]!;
  expect(kept.request).toMatchObject({ type: 'application/json', isCut: false });
  expect(kept.request!.text).toMatch(/"content":"to SP_EMAIL_\w+"/);
  expect(kept.reply!.text).toContain('from [EMAIL_REDACTED], ');
  expect(JSON.stringify(kept)).not.toMatch(/tulip|bob@/);
});

test('what the policy lets leave is masked where it is kept', async () => {
  const { post, daemon, provider } = await world(masked);
  daemon.reload({ mask: { email: 'off', secrets: 'mask' } });
  await post('/v1/messages', message(`to ${MAIL}`));
  expect(provider.capture.requests[0]!.body.toString()).toContain(MAIL);
  expect(daemon.captures[0]!.request!.text).toContain('to [EMAIL_REDACTED]');
});

test.each<[string, Partial<Profile>, string]>([
  ['a profile that did not ask', { log: 'meta' }, '/v1/messages'],
  ['a time that is over', { log: 'masked', maskedUntilMs: Date.now() - 1 }, '/v1/messages'],
  ['no end', { log: 'masked' }, '/v1/messages'],
  ['a login', masked, '/v1/oauth/token'],
])('nothing of %s', async (_, profile, path) => {
  const { post, daemon } = await world(profile);
  await post(path, { grant_type: 'refresh_token', refresh_token: 'r' });
  expect(daemon.captures).toEqual([undefined]);
});

test('a long body is kept from its beginning, and a picture not at all', async () => {
  const { daemon, post, connect } = await world(masked, { text: 'z'.repeat(400_000) });
  await post('/v1/messages', message('y'.repeat(300_000)));
  const { request, reply } = daemon.captures[0]!;
  expect([request!.isCut, request!.text.length, reply!.isCut, reply!.text.length]).toEqual([true, 262_144, true, 262_144]);
  const client = await connect(HOST);
  await client.request('POST /v1/files', ['Host', HOST, 'Content-Type', 'image/png'], Buffer.from('89504e470d0a1a0a0000', 'hex'));
  await daemon.record(({ path }) => path === '/v1/files');
  expect(daemon.captures[1]!.request).toBe(undefined);
});
