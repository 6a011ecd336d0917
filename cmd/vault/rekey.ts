// `vault rekey`: a new data key, and everything sealed anew under it.
// Must not stop the daemon: it takes the new key up.
import { openKeys } from '../../src/store/keyring.ts';
import { rekey as rekeyStore } from '../../src/store/rekey.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { keySurroundings, openStoreOf } from '../home-store.ts';
import { openProgressBar } from '../progress-bar.ts';
import { aftermath } from './aftermath.ts';
import { words } from './entries.ts';

/** The exit code: 1 where a value did not open. */
export async function rekey(call: Call): Promise<number> {
  const { json, invocation, terminal } = call;
  words(call, 0, 'vault rekey takes no further word');
  const { home, store } = openStoreOf(invocation);
  const bar = openProgressBar('sealing anew');
  try {
    const options = { ...keySurroundings(invocation), store, now: Date.now, mayMake: false };
    const opened = await openKeys(options);
    const done = await rekeyStore({ ...options, opened, onStep: bar.show });
    bar.clear();
    const { sealed, dropped } = done;
    const { troubles } = await aftermath({ home, store, opened, change: { what: 'vault rekey', after: { sealed, dropped } } });
    if (json) terminal.out(JSON.stringify(done));
    else
      terminal.out(
        `${done.resumed ? 'an interrupted rekey was ended: ' : ''}${done.sealed} values sealed anew, ${done.dropped} old keys dropped`,
      );
    for (const line of troubles) terminal.err(line);
    for (const line of done.unopened) terminal.err(`sallyport: ${line}; it stays as it is`);
    return done.unopened.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    bar.clear();
    store.close();
  }
}
