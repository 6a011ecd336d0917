// Pictures, documents, sound and film in a request: let through, kept in, held to a size, or sent without the place they were made at.
// Sallyport fetches none itself: an address is for the provider to follow, and may be refused. It must not know how media are found.
import { z } from 'zod';
import { type BodyGuardrail, type BuiltIn, type Denial, PASS } from '../guardrail.ts';
import type { Edit } from '../masking/mask.ts';
import { findMedia, type Medium } from '../media/find.ts';
import { withoutPlaces } from '../media/location.ts';

const NAME = 'media';
const passage = z.enum(['allow', 'block']).default('allow');

/** By kind; `remote` is for addresses of any kind. `max_bytes`: of one, unpacked. */
const settings = z.strictObject({
  images: passage,
  documents: passage,
  audio: passage,
  video: passage,
  remote: passage,
  max_bytes: z.int().min(1).optional(),
  strip_location: z.boolean().default(false),
});

const MEMBERS = { image: 'images', document: 'documents', audio: 'audio', video: 'video' } as const;

/** The guardrail `media`. */
export const media: BuiltIn<typeof settings, BodyGuardrail> = { name: NAME, settings, open };

function open(given: z.output<typeof settings> | undefined): BodyGuardrail | undefined {
  if (!given) return undefined;
  const refusal = (medium: Medium): Denial | undefined => {
    if (medium.form === 'remote') return given.remote === 'block' ? denied('remote', 'it names a place to fetch media from') : undefined;
    const member = MEMBERS[medium.kind];
    if (given[member] === 'block') return denied(member, `${member} may not leave`);
    return sizeOf(medium) > (given.max_bytes ?? Number.POSITIVE_INFINITY)
      ? denied('max_bytes', 'it holds media larger than is allowed')
      : undefined;
  };
  return {
    name: NAME,
    stage: 'body',
    readsMedia: true,
    rank: 5,
    deadlineMs: 5000,
    onFault: 'deny',
    check({ bytes, headers }) {
      const found = findMedia(bytes, headers);
      for (const medium of found) {
        const denial = refusal(medium);
        if (denial) return denial;
      }
      const edits = given.strip_location ? found.flatMap((medium) => stripped(bytes, medium)) : [];
      return edits.length === 0 ? PASS : { action: 'edit', edits, findings: [{ guardrail: NAME, rule: 'strip_location' }] };
    },
  };
}

function denied(rule: string, detail: string): Denial {
  return { action: 'deny', rule: `${NAME}/${rule}`, detail, findings: [{ guardrail: NAME, rule }] };
}

/** Of base64 up to two bytes more than there are. */
function sizeOf({ form, start, end }: Medium): number {
  return form === 'base64' ? Math.floor(((end - start) * 3) / 4) : end - start;
}

function stripped(bytes: Buffer, { form, start, end }: Medium): Edit[] {
  if (form === 'remote') return [];
  const own = bytes.subarray(start, end);
  const medium = form === 'raw' ? own : Buffer.from(own.toString('latin1').replaceAll('\\/', '/'), 'base64');
  const clean = withoutPlaces(medium);
  if (clean === medium) return [];
  return [{ start, end, text: clean.toString(form === 'raw' ? 'latin1' : 'base64'), kind: NAME }];
}
