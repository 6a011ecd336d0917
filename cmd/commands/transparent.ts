// Redirects the HTTPS connections of some users or cgroups to the daemon (Linux): their programs need no proxy settings at all.
// Must not change anything that the journal does not know of.
import type { Command } from '../command.ts';

const SELECTING = ['on', 'show'];

/** `sallyport transparent on|off|status|show`. */
export const transparent: Command = {
  name: 'transparent <action>',
  summary: 'redirect the HTTPS of some users or cgroups to the daemon, without proxy settings (Linux)',
  positionals: { action: { describe: 'show prints the nftables table and changes nothing', choices: ['on', 'off', 'status', 'show'] } },
  options: {
    uid: { type: 'string', describe: 'programs of these user ids [ID,…]', isList: true, actions: SELECTING },
    user: { type: 'string', describe: 'the same by name [NAME,…]', isList: true, actions: SELECTING },
    cgroup: { type: 'string', describe: 'programs in these cgroups (v2), by path [PATH,…]', isList: true, actions: SELECTING },
  },
  settings: 'home',
  examples: [
    ['transparent on --user ai', 'everything that user ai starts; the daemon runs as somebody else and has a transparent_port'],
    ['transparent on --cgroup user.slice/user-1000.slice/ai.slice', 'what runs in that slice'],
    ['transparent off', 'as it was before'],
  ],
  run: async (call) => {
    const { TRANSPARENT_ACTIONS } = await import('../transparent/actions.ts');
    return TRANSPARENT_ACTIONS[call.args.action as keyof typeof TRANSPARENT_ACTIONS](call);
  },
};
