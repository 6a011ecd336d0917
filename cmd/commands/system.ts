// Tells this machine of the proxy: its desktop and its programs, for intercepted hosts only unless told otherwise.
// Must not change anything that the journal does not know of.
import type { Command } from '../command.ts';

/** `sallyport system on|off|status`. */
export const system: Command = {
  name: 'system <action>',
  summary: 'set the proxy of this system: by a PAC file for intercepted hosts, or for everything',
  positionals: { action: { describe: 'off brings back what there was before', choices: ['on', 'off', 'status'] } },
  options: {
    all: {
      type: 'boolean',
      describe: 'everything, by variables and plain proxy settings, instead of the PAC file for intercepted hosts',
      actions: ['on'],
    },
  },
  settings: 'home',
  examples: [
    ['system on', 'desktop programs go through it for intercepted hosts: GNOME, KDE, macOS'],
    ['system on --all', 'all hosts, and the variables of login shells, the desktop and apt as well'],
    ['system off', 'as it was before'],
  ],
  run: async (call) => {
    const { SYSTEM_ACTIONS } = await import('../system/actions.ts');
    return SYSTEM_ACTIONS[call.args.action as keyof typeof SYSTEM_ACTIONS](call);
  },
};
