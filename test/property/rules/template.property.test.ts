// Templates: text and references come apart and together again, and a malformed one tells nothing.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { isFieldValue, parseTemplate, renderTemplate } from '../../../src/rules/template.ts';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
const text = fc.stringMatching(/^[\x20-\x7e]{0,12}$/).filter((t) => !t.includes('${') && !t.endsWith('$'));
const reference = (n: string) => `\${env:${n}}`;

test('a well-formed template renders as its parts say', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, name), { minLength: 1, maxLength: 4 }),
      text,
      fc.stringMatching(/^[\x21-\x7e]{1,8}$/),
      (parts, tail, value) => {
        const source = parts.map(([t, n]) => t + reference(n)).join('') + tail;
        const template = parseTemplate(source);
        expect(template.names).toEqual(parts.map(([, n]) => n));
        expect(renderTemplate(template, (n) => value + n)).toBe(parts.map(([t, n]) => t + value + n).join('') + tail);
        expect(renderTemplate(template, () => undefined)).toBeUndefined();
      },
    ),
  );
});

test('any text is either a template or refused without being repeated', () => {
  const fragment = fc.constantFrom('${', '}', '${env:', '${env:A}', '$', '\n', 'hunter2', 'A', ' ');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fragment, { maxLength: 6 }).map((f) => f.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (source) => {
        try {
          const { texts, names } = parseTemplate(source);
          expect(texts.map((t, i) => t + (i < names.length ? reference(names[i]!) : '')).join('')).toBe(source);
          expect(texts.join('\0')).not.toContain('${');
          expect(isFieldValue(source)).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
          expect((thrown as Fault).message).not.toContain('hunter2');
        }
      },
    ),
  );
});
