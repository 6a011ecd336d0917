// The small steps on the hot path, each on its own, by mitata: prints one line of JSON, µs per call (median, p95 where it says so).
// Run with --expose-gc.
// Must not open a socket.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from 'mitata';
import { parseAuthority } from '../src/authority.ts';
import { openCertAuthority } from '../src/cert/authority.ts';
import { anthropic } from '../src/rules/dialects/anthropic.ts';
import { judge } from '../src/rules/injection/judge.ts';
import { applyEdits, createMasker } from '../src/rules/masking/mask.ts';
import { openPlaceholders } from '../src/rules/masking/placeholders.ts';
import { createReplyRestorer } from '../src/rules/masking/restore.ts';
import { scannerFor } from '../src/rules/masking/scan.ts';
import { startConversation } from './conversation.ts';

const home = mkdtempSync(join(tmpdir(), 'sallyport-micro-'));
const us: Record<string, number> = {};

/** Measures `step` and keeps its median; with `p95` that too. */
async function take(name: string, step: () => unknown, p95?: string): Promise<void> {
  const { p50, samples } = await measure(step);
  us[name] = p50 / 1000;
  if (p95 !== undefined) us[p95] = samples[Math.floor(0.95 * (samples.length - 1))]! / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const placeholders = openPlaceholders({ key: randomBytes(32), maxEntries: 10_000 });
const masker = createMasker({ placeholders, actions: { email: 'mask', secrets: 'mask' } });

const clean = startConversation(100_000);
const cleanBody = Buffer.from(clean.body());
const scanner = scannerFor(['email', 'secrets']);
await take('scan 100 KB, nothing to find', () => scanner.bytes(cleanBody));
const cleanText = cleanBody.toString();
await take('JSON.parse of the same 100 KB', () => JSON.parse(cleanText));
await take('mask 100 KB, never seen', () => createMasker({ placeholders, actions: {} }).json(cleanBody, anthropic));
await take('judge 100 KB for injected orders', () => judge(cleanText));
masker.json(cleanBody, anthropic);
clean.grow();
const nextBody = Buffer.from(clean.body());
masker.json(nextBody, anthropic);
await take('mask 100 KB, seen before', () => masker.json(nextBody, anthropic));

// Each turn is new, so nothing can be repeated: a few turns, each on its own.
const long = startConversation(2_000_000);
const longMasker = createMasker({ placeholders, actions: {} });
const anew: number[] = [];
const turns: number[] = [];
for (let turn = 0; turn < 15; turn++) {
  const body = Buffer.from(long.body());
  const again = createMasker({ placeholders, actions: {} });
  const from = performance.now();
  again.json(body, anthropic);
  const between = performance.now();
  longMasker.json(body, anthropic);
  if (turn > 2) {
    anew.push((between - from) * 1000);
    turns.push((performance.now() - between) * 1000);
  }
  long.grow();
}
us['mask 2 MB, never seen'] = median(anew);
us['mask 2 MB, next turn'] = median(turns);

const found = Buffer.from(clean.body().replaceAll('await ', 'write to bob@example.com '));
const { edits } = masker.json(found, anthropic);
await take(`splice ${edits.length} edits into 100 KB`, () => applyEdits(found, edits));

const placeholder = placeholders.placeholderFor('EMAIL', 'bob@example.com');
const restorer = createReplyRestorer('sse', anthropic, placeholders);
const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `write to ${placeholder} now ` } };
const event = Buffer.from(`event: content_block_delta\ndata: ${JSON.stringify(delta)}\n\n`);
await take('restore', () => restorer.push(event), 'restore, p95');

const ca = await openCertAuthority({ home: join(home, 'ca'), hosts: ['*.example.com'], now: Date.now });
let hosts = 0;
await take('leaf', () => ca.leafFor(parseAuthority(`h${hosts++}.example.com:443`)));
await ca.close();

rmSync(home, { recursive: true, force: true });
console.log(JSON.stringify(us));
process.exit(0);
