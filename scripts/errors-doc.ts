// `node scripts/errors-doc.ts` writes docs/errors.md from the fault table and the dialects; a house test compares the two.
// Must hold no fact of its own about any fault.
import { writeFileSync } from 'node:fs';
import { FAULTS, Fault, type FaultCode } from '../src/fault.ts';
import { anthropic } from '../src/rules/dialects/anthropic.ts';
import { chat } from '../src/rules/dialects/chat.ts';
import { connect } from '../src/rules/dialects/connect.ts';
import { gemini } from '../src/rules/dialects/gemini.ts';
import { opaque } from '../src/rules/dialects/opaque.ts';
import { responses } from '../src/rules/dialects/responses.ts';

const SOURCES = {
  client: 'the client or the program behind it has to change something',
  upstream: 'the provider, or the way to it, failed',
  rule: 'a rule of this proxy says no; change the rule or the request',
  self: 'the proxy itself could not do its part',
};
const RETRIES = {
  never: 'the same request will fail again',
  fresh: 'try again on a new connection',
  later: 'try again after a while',
};
const SAMPLE: FaultCode = 'rule-denied';

/** The text of docs/errors.md. */
export function errorsDoc(): string {
  const rows = Object.entries(FAULTS).map(([code, f]) => `| \`${code}\` | ${f.status} | ${f.source} | ${f.retry} | ${f.sentence} |`);
  const shapes = [anthropic, responses, chat, gemini, connect, opaque].flatMap((dialect) => {
    const { contentType, body } = dialect.errorBody(new Fault(SAMPLE), 'x-example');
    return [`\`${dialect.name}\` (${contentType}):`, '', '```json', JSON.stringify(JSON.parse(body), undefined, 2), '```', ''];
  });
  return [
    '# Errors',
    '',
    '<!-- Made by `node scripts/errors-doc.ts` from src/fault.ts and src/rules/dialects. Change those, not this. -->',
    '',
    'Every failure that Sallyport itself answers has one of these codes. The code and the exchange id stand in the message; the log has',
    'the cause under the same id. Errors of the provider pass unchanged and are not listed here. After the first byte of a reply there',
    'is no error to send any more: the connection is cut, so that a broken answer looks broken. Where it is known when trying again can',
    'help, the reply has a `Retry-After` in whole seconds (Gemini clients find the same in the body).',
    '',
    '| code | status | source | retry | what it says |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Source, that is who has to act:',
    '',
    ...Object.entries(SOURCES).map(([name, text]) => `- ${name}: ${text}`),
    '',
    'Retry, that is whether trying the same again can help:',
    '',
    ...Object.entries(RETRIES).map(([name, text]) => `- ${name}: ${text}`),
    '',
    '## What the CLI gets',
    '',
    `The same fault (\`${SAMPLE}\`) in each dialect:`,
    '',
    ...shapes,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

if (import.meta.main) writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsDoc());
