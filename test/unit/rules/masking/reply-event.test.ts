import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import type { Frame } from '../../../../src/rules/masking/frame.ts';
import { createEventRestorer } from '../../../../src/rules/masking/reply-event.ts';
import { latin1 } from '../../../../src/rules/masking/stream-transform.ts';
import type { Dialect } from '../../../../src/rules/provider.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const EMAIL = 'bob@example.test';
const PEM = '-----BEGIN\n"x"\\\n-----END';

function setUp(dialect: Dialect, answersJson = false) {
  const placeholders = testPlaceholders();
  const P = placeholders.placeholderFor('EMAIL', EMAIL);
  const Q = placeholders.placeholderFor('PEM', PEM);
  const restorer = createEventRestorer(dialect, placeholders, () => answersJson);
  const frame = (payload: unknown): Frame => {
    const raw = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    return { raw, again: raw, data: raw, rawOffset: (offset) => offset, plain: latin1 };
  };
  /** What the client gets for an event: undefined for the same bytes. */
  const send = (payload: unknown, last?: boolean) => restorer.event(frame(payload), last)?.map((bytes) => bytes.toString());
  return { P, Q, restorer, send };
}

const textDelta = (text: string, index = 0) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });
const jsonDelta = (partial_json: string) => ({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json } });
const stop = { type: 'content_block_stop', index: 0 };
const s = JSON.stringify;

describe('pieces of a text', () => {
  it('leave at once, but for an end that could become a placeholder', () => {
    const { P, send, restorer } = setUp(anthropic);
    expect(send(textDelta('hello '))).toBeUndefined();
    expect(send(textDelta(`to ${P.slice(0, 5)}`))).toEqual([s(textDelta('to '))]);
    expect(restorer.holding).toBe(true);
    expect(send(textDelta(P.slice(5, 12)))).toEqual([s(textDelta(''))]);
    expect(send(textDelta(`${P.slice(12)} and`))).toEqual([s(textDelta(`${EMAIL} and`))]);
    expect(restorer.holding).toBe(false);
    expect(restorer.restored).toBe(1);
  });

  it('wait in their own channel', () => {
    const { P, send } = setUp(anthropic);
    expect(send(textDelta(P.slice(0, 9), 0))).toEqual([s(textDelta('', 0))]);
    expect(send(textDelta(P.slice(0, 4), 2))).toEqual([s(textDelta('', 2))]);
    expect(send(textDelta(P.slice(9), 0))).toEqual([s(textDelta(EMAIL, 0))]);
    expect(send(textDelta(P.slice(4), 2))).toEqual([s(textDelta(EMAIL, 2))]);
  });

  it('leave in an event of their own before the one that ends their channel', () => {
    const { send, restorer } = setUp(anthropic);
    send(textDelta('yes'));
    expect(send({ type: 'ping' })).toBeUndefined();
    expect(send({ type: 'content_block_stop', index: 5 })).toBeUndefined();
    expect(send(stop)).toEqual([s(textDelta('s')), s(stop)]);
    expect(restorer.holding).toBe(false);
    expect(send(stop)).toBeUndefined();
  });

  it('do not wait in the event that ends their channel', () => {
    const { P, send } = setUp(chat);
    const delta = (content: string, finish_reason?: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason }] });
    expect(send(delta(`a ${P.slice(0, 6)}`))).toEqual([s(delta('a '))]);
    expect(send(delta('XYZ s', 'stop'))).toEqual([s(delta(`${P.slice(0, 6)}XYZ s`, 'stop'))]);
  });

  it('leave before [DONE], and when there is nothing more', () => {
    const { send, restorer } = setUp(chat);
    const delta = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
    send(delta('yes'));
    expect(send(' [DONE]')).toEqual([s(delta('s')), ' [DONE]']);
    expect(send('[DONE]')).toBeUndefined();
    send(delta('yes'));
    expect(restorer.flush().map(String)).toEqual([s(delta('s'))]);
    expect(restorer.flush()).toEqual([]);
    send(delta('yes'));
    expect(send({ choices: [] }, true)).toEqual([s(delta('s')), s({ choices: [] })]);
    expect(send(delta('yes'), true)).toBeUndefined();
  });

  it('are joined when one event holds several of a channel, and copied without their neighbours', () => {
    const { P, send } = setUp(chat);
    const parts = (...texts: string[]) => ({
      choices: [{ index: 0, delta: { content: texts.map((text) => ({ type: 'text', text })), reasoning: 'think' } }],
    });
    expect(send(parts(`x${P.slice(0, 3)}`, `${P.slice(3)} y`))).toEqual([s(parts('x', `${EMAIL} y`))]);
    expect(send(parts('one', 'two s'))).toEqual([s(parts('one', 'two '))]);
    const copy = s(parts('', 's')).replace('think', '');
    expect(send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })).toEqual([
      copy,
      s({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    ]);
  });

  it('keep what else their event says, restored, in the copy too', () => {
    const { P, send } = setUp(anthropic);
    const noted = (text: string, note: string) => ({ ...textDelta(text), note });
    expect(send(noted('yes', P))).toEqual([s(noted('ye', EMAIL))]);
    expect(send(stop)).toEqual([s(noted('s', EMAIL)), s(stop)]);
  });

  it('of JSON are escaped once more', () => {
    const { Q, send } = setUp(anthropic);
    send(jsonDelta('{"file":"'));
    const [out] = send(jsonDelta(`${Q}"}`))!;
    expect(JSON.parse(`{"file":"${JSON.parse(out!).delta.partial_json}`)).toEqual({ file: PEM });
  });
});

