// A request that says it is a repetition joins the one that is still under way; two that say nothing are two, since sampling is not idempotent.
import { expect, test } from 'vitest';
import { type FlowStage, OK, PROVIDER, said, startFlowStage } from '../support/flow-stage.ts';
import { callH2 } from '../support/h2-client.ts';
import { headerOf, type WireReply } from '../support/http1.ts';
import { openH2, startScriptedH2, until } from '../support/scripted.ts';

const AGAIN = ['X-Stainless-Retry-Count', '1'];
const running = (stage: FlowStage) => stage.scene.daemon.proxy.status().exchanges;
const HEAD = 'HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\nX-Own: yes\r\nTransfer-Encoding: chunked\r\n\r\n';
const event = (text: string) => `${(text.length + 8).toString(16)}\r\ndata: ${text}\n\n\r\n`;

/** Streams what it is given until it is told to end. */
function stream(stage: FlowStage) {
  const pieces: string[] = [];
  let wake = Promise.withResolvers<void>();
  let isOver = false;
  stage.play = async (_request, connection) => {
    await connection.write(HEAD);
    for (let at = 0; ; ) {
      while (at < pieces.length) await connection.write(event(pieces[at++]!));
      if (isOver) break;
      await wake.promise;
    }
    await connection.write('0\r\n\r\n');
    return undefined;
  };
  const tell = () => {
    const before = wake;
    wake = Promise.withResolvers<void>();
    before.resolve();
  };
  return {
    say: (text: string) => {
      pieces.push(text);
      tell();
    },
    end: () => {
      isOver = true;
      tell();
    },
  };
}

test('the same call twice without a word is two calls, with a word that it is a repetition one', async () => {
  const stage = await startFlowStage();
  await Promise.all([stage.post(), stage.post()]);
  expect(stage.reached).toHaveLength(2);
  const gate = Promise.withResolvers<void>();
  stage.play = async () => {
    await gate.promise;
    return OK;
  };
  const first = stage.post({ text: 'once' });
  await until(() => stage.reached.length === 3, 'the first');
  const others = Array.from({ length: 5 }, () => stage.post({ text: 'once', headers: AGAIN }));
  const another = stage.post({ text: 'other', headers: AGAIN });
  const elsewhere = stage.post({ text: 'once', headers: AGAIN, key: 'key-2' });
  await until(() => stage.counts().joined === 5 && stage.reached.length === 5, 'all of them');
  gate.resolve();
  const replies = await Promise.all([first, ...others, another, elsewhere]);
  expect(replies.map((reply) => [reply.status, reply.body.toString()])).toEqual(Array(8).fill([200, (await first).body.toString()]));
  expect(stage.reached).toHaveLength(5);
  expect(stage.counts().joined).toBe(5);
});

