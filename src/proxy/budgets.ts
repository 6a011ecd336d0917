// What a profile may use, at the phases that know: asked in admit and for each message of a WebSocket, counted in record and for each answer on
// one. Only calls of models are asked about and counted: a login that is refused would be worse than any budget.
import { asksForAnswer } from '../rules/asked-model.ts';
import { recordable } from '../rules/recordable.ts';
import type { Usage } from '../rules/usage.ts';
import type { Exchange } from './exchange.ts';
import type { Conductor } from './house.ts';

/** Phase 5. Faults over-budget, rate-limited. */
export function admitWithin(house: Conductor, x: Exchange): void {
  if (callsModel(x)) house.options.budgets?.admit(x.profile);
}

/** Asks the same for each message of a client: one that asks for an answer is one more request, the first of which was let in with the switch. */
export function messageGate(house: Conductor, x: Exchange): (message: Buffer) => void {
  const { budgets } = house.options;
  if (!budgets || !callsModel(x)) return () => {};
  let isFirst = true;
  return (message) => {
    const asks = asksForAnswer(message);
    if (asks && !isFirst) budgets.admit(x.profile);
    else budgets.goOn(x.profile);
    isFirst &&= !asks;
  };
}

/** Phase 10. A request whose reply says no tokens counts too; what was refused does not, nor what was counted answer by answer. */
export function countExchange(house: Conductor, x: Exchange, model: string): void {
  const { notes } = x;
  const isSpent = saysTokens(notes.usage);
  if (!callsModel(x) || (notes.webSocket && isSpent)) return;
  if (isSpent || (notes.sentHead !== undefined && notes.verdict !== 'deny')) count(house, x, notes.usage, model);
}

/** One answer on a WebSocket, as it comes. `asked` is the model that its question named. */
export function countAnswer(house: Conductor, x: Exchange, usage: Usage, asked: string): void {
  if (callsModel(x) && saysTokens(usage)) count(house, x, usage, modelName(x, asked || usage.model));
}

/** A model's name as it may be kept. */
export function modelName(x: Exchange, name: string): string {
  return recordable(name, x.policy.inject);
}

function count(house: Conductor, x: Exchange, usage: Usage, model: string): void {
  const { tokensIn = 0, cachedIn = 0, cacheWriteIn = 0, tokensOut = 0 } = usage;
  house.options.budgets?.count(x.profile, {
    provider: x.route!.provider.name,
    model,
    requests: 1,
    tokensIn,
    cachedIn,
    cacheWriteIn,
    tokensOut,
  });
}

function callsModel({ route }: Exchange): boolean {
  return route?.endpoint?.kind === 'model';
}

function saysTokens({ tokensIn, tokensOut }: Usage): boolean {
  return tokensIn !== undefined || tokensOut !== undefined;
}
