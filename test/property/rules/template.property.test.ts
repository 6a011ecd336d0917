// Templates: text and references come apart and together again, and a malformed one tells nothing.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { isFieldValue, parseTemplate, renderTemplate } from '../../../src/rules/template.ts';

const reference = fc
  .tuple(fc.stringMatching(/^[a-z][a-z-]{0,6}$/), fc.stringMatching(/^[\x20-\x7c]{1,12}$/))
  .map(([kind, where]) => `${kind}:${where}`)
  .filter((r) => !r.includes('${'));
const text = fc.stringMatching(/^[\x20-\x7e]{0,12}$/).filter((t) => !t.includes('${') && !t.endsWith('$'));
const written = (r: string) => `\${${r}}`;

test('a well-formed template renders as its parts say', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, reference), { minLength: 1, maxLength: 4 }),
      text,
      fc.stringMatching(/^[\x21-\x7e]{1,8}$/),
      (parts, tail, value) => {
        const source = parts.map(([t, r]) => t + written(r)).join('') + tail;
        const template = parseTemplate(source);
        expect(template.references).toEqual(parts.map(([, r]) => r));
        const values = template.references.map((r) => value + r);
        expect(renderTemplate(template, values)).toBe(parts.map(([t, r]) => t + value + r).join('') + tail);
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
          const { texts, references } = parseTemplate(source);
          expect(texts.map((t, i) => t + (i < references.length ? written(references[i]!) : '')).join('')).toBe(source);
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
