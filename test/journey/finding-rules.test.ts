// The user's own rules on the wire: by host, by provider, with patterns, and a refusal that names the rule and never the text.
import { expect, test } from 'vitest';
import { EMAIL, TOKEN } from '../support/samples.ts';
import { startWorld } from '../support/world.ts';

const ask = (content: string) => ({ messages: [{ role: 'user', content }] });

test('rules hold where they say, and a pattern comes back like everything else', async () => {
  const rules = [
    { id: 'free-here', kinds: ['email'], hosts: ['api.anthropic.com'], action: 'off' },
    { id: 'no-tokens', detectors: ['github'], providers: ['mistral'], action: 'block' },
    { id: 'ticket', pattern: 'ACME-\\d+', word: 'TICKET', action: 'mask' },
  ] as const;
  const world = await startWorld({ daemon: { settings: { rules } } });
  const one = await world.post('api.anthropic.com', '/v1/messages', ask(`${EMAIL} ACME-123`));
  expect(JSON.stringify(one.json)).toContain(`ECHO<${EMAIL} ACME-123> END`);
  expect(world.provider.capture.requests[0]!.body.toString()).toMatch(new RegExp(`${EMAIL} SP_TICKET_[A-Z2-7]{12}`));
  expect(await world.daemon.record()).toMatchObject({ edits: { ticket: 1 } });
  await world.post('openrouter.ai', '/api/v1/chat/completions', ask(EMAIL));
  expect(world.provider.capture.requests[1]!.body.toString()).not.toContain(EMAIL);
  const refused = await world.post('api.mistral.ai', '/v1/chat/completions', ask(TOKEN));
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('rule no-tokens');
  expect(refused.text).not.toContain(TOKEN);
  expect(world.daemon.log.join('')).not.toContain(TOKEN);
});
