// A reply is restored by what it is, whatever its type says: JSON and events without a type or under a wrong one, lines of JSON,
// and Bedrock's binary event messages.
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { readPayloads, writeMessage } from '../support/event-messages.ts';
import { startOrigin } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NV\n-----END PRIVATE KEY-----';

/** Sends both values and gives back the body that comes for the placeholders `reply` is given. */
async function replyTo(host: string, path: string, type: string | undefined, reply: (email: string, pem: string) => Buffer) {
  const authority = makeTestAuthority();
  const origin = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    play: async (connection) => {
      const request = await connection.request();
      // A key has a placeholder for each of its lines.
      const [email, ...pem] = request!.body.toString().match(/SP_[A-Z]+_[A-Z2-7]{12}/g)!;
      const body = reply(email!, pem.join('\n'));
      const head = `HTTP/1.1 200 OK\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}Transfer-Encoding: chunked\r\n\r\n`;
      await connection.write(head);
      for (let i = 0; i < body.length; i += 9) {
        const piece = body.subarray(i, i + 9);
        await connection.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
      }
      await connection.write('0\r\n\r\n');
    },
  });
  onTestFinished(() => origin.close());
  const daemon = await startTestDaemon({ upstream: origin, upstreamCa: authority.pem });
  onTestFinished(() => daemon.close());
  const client = await connectTlsTunnel(daemon, `${host}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
  onTestFinished(() => client.destroy());
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: `${EMAIL} ${PEM}` }] }));
  const answer = await client.request(`POST ${path}`, ['Host', host, 'Content-Type', 'application/json'], body);
  expect(origin.failures).toEqual([]);
  return answer.body;
}

const anthropic = (type: string | undefined, reply: (email: string, pem: string) => string) =>
  replyTo('api.anthropic.com', '/v1/messages', type, (email, pem) => Buffer.from(reply(email, pem)));

test.each([undefined, 'text/plain', 'application/octet-stream', 'application/json'])('JSON as %s stays JSON', async (type) => {
  const body = await anthropic(type, (email, pem) => JSON.stringify({ content: [{ type: 'text', text: `${email} ${pem}` }] }));
  expect(JSON.parse(body.toString()).content[0].text).toBe(`${EMAIL} ${PEM}`);
});

test.each(['application/x-ndjson', 'application/jsonl', 'application/json'])('lines of JSON as %s stay lines of JSON', async (type) => {
  const body = await anthropic(type, (email, pem) => `${JSON.stringify({ a: pem })}\n${JSON.stringify({ a: email })}\n`);
  const lines = body.toString().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).a)).toEqual([PEM, EMAIL]);
});

test.each([undefined, 'text/plain', 'application/json'])('events as %s are joined', async (type) => {
  const delta = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  const body = await anthropic(type, (email, pem) =>
    [...`${email} ${pem}`].map((char) => `event: content_block_delta\ndata: ${JSON.stringify(delta(char))}\n\n`).join(''),
  );
  const data = body.toString().match(/(?<=^data: ).*/gm)!;
  expect(data.map((line) => JSON.parse(line).delta.text).join('')).toBe(`${EMAIL} ${PEM}`);
});

test("Bedrock's event messages are joined and stay sound", async () => {
  const type = 'application/vnd.amazon.eventstream';
  const body = await replyTo('bedrock-runtime.us-east-1.amazonaws.com', '/model/m/converse-stream', type, (email, pem) =>
    Buffer.concat(
      [...`${email} ${pem}`].map((text) =>
        writeMessage({ ':event-type': 'contentBlockDelta' }, JSON.stringify({ contentBlockIndex: 0, delta: { text } })),
      ),
    ),
  );
  const said = readPayloads(body).map((payload) => JSON.parse(payload).delta.text);
  expect(said.join('')).toBe(`${EMAIL} ${PEM}`);
});
