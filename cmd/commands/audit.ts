// The audit log: whether it is whole, who changed what, and a copy of it.
// Must not change a row.
import type { Command } from '../command.ts';

/** `sallyport audit verify|list|export`. */
export const audit: Command = {
  name: 'audit <action> [file]',
  summary: 'verify the audit log, list changes, export it',
  positionals: {
    action: {
      describe: 'verify that no row was changed, dropped or cut off; list changes by administrators; export rows',
      choices: ['verify', 'list', 'export'],
    },
    file: { describe: 'for export: where to; standard output without it' },
  },
  names: { export: 'file' },
  options: {
    since: { type: 'string', describe: 'for list and export: from when on, as 1h, 7d or a date [TIME]' },
    limit: { type: 'string', describe: 'for list: how many, the newest [N]', default: '100' },
    format: { type: 'string', describe: 'for export', choices: ['jsonl', 'har'], default: 'jsonl' },
    'masked-bodies': { type: 'boolean', describe: 'for export: with the bodies that were kept, which are masked' },
    force: { type: 'boolean', describe: 'for export: replace a file that is there' },
  },
  settings: 'home',
  examples: [
    ['audit verify', '0: every row is as it was written; 1: the rows that are not, with their times'],
    ['audit list --since 7d', 'what was changed in the last week, and by whom'],
    ['audit export --format har last-day.har --since 1d', 'for tools that read HTTP archives; no bodies'],
    ['audit export --format har --masked-bodies x.har', 'with what was kept by profile set NAME --log masked'],
  ],
  run: async (call) => {
    const { AUDIT_ACTIONS } = await import('../audit/actions.ts');
    return AUDIT_ACTIONS[call.args.action as keyof typeof AUDIT_ACTIONS](call);
  },
};
