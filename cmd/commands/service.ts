// Has the system keep the daemon running: systemd or launchd, for one user or for the machine.
// Must not know how either is spoken to.
import type { Command } from '../command.ts';

/** `sallyport service install|uninstall|status|logs`. Exit code 3 where the service does not run. */
export const service: Command = {
  name: 'service <action>',
  summary: 'have systemd or launchd keep the daemon running',
  positionals: {
    action: {
      describe: 'install, enable and start it; take it away again; show its state; show its log',
      choices: ['install', 'uninstall', 'status', 'logs'],
    },
  },
  options: {
    user: { type: 'boolean', describe: 'for you alone (unless you are root)' },
    system: { type: 'boolean', describe: 'for the machine, as a user of its own; asks root through sudo' },
    purge: { type: 'boolean', describe: 'remove the CA and the vault of the service too', actions: ['uninstall'] },
    follow: { type: 'boolean', describe: 'go on with what is logged from now on', actions: ['logs'] },
    lines: { type: 'string', describe: 'how many lines from the end', actions: ['logs'] },
  },
  settings: ['listen'],
  examples: [
    ['service install', 'starts now and with every session'],
    ['service install --listen 127.0.0.1:9000', 'on another port'],
    ['service logs --follow', 'until Ctrl-C'],
    ['service uninstall', 'as it was before'],
  ],
  run: async (call) => {
    const { ACTIONS, thisMachine } = await import('../service/actions.ts');
    return ACTIONS[call.args.action as keyof typeof ACTIONS](call, thisMachine());
  },
};
