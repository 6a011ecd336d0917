// Where media stand in bodies of all dialects and forms.
import { describe, expect, test } from 'vitest';
import { findMedia } from '../../../../src/rules/media/find.ts';
import { jpeg, png } from '../../../support/pictures.ts';

const JSON_TYPE = ['Content-Type', 'application/json'];
const JPEG = jpeg().toString('base64');
const PNG = png().toString('base64');
const PDF = Buffer.from('%PDF-1.7 and some more bytes of it').toString('base64');
const WAV = Buffer.from('RIFF\0\0\0\0WAVEfmt and some more bytes').toString('base64');
const MP3 = Buffer.from('fffb9064'.repeat(10), 'hex').toString('base64');
const NOISE = Buffer.from('0102030405'.repeat(10), 'hex').toString('base64');

function find(body: unknown, headers = JSON_TYPE) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return findMedia(bytes, headers).map(({ kind, form, start, end }) => [kind, form, bytes.toString('latin1', start, end)]);
}

describe('in JSON', () => {
  test.each([
    ['Anthropic', { source: { type: 'base64', media_type: 'image/jpeg', data: JPEG } }, 'image', JPEG],
    ['a document', { source: { type: 'base64', media_type: 'application/pdf', data: PDF } }, 'document', PDF],
    ['chat', { image_url: { url: `data:image/png;base64,${PNG}` } }, 'image', PNG],
    ['Responses', { type: 'input_image', image_url: `data:image/jpeg;base64,${JPEG}` }, 'image', JPEG],
    ['a file', { type: 'input_file', file_data: `data:application/pdf;base64,${PDF}` }, 'document', PDF],
    ['Gemini', { inlineData: { mimeType: 'image/png', data: PNG } }, 'image', PNG],
    ['Converse', { image: { format: 'png', source: { bytes: PNG } } }, 'image', PNG],
    ['sound', { input_audio: { data: WAV, format: 'wav' } }, 'audio', WAV],
    ['sound without a signature', { type: 'input_audio_buffer.append', audio: NOISE }, 'audio', NOISE],
    ['frames of sound', { inlineData: { mimeType: 'audio/mp3', data: MP3 } }, 'audio', MP3],
    ['a type that nothing bears out', { image_url: { url: `data:image/x-new;base64,${NOISE}` } }, 'image', NOISE],
    ['what calls itself something else', { image_url: { url: `data:text/plain;base64,${PDF}` } }, 'document', PDF],
    ['in what a tool brought', { messages: [{ content: [{ type: 'tool_result', content: [{ source: { data: PNG } }] }] }] }, 'image', PNG],
  ])('%s', (_, body, kind, data) => {
    expect(find(body)).toEqual([[kind, 'base64', data]]);
  });

  test('with escaped slashes', () => {
    const escaped = JPEG.replaceAll('/', '\\/');
    expect(find(`{"data":"${escaped}"}`)).toEqual([['image', 'base64', escaped]]);
    expect(find(`{"url":"data:image\\/jpeg;base64,${escaped}"}`)).toEqual([['image', 'base64', escaped]]);
  });

  test('in every document of several, and behind a mark of the encoding', () => {
    expect(find(`\uFEFF{"data":"${PNG}"}\n{"data":"${PDF}"}`).map(([kind]) => kind)).toEqual(['image', 'document']);
  });

  test.each([
    [{ source: { type: 'url', url: 'https://x.example/a.png' } }],
    [{ image_url: { url: 'HTTP://x.example/a.png' } }],
    [{ image_url: 'https://x.example/a.png' }],
    [{ fileData: { fileUri: 'gs://bucket/a' } }],
    [{ file_data: { uri: 'https://x.example/a' } }],
  ])('addresses of media: %j', (body) => {
    expect(find(body).map(([kind, form]) => [kind, form])).toEqual([['image', 'remote']]);
  });

  test.each([
    [{ data: PNG.slice(0, 20) }],
    [{ [PNG]: 1 }],
    [{ text: 'a picture, data:image/png;base64, and so on and so on' }],
    [{ text: '//server/share/some/folder/of/mine/and/more' }],
    [{ data: NOISE }],
    [{ url: 'https://x.example/' }],
    [{ url: 'data:text/plain;base64,aGVsbG8=' }],
    [{ source: { url: 'not an address' } }],
    ['no JSON'],
  ])('none: %j', (body) => {
    expect(find(body)).toEqual([]);
  });
});

describe('by themselves', () => {
  test('a body that is one, whatever it is called', () => {
    expect(find(png(), ['content-type', 'application/octet-stream'])).toEqual([['image', 'raw', png().toString('latin1')]]);
    expect(find(Buffer.from('samples'), ['content-type', 'audio/pcm'])).toEqual([['audio', 'raw', 'samples']]);
    expect(find(Buffer.from('words'), [])).toEqual([]);
  });

  test('JSON that calls itself a picture is JSON', () => {
    expect(find({ data: PDF }, ['content-type', 'image/png'])).toEqual([['document', 'base64', PDF]]);
  });
});

describe('in a form', () => {
  const form = (boundary: string, ...parts: (readonly [head: string, content: Buffer])[]) =>
    Buffer.concat([
      ...parts.map(([head, content]) => Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), content, Buffer.from('\r\n')])),
      Buffer.from(`--${boundary}--\r\n`),
    ]);

  test('parts that are media by their bytes or their type', () => {
    const body = form(
      'x y',
      ['Content-Disposition: form-data; name="purpose"', Buffer.from('vision')],
      ['Content-Disposition: form-data; name="file"; filename="a.bin"', png()],
      ['content-type: Audio/PCM\r\nContent-Disposition: form-data; name="b"', Buffer.from('samples')],
      ['Content-Type: application/pdf', Buffer.from('scrambled')],
    );
    expect(find(body, ['content-type', 'multipart/form-data; boundary="x y"'])).toEqual([
      ['image', 'raw', png().toString('latin1')],
      ['audio', 'raw', 'samples'],
      ['document', 'raw', 'scrambled'],
    ]);
  });

  test('that breaks off, has no boundary, no head or too much of one', () => {
    const type = ['content-type', 'multipart/form-data; boundary=b'];
    expect(find(Buffer.concat([Buffer.from('--b\r\nA: b\r\n\r\n'), png()]), type)).toEqual([['image', 'raw', png().toString('latin1')]]);
    expect(find({ data: PNG }, ['content-type', 'multipart/form-data'])).toEqual([['image', 'base64', PNG]]);
    expect(find(Buffer.from('--b\r\nA: b\r\n--b--'), type)).toEqual([]);
    expect(find(Buffer.from('no boundary in it'), type)).toEqual([]);
    expect(find(form('b', [`A: ${'b'.repeat(20_000)}`, png()]), type)).toEqual([]);
    expect(find(Buffer.from('--b\r\n\r\n\r\n--b--'), type)).toEqual([]);
  });
});