describe('an answer that was asked for in JSON', () => {
  const doneWith = (text: string) => ({ type: 'response.output_text.done', output_index: 0, content_index: 0, text });
  const deltaWith = (delta: string) => ({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta });
  const thought = (delta: string) => ({ type: 'response.reasoning_text.delta', output_index: 1, content_index: 0, delta });

  it('stays JSON: values are escaped once more, in pieces and whole', () => {
    const { Q, send } = setUp(responses, true);
    expect(send(deltaWith(' '))).toBeUndefined();
    expect(send(deltaWith('{"key":'))).toBeUndefined();
    expect(send(deltaWith(`"${Q}"}`))).toEqual([s(deltaWith(s({ key: PEM }).slice('{"key":'.length)))]);
    expect(send(doneWith(`\n{"key":"${Q}"}`))).toEqual([s(doneWith(`\n${s({ key: PEM })}`))]);
  });

  it('is prose all the same where the model thinks or refuses', () => {
    const { Q, send } = setUp(responses, true);
    expect(send(thought(`${Q}.`))).toEqual([s(thought(`${PEM}.`))]);
    expect(send(deltaWith(`I cannot show {${Q}`))).toEqual([s(deltaWith(`I cannot show {${PEM}`))]);
    expect(send(doneWith(`I cannot show {${Q}`))).toEqual([s(doneWith(`I cannot show {${PEM}`))]);
    expect(send(deltaWith(`[${Q}`))).toEqual([s(deltaWith(`[${s(PEM).slice(1, -1)}`))]);
  });

  it('is prose where nobody asked for JSON', () => {
    const { Q, send } = setUp(responses);
    expect(send(deltaWith(`{ ${Q} }`))).toEqual([s(deltaWith(`{ ${PEM} }`))]);
    expect(send(doneWith(`{ ${Q} }`))).toEqual([s(doneWith(`{ ${PEM} }`))]);
  });
});

describe('strings that are whole', () => {
  it('are restored as they stand, tool arguments once more escaped, opaque ones not', () => {
    const { P, Q, send } = setUp(responses);
    const item = (email: string, pem: string) => ({
      type: 'response.output_item.done',
      item: { type: 'function_call', id: P, name: email, arguments: s({ file: pem, to: email }), [email]: pem, encrypted_content: Q },
    });
    expect(send(item(P, Q))).toEqual([s({ ...item(EMAIL, PEM), item: { ...item(EMAIL, PEM).item, id: P } })]);
  });

  it('may be none at all', () => {
    const { P, send } = setUp(anthropic);
    expect(send(`data ${P} SP_EMAIL_AAAAAAAAAAAA`)).toEqual([`data ${EMAIL} SP_EMAIL_AAAAAAAAAAAA`]);
    expect(send('words')).toBeUndefined();
    expect(send('"words"')).toBeUndefined();
    expect(send('12')).toBeUndefined();
    expect(send({ type: 'error', error: { message: `${P} is gone` } })).toEqual([
      s({ type: 'error', error: { message: `${EMAIL} is gone` } }),
    ]);
  });

  it('that look like a placeholder nobody gave out stay', () => {
    const { send } = setUp(anthropic);
    expect(send({ type: 'message_start', message: { text: 'SP_EMAIL_AAAAAAAAAAAA' } })).toBeUndefined();
    expect(send(textDelta('sp_executesql '))).toBeUndefined();
  });
});

it('does nothing while no value is known', () => {
  const restorer = createEventRestorer(anthropic, testPlaceholders(), () => false);
  const raw = Buffer.from(s(textDelta('words')));
  expect(restorer.event({ raw, again: raw, data: raw, rawOffset: (offset) => offset, plain: latin1 })).toBeUndefined();
});

it('never restores a piece that the dialect calls opaque', () => {
  const opaqueText: Dialect = { ...anthropic, isOpaque: () => true };
  const { P, send } = setUp(opaqueText);
  expect(send(textDelta(P))).toBeUndefined();
});
