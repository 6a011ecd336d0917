// What may leave of pictures, documents, sound and film.
import { describe, expect, test } from 'vitest';
import { media } from '../../../../src/rules/guardrails/media.ts';
import { applyEdits } from '../../../../src/rules/masking/mask.ts';
import { guardedRequest } from '../../../support/guarded-request.ts';
import { exif, jpeg, saysPlace, tiff } from '../../../support/pictures.ts';

const PLACED = jpeg(exif(tiff()));
const body = (...data: string[]) => Buffer.from(JSON.stringify({ model: 'm', parts: data.map((one) => ({ data: one, after: '"' })) }));
const IMAGE = body(PLACED.toString('base64'));
const check = (settings: object, bytes: Buffer, headers?: readonly string[]) =>
  media.open(media.settings.parse(settings))!.check(guardedRequest(bytes, headers ? { headers } : {}));

test('is off where the configuration does not name it, and lets all through where it says no more', () => {
  expect(media.open(undefined)).toBeUndefined();
  expect(check({}, IMAGE)).toEqual({ action: 'pass' });
});

describe('refuses', () => {
  test.each([
    [{ images: 'block' }, 'media/images'],
    [{ documents: 'block' }, 'pass'],
    [{ max_bytes: 100 }, 'media/max_bytes'],
    [{ max_bytes: 100_000 }, 'pass'],
    [{ remote: 'block' }, 'pass'],
  ])('a picture with %j: %s', (settings, said) => {
    const verdict = check(settings, IMAGE);
    expect(verdict.action === 'deny' ? verdict.rule : verdict.action).toBe(said);
  });

  test('an address that a provider would fetch', () => {
    const remote = Buffer.from(JSON.stringify({ image_url: { url: 'https://x.example/a.png' } }));
    expect(check({ remote: 'block' }, remote)).toMatchObject({ rule: 'media/remote' });
    expect(check({ images: 'block', max_bytes: 1, strip_location: true }, remote)).toEqual({ action: 'pass' });
  });

  test('what is uploaded by itself', () => {
    expect(check({ audio: 'block' }, Buffer.from('samples'), ['content-type', 'audio/pcm'])).toMatchObject({ rule: 'media/audio' });
    expect(check({ max_bytes: 6 }, Buffer.from('samples'), ['content-type', 'audio/pcm'])).toMatchObject({ rule: 'media/max_bytes' });
  });
});

describe('strip_location', () => {
  const strip = (bytes: Buffer, headers?: readonly string[]) => {
    const verdict = check({ strip_location: true }, bytes, headers);
    return verdict.action === 'edit' ? applyEdits(bytes, verdict.edits) : undefined;
  };

  test('takes places out where they are, and leaves every other byte', () => {
    const out = strip(body(PLACED.toString('base64'), jpeg().toString('base64')))!;
    const [first, second] = JSON.parse(out.toString()).parts;
    expect(saysPlace(Buffer.from(first.data, 'base64'))).toBe(false);
    expect(second.data).toBe(jpeg().toString('base64'));
    expect(out.length).toBe(body(PLACED.toString('base64'), jpeg().toString('base64')).length);
    expect(strip(out)).toBeUndefined();
  });

  test('in a picture by itself, and in one whose slashes are escaped', () => {
    expect(saysPlace(strip(PLACED, ['content-type', 'image/jpeg'])!)).toBe(false);
    const escaped = Buffer.from(IMAGE.toString().replaceAll('/', '\\/'));
    expect(saysPlace(Buffer.from(JSON.parse(strip(escaped)!.toString()).parts[0].data, 'base64'))).toBe(false);
  });
});
