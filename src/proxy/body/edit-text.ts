// A body or message that is whole: what was found in it is noted or refused, guardrails are asked, and the edits of both are made.
// It must not know how it came, nor how it is found in it.
import { Fault } from '../../fault.ts';
import { joinEdits } from '../../rules/guardrail.ts';
import { applyEdits, type Scan } from '../../rules/masking/mask.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange } from '../exchange.ts';
import { guardBody } from '../guard/run.ts';
import type { Conductor } from '../house.ts';
import { note, noteEdits } from './masker.ts';
import { allowsEdit } from './vouched.ts';

/** The bytes to send; the same buffer where nothing changes. `mayEdit` may refuse. Fault rule-denied. */
export function editText(
  house: Conductor,
  x: Exchange,
  route: Route,
  scan: Scan,
  plain: Buffer,
  mayEdit: (x: Exchange, route: Route, plain: Buffer) => boolean,
): Buffer {
  note(x, scan);
  if (scan.blocked !== undefined) throw new Fault('rule-denied', `it holds ${scan.blocked}`);
  const asked = guardBody(house, x, route, plain, () => allowsEdit(x, route, plain));
  const edits = joinEdits([scan.edits, asked]);
  if (edits.length === 0 || !mayEdit(x, route, plain)) return plain;
  x.notes.verdict = 'edit';
  noteEdits(x, asked);
  return applyEdits(plain, edits);
}
