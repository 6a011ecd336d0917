// `vault rekey`: a new data key, and everything sealed anew under it.
// Must not stop the daemon: it sees the new key by itself.
import { rekey as rekeyStore } from '../../src/store/rekey.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { keySurroundings, openStoreOf } from '../home-store.ts';
import { openProgressBar } from '../progress-bar.ts';

/** The exit code: 1 where a value did not open. */
export async function rekey({ args, json, invocation, terminal }: Call): Promise<number> {
  if (((args.words ?? []) as readonly string[]).length > 0) throw new CommandFailure(EXIT.usage, 'vault rekey takes no further word');
  const { store } = openStoreOf(invocation);
  const bar = openProgressBar('sealing anew');
  try {
    const done = await rekeyStore({ ...keySurroundings(invocation), store, now: Date.now, mayMake: false, onStep: bar.show });
    bar.clear();
    if (json) terminal.out(JSON.stringify(done));
    else
      terminal.out(
        `${done.resumed ? 'an interrupted rekey was ended: ' : ''}${done.sealed} values sealed anew, ${done.dropped} old keys dropped`,
      );
    for (const line of done.unopened) terminal.err(`sallyport: ${line}; it stays as it is`);
    return done.unopened.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    bar.clear();
    store.close();
  }
}
