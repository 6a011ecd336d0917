// The process that `start` and `run` put into the background.
// Not for users: it takes its settings from its starter and must not print.
import { writeSync } from 'node:fs';
import { giveAnswer, takeOrder } from '../background.ts';
import type { Command } from '../command.ts';
import type { Daemon } from '../daemon.ts';
import { EXIT, explain } from '../failure.ts';
import { outlive } from '../outlive.ts';
import { packageVersion } from '../version.ts';

/** The hidden `sallyport daemon`: background.ts gives it its order. */
export const daemon: Command = {
  name: 'daemon',
  summary: undefined,
  settings: 'home',
  examples: [],
  run: async () => {
    const order = await takeOrder();
    process.umask(0o077);
    process.title = 'sallyport';
    let started: Daemon;
    try {
      const { startDaemon } = await import('../daemon.ts');
      started = await startDaemon({
        invocation: order.invocation,
        version: packageVersion(),
        announces: false,
        sink: (line) => void writeSync(2, line),
        logForm: 'json',
        isEphemeral: order.isEphemeral,
      });
    } catch (thrown) {
      await giveAnswer(explain(thrown));
      return explain(thrown).exitCode || EXIT.failed;
    }
    await giveAnswer({ ready: started.ready });
    return outlive(started);
  },
};
