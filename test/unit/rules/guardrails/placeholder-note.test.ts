// Where the note to the model stands in each dialect, and where it does not.
import { describe, expect, test } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { gemini } from '../../../../src/rules/dialects/gemini.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import { placeholderNote } from '../../../../src/rules/guardrails/placeholder-note.ts';
import { applyEdits } from '../../../../src/rules/masking/mask.ts';
import type { Dialect } from '../../../../src/rules/provider.ts';
import { guardedRequest } from '../../../support/guarded-request.ts';

const NOTE = 'Say "SP_" as it is.';

function note(dialect: Dialect, body: unknown, mayEdit = true) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const verdict = placeholderNote.open({ text: NOTE })!.check(guardedRequest(bytes, { dialect, mayEdit: () => mayEdit }));
  return verdict.action === 'edit' ? JSON.parse(applyEdits(bytes, verdict.edits).toString()) : undefined;
}

test('is off where the configuration does not name it, and has words of its own', () => {
  expect(placeholderNote.open(undefined)).toBeUndefined();
  expect(placeholderNote.settings.parse({}).text).toContain('SP_');
});

describe('Anthropic', () => {
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
  const block = { type: 'text', text: NOTE };
  test.each([
    [{ messages }, { system: [block], messages }],
    [
      { system: 'Be good.', messages },
      { system: `Be good.\n\n${NOTE}`, messages },
    ],
    [
      { system: [{ type: 'text', text: 'a' }], messages },
      { system: [{ type: 'text', text: 'a' }, block], messages },
    ],
    [
      { system: [], messages },
      { system: [block], messages },
    ],
  ])('%j', (body, out) => {
    expect(note(anthropic, body)).toEqual(out);
  });

  test('Converse, whose blocks have no type', () => {
    const untyped = [{ role: 'user', content: [{ text: 'hi' }] }];
    expect(note(anthropic, { messages: untyped })).toEqual({ system: [{ text: NOTE }], messages: untyped });
    expect(note(anthropic, { messages: [{ role: 'user', content: 'hi' }, null] })).toMatchObject({ system: [block] });
  });

  test('none where there is no conversation, or something odd', () => {
    for (const body of [{ system: 'x' }, { messages: 'x' }, { system: 5, messages }, 'text']) expect(note(anthropic, body)).toBeUndefined();
  });
});

describe('Responses', () => {
  const told = { type: 'message', role: 'developer', content: [{ type: 'input_text', text: NOTE }] };
  test.each([
    [{ input: [{ type: 'message' }] }, { input: [told, { type: 'message' }] }],
    [{ input: [] }, { input: [told] }],
    [{ response: { input: [1] } }, { response: { input: [told, 1] } }],
    [
      { input: [], previous_response_id: null },
      { input: [told], previous_response_id: null },
    ],
  ])('%j', (body, out) => {
    expect(note(responses, body)).toEqual(out);
  });

  test('none where a conversation goes on, nor where what is asked is one text', () => {
    expect(note(responses, { input: [], previous_response_id: 'resp_1' })).toBeUndefined();
    expect(note(responses, { input: 'hi' })).toBeUndefined();
  });
});

test('chat', () => {
  expect(note(chat, { messages: [{ role: 'user', content: 'hi' }] })).toEqual({
    messages: [
      { role: 'system', content: NOTE },
      { role: 'user', content: 'hi' },
    ],
  });
});

describe('Gemini', () => {
  const contents = [{ parts: [{ text: 'hi' }] }];
  const parts = [{ text: NOTE }];
  test.each([
    [{ contents }, { contents, systemInstruction: { parts } }],
    [
      { contents, systemInstruction: { parts: [{ text: 'a' }] } },
      { contents, systemInstruction: { parts: [{ text: 'a' }, ...parts] } },
    ],
    [
      { contents, system_instruction: { parts: [] } },
      { contents, system_instruction: { parts } },
    ],
    [
      { model: 'm', request: { contents } },
      { model: 'm', request: { contents, systemInstruction: { parts } } },
    ],
  ])('%j', (body, out) => {
    expect(note(gemini, body)).toEqual(out);
  });

  test('none without a conversation', () => {
    expect(note(gemini, { contents: 'x' })).toBeUndefined();
    expect(note(gemini, { contents, systemInstruction: { parts: 'x' } })).toBeUndefined();
  });
});

test('none twice, none where nothing may be edited, none where nobody knows the dialect', () => {
  const body = { messages: [{ role: 'user', content: 'hi' }] };
  expect(note(chat, note(chat, body))).toBeUndefined();
  expect(note(chat, body, false)).toBeUndefined();
  expect(note(opaque, body)).toBeUndefined();
});
