// Where a picture was taken is taken out of it; its length, which way is up and the picture itself stay.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutPlaces } from '../../../../src/rules/media/location.ts';
import { exif, isSound, jpeg, png, saysPlace, tiff } from '../../../support/pictures.ts';

const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>51,30.4N</exif:GPSLatitude></x:xmpmeta>';
const xmp = (text = XMP): readonly [number, Buffer] => [0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${text}`)];
const iptc = (text: string): readonly [number, Buffer] => [0xed, Buffer.from(`Photoshop 3.0\x008BIM\x04\x04${text}`)];

/** What became of it, and how many bytes differ. */
function clean(medium: Buffer) {
  const before = Buffer.from(medium);
  const after = withoutPlaces(medium);
  expect(medium.equals(before)).toBe(true);
  expect(after.length).toBe(before.length);
  return { after, changed: after.filter((byte, i) => byte !== before[i]).length };
}

describe.each(['II', 'MM'] as const)('Exif data in %s', (order) => {
  test('of a JPEG loses its places and keeps its orientation', () => {
    const picture = jpeg(exif(tiff({ order })));
    expect(saysPlace(picture)).toBe(true);
    const { after } = clean(picture);
    expect(saysPlace(after)).toBe(false);
    // All but the directory of places and what it points to: the first directory and the camera's name are as they were.
    expect(after.includes('A camera of mine')).toBe(true);
    expect(after.subarray(0, 60).equals(picture.subarray(0, 60))).toBe(true);
    expect(withoutPlaces(after)).toBe(after);
  });

  test('below the directory of Exif does too', () => {
    const picture = jpeg(exif(tiff({ order, isDeep: true })));
    expect(saysPlace(picture)).toBe(true);
    expect(saysPlace(clean(picture).after)).toBe(false);
  });

  test('of a TIFF, a PNG and a WebP does too', () => {
    const data = tiff({ order });
    expect(saysPlace(clean(data).after)).toBe(false);
    const chunked = clean(png(['eXIf', data])).after;
    expect(saysPlace(chunked)).toBe(false);
    expect(isSound(chunked)).toBe(true);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(data.length);
    const webp = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPEXIF'), size, data]);
    expect(saysPlace(webp)).toBe(true);
    expect(saysPlace(clean(webp).after)).toBe(false);
  });
});

test('pictures that say no place are the same buffer', () => {
  const data = tiff({ gps: false });
  for (const medium of [
    jpeg(exif(data)),
    jpeg(),
    png(['eXIf', data], ['tEXt', Buffer.from('Comment\0hello')], ['tEXt', Buffer.from('none')]),
    png(),
    data,
    Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
    Buffer.from('RIFF\0\0\0\0WEBPEXIF\0\0\0\0no data at all'),
    Buffer.from('\0\0\0\x18ftypmp42no place'),
    Buffer.from('words about the Exif\0\0 mark, and Photoshop 3.0\0 too'),
    Buffer.alloc(0),
  ])
    expect(withoutPlaces(medium)).toBe(medium);
});

test('directories beside the first, packets of text within, what fits into an entry', () => {
  const inner: readonly (readonly [number, number, readonly number[] | string])[] = [
    [0x02bc, 1, 'a packet that says London'],
    [0x83bb, 2, 'abc'],
  ];
  const { after } = clean(jpeg(exif(tiff({ gps: false, more: inner }))));
  expect(after.includes('London')).toBe(false);
  expect(after.includes('abc')).toBe(false);
  expect(after.includes('A camera of mine')).toBe(true);
});

test('words of XMP and IPTC are blanked, in all formats', () => {
  for (const medium of [
    jpeg(xmp()),
    jpeg(xmp('<x:xmpmeta GPS without an end')),
    Buffer.from(`%PDF-1.7 ${XMP} rest`),
    png(['iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${XMP}`)]),
  ]) {
    const { after } = clean(medium);
    expect(after.includes('GPS')).toBe(false);
    expect(withoutPlaces(after).equals(after)).toBe(true);
  }
  expect(clean(Buffer.from(`%PDF-1.7 ${XMP} rest`)).after.toString()).toMatch(/^%PDF-1.7 +rest$/);
  const { after } = clean(jpeg(iptc('City: London'), [0xe2, Buffer.from('ICC_PROFILE')]));
  expect(after.includes('London')).toBe(false);
  expect(after.includes('ICC_PROFILE')).toBe(true);
  expect(isSound(clean(png(['zTXt', Buffer.from('Raw profile type exif\0\0packed')])).after)).toBe(true);
  expect(withoutPlaces(png(['zTXt', Buffer.from('Raw profile type exif\0\0\0\0')]))).toEqual(
    png(['zTXt', Buffer.from('Raw profile type exif\0\0\0\0')]),
  );
});

