import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelFamily } from '../../../../src/rules/resilience/family.ts';

test('a family is short, plain, and empty only where the model is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 400 })), (model) => {
      const family = modelFamily(model);
      expect(family).toMatch(/^[a-z0-9._+-]{0,64}$/);
      expect(family === '').toBe(model.slice(0, 300).trim() === '');
    }),
  );
});

test('vendor, date and version do not change it', () => {
  const name = fc.constantFrom('claude-sonnet-4-5', 'claude-3-5-haiku', 'gpt-4.1-mini', 'gemini-2.5-pro', 'deepseek-r1');
  const before = fc.constantFrom('', 'models/', 'anthropic/', 'us.anthropic.', 'openai.', 'projects/p/models/', 'ft:');
  const after = fc.constantFrom('', '-20250929', '-2024-08-06', '-latest', '@20250514', ':free', '-20250929-v1:0', '-0613');
  fc.assert(
    fc.property(name, before, after, fc.boolean(), (family, prefix, suffix, isLoud) => {
      const model = `${prefix}${family}${suffix}`;
      expect(modelFamily(isLoud ? model.toUpperCase() : model)).toBe(family);
    }),
  );
});
