// Values that come back in what is said but not in the arguments of tools that send them out, in every framing.
import { describe, expect, test } from 'vitest';
import { openWebSocket } from '../support/client.ts';
import { readResponsesEvents } from '../support/provider/responses.ts';
import { EMAIL } from '../support/samples.ts';
import { TOOL_CASES } from '../support/tool-cases.ts';
import { startWorld } from '../support/world.ts';

const PLACEHOLDER = /SP_EMAIL_[A-Z2-7]{12}/;
const words = (tool: string) => `Run it. [[call ${tool} ${JSON.stringify({ url: `https://x.example/?q=${EMAIL}` })}]]`;

describe.each(Object.entries(TOOL_CASES))('%s', (_name, { host, path, body, args }) => {
  test.each([true, false])('placeholders stay in the arguments of the tool that keeps them, stream %s', async (stream) => {
    const world = await startWorld({ provider: { deltaChars: 5 }, daemon: { settings: { keepPlaceholdersIn: ['webfetch'] } } });
    const kept = await world.post(host, path(stream), body(words('WebFetch'), stream));
    expect(args(kept, stream).length).toBeGreaterThan(0);
    for (const text of args(kept, stream)) {
      expect(text).toMatch(PLACEHOLDER);
      expect(text).not.toContain(EMAIL);
    }
    const other = await world.post(host, path(stream), body(words('Bash'), stream));
    for (const text of args(other, stream)) expect(text).toContain(EMAIL);
    const said = await world.post(host, path(stream), body(`Write to ${EMAIL}`, stream));
    expect(said.text).not.toMatch(PLACEHOLDER);
  });

  test.each([
    ['text', true],
    ['none', false],
  ] as const)('restore_to %s', async (email, comesBack) => {
    const world = await startWorld({ daemon: { settings: { restoreTo: { email } } } });
    for (const stream of [true, false]) {
      const call = await world.post(host, path(stream), body(words('Bash'), stream));
      for (const text of args(call, stream)) expect(text).toMatch(PLACEHOLDER);
      const said = await world.post(host, path(stream), body(`EML ${EMAIL}`, stream));
      expect(PLACEHOLDER.test(said.text)).toBe(!comesBack);
    }
  });
});

test('the same over a WebSocket', async () => {
  const world = await startWorld({ daemon: { settings: { keepPlaceholdersIn: ['WebFetch'] } } });
  const client = await world.connect('api.openai.com');
  const { peer } = await openWebSocket(client, '/v1/responses', { host: 'api.openai.com' });
  for (const [tool, kept] of [
    ['WebFetch', true],
    ['Bash', false],
  ] as const) {
    await peer.send(JSON.stringify({ type: 'response.create', ...TOOL_CASES.Responses!.body(words(tool), true) }));
    const events: unknown[] = [];
    for (let done = false; !done; ) {
      const event = await peer.next();
      if (event.kind !== 'text') throw new Error(`unexpected ${event.kind}`);
      events.push(JSON.parse(event.text));
      done = event.text.includes('"response.completed"');
    }
    const all = Object.values(readResponsesEvents(events));
    expect(all.length).toBeGreaterThan(2);
    for (const text of all) expect(PLACEHOLDER.test(text)).toBe(kept);
  }
});