test('coordinates of a film are zeroed', () => {
  const { after } = clean(Buffer.from('\0\0\0\x18ftypqt  \xa9xyz+51.5072-000.1276+011.000/ and 1+2', 'latin1'));
  expect(after.toString('latin1')).toBe('\0\0\0\x18ftypqt  \xa9xyz+00.0000-000.0000+000.000/ and 1+2');
});

describe('data that cannot be trusted', () => {
  const broken = (edit: (data: Buffer) => void) => {
    const data = Buffer.from(tiff());
    edit(data);
    return clean(jpeg(exif(data))).after;
  };

  test.each([
    ['a directory behind the end', (data: Buffer) => data.writeUInt32LE(0xffff00, 4)],
    ['more entries than there are bytes', (data: Buffer) => data.writeUInt16LE(4000, 8)],
    ['more entries than a camera writes', (data: Buffer) => data.writeUInt16LE(60_000, 8)],
    ['places behind the end', (data: Buffer) => data.writeUInt32LE(0xffff00, 10 + 2 * 12 + 8)],
  ])('is blanked as a whole: %s', (_, edit) => {
    const after = broken(edit);
    expect(saysPlace(after)).toBe(false);
    expect(after.includes('A camera of mine')).toBe(false);
  });

  test('directories in a circle come to an end', () => {
    const data = Buffer.from(tiff());
    // What follows the first directory is the first directory.
    data.writeUInt32LE(8, 8 + 2 + 3 * 12);
    expect(saysPlace(clean(data).after)).toBe(false);
  });

  test('a value that is said to be larger than everything', () => {
    const data = Buffer.from(tiff({ gps: false, more: [[0x02bc, 1, 'a packet that says London']] }));
    data.writeUInt32LE(0x7fffffff, 10 + 2 * 12 + 4);
    expect(clean(data).after.includes('London')).toBe(false);
  });

  test('more Exif blocks than there can be are made unreadable', () => {
    const { after } = clean(Buffer.concat([jpeg(), ...Array.from({ length: 40 }, () => jpeg(exif(tiff())))]));
    expect(saysPlace(after.subarray(0, after.length >> 1))).toBe(false);
    expect(after.toString('latin1').split('Exif\0\0II').length - 1).toBe(32);
  });

  test('a chunk that breaks off', () => {
    const whole = png(['eXIf', tiff()]);
    expect(() => withoutPlaces(whole.subarray(0, 60))).not.toThrow();
    expect(() => withoutPlaces(whole.subarray(0, 40))).not.toThrow();
  });
});

test('any bytes keep their length, twice is once, and nothing throws', () => {
  const seeds = [jpeg(exif(tiff()), xmp(), iptc('City')), png(['eXIf', tiff()]), tiff({ order: 'MM' })];
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 12 }),
      fc.nat(600),
      (seed, changes, length) => {
        const medium = Buffer.from(seed.subarray(0, Math.max(20, length)));
        for (const [at, byte] of changes) if (at < medium.length) medium[at] = byte;
        const once = withoutPlaces(medium);
        expect(once.length).toBe(medium.length);
        expect(withoutPlaces(once).equals(once)).toBe(true);
      },
    ),
  );
});