test('a second reader gets the stream from its beginning, values restored, and goes on when the first leaves', async () => {
  const stage = await startFlowStage();
  const tape = stream(stage);
  const text = 'write to ada@example.com';
  const first = await stage.open({ text });
  await until(() => stage.reached.length === 1, 'the first');
  const [, placeholder] = /write to ([^"]+)"/.exec(stage.reached[0]!.body.toString())!;
  expect(placeholder).not.toBe('ada@example.com');
  tape.say('1');
  const { body } = await first.openReply();
  await until(() => body.received().includes('data: 1'), 'the first event');
  const second = stage.post({ text, headers: AGAIN });
  await until(() => stage.counts().joined === 1, 'the second');
  first.reset();
  tape.say(`to ${placeholder} `);
  tape.say('3');
  tape.end();
  const reply = await second;
  expect([reply.status, headerOf(reply, 'x-own')]).toEqual([200, 'yes']);
  // That the first had left was once taken for a cut, and told to the second.
  expect(reply.complete).toBe(true);
  expect(reply.body.toString()).toBe('data: 1\n\ndata: to ada@example.com \n\ndata: 3\n\n');
  expect(stage.reached).toHaveLength(1);
  await until(() => running(stage) === 0, 'the end');
});

test('when the last reader has left too, upstream is left', async () => {
  const stage = await startFlowStage();
  const tape = stream(stage);
  const first = await stage.open();
  await until(() => stage.reached.length === 1, 'the first');
  tape.say('1');
  await first.openReply();
  const second = await stage.open({ headers: AGAIN });
  await second.openReply();
  first.reset();
  second.reset();
  await until(() => running(stage) === 0, 'both exchanges');
  const upstream = await stage.scene.origin.connection(1);
  await until(() => upstream.socket.destroyed || upstream.reader.ended !== undefined, 'upstream is left');
  tape.end();
});

test('a complete success is given again for five seconds, a failure never', async () => {
  const stage = await startFlowStage();
  const own = await stage.post();
  const again = await stage.post({ headers: AGAIN });
  expect([again.status, again.body]).toEqual([200, own.body]);
  expect(stage.reached).toHaveLength(1);
  stage.clock.advance(5001);
  await stage.post({ headers: AGAIN });
  expect(stage.reached).toHaveLength(2);
  stage.play = () => said(500, {});
  expect((await stage.post({ text: 'bad' })).status).toBe(500);
  stage.play = () => OK;
  expect((await stage.post({ text: 'bad', headers: AGAIN })).status).toBe(200);
  expect(stage.reached).toHaveLength(4);
});

test('a stream that is cut is cut for every reader', async () => {
  const stage = await startFlowStage();
  const cut = Promise.withResolvers<void>();
  stage.play = async (_request, connection) => {
    await connection.write(HEAD + event('1'));
    await cut.promise;
    connection.reset();
    return undefined;
  };
  const first = await stage.open();
  const second = await until(() => stage.reached.length === 1, 'the first').then(() => stage.open({ headers: AGAIN }));
  const reading = [first, second].map((client) => client.reply('POST'));
  await until(() => stage.counts().joined === 1, 'the second');
  cut.resolve();
  for (const reply of await Promise.all(reading)) expect([reply.body.toString(), reply.complete]).toEqual(['data: 1\n\n', false]);
});

test('one idempotency key is one body: the same again joins, another is a 409 that is not sent', async () => {
  const stage = await startFlowStage();
  const named = ['Idempotency-Key', 'k-1'];
  await stage.post({ headers: named });
  const again: WireReply = await stage.post({ headers: named });
  expect([again.status, stage.reached.length]).toEqual([200, 1]);
  const other = await stage.post({ headers: named, text: 'other' });
  expect([other.status, headerOf(other, 'x-sallyport-fault')]).toEqual([409, 'idempotency-conflict']);
  expect(stage.reached).toHaveLength(1);
  // The name is the client's own: that of another credential is another.
  expect((await stage.post({ headers: named, text: 'other', key: 'key-2' })).status).toBe(200);
});

test('a reply above what is kept can be joined no more, and reaches those that read it', async () => {
  const stage = await startFlowStage();
  const tape = stream(stage);
  const first = stage.post();
  await until(() => stage.reached.length === 1, 'the first');
  const second = stage.post({ headers: AGAIN });
  await until(() => stage.counts().joined === 1, 'the second');
  const piece = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 6; i++) tape.say(`${i}${piece}`);
  tape.end();
  const [own, joined] = await Promise.all([first, second]);
  expect(own.body.equals(joined.body)).toBe(true);
  expect(own.body.length).toBeGreaterThan(6 * 1024 * 1024);
  await stage.post({ headers: AGAIN });
  expect(stage.reached).toHaveLength(2);
});

test('observed, each goes its own way and is counted', async () => {
  const stage = await startFlowStage({ resilience: {} });
  await stage.post();
  const gate = Promise.withResolvers<void>();
  stage.play = async () => {
    await gate.promise;
    return OK;
  };
  const replies = [stage.post({ headers: AGAIN }), stage.post({ headers: AGAIN })];
  await until(() => stage.reached.length === 3, 'both');
  gate.resolve();
  expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200]);
});

test('over HTTP/2', async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const scene = await startScriptedH2(
    async (call) => {
      await call.body;
      asked++;
      await gate.promise;
      call.stream.respond({ ':status': 200, 'content-type': 'application/json', 'x-own': 'yes' });
      call.stream.end('{"id":"msg_1"}');
    },
    { daemon: { settings: { resilience: { mode: 'enforce' } } } },
  );
  const { session } = await openH2({ ...scene, connect: (o) => scene.connect({ ...o, host: PROVIDER }) });
  const head = {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': PROVIDER,
    ':path': '/v1/messages',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ model: 'claude-sonnet-4-5', messages: [] });
  const first = callH2(session, head, body);
  await until(() => asked === 1, 'the first');
  const second = callH2(session, { ...head, 'x-stainless-retry-count': '2' }, body);
  await until(() => scene.daemon.proxy.limits().counts.joined === 1, 'the second');
  gate.resolve();
  for (const reply of await Promise.all([first, second])) {
    expect([reply.status, headerOf(reply, 'x-own'), reply.body.toString()]).toEqual([200, 'yes', '{"id":"msg_1"}']);
  }
  expect(asked).toBe(1);
});
