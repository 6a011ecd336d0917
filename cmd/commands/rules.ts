// What the rules find and do, without a daemon: in a corpus, in one text, in fixtures.
// Must not make a home, open a socket or write a file.
import type { Command } from '../command.ts';

/** `sallyport rules scan|explain|test`. */
export const rules: Command = {
  name: 'rules <action> [files..]',
  summary: 'what the rules find: in a corpus, in one text, in fixtures',
  positionals: {
    action: { describe: 'scan rows of JSON, explain a text or a request, test fixtures', choices: ['scan', 'explain', 'test'] },
    files: { describe: 'files to read; scan and explain read standard input without one' },
  },
  options: {
    policy: { type: 'string', describe: 'the configuration to judge by, as --config; without it scan looks for every kind [FILE]' },
    provider: { type: 'string', describe: 'for explain: whose request it is, where its shape does not tell [NAME]' },
  },
  settings: ['mask', 'max_body_bytes'],
  examples: [
    ['rules scan < corpus.jsonl', '{"id","findings","injection"} for each line {"id","text"}; 2 if a line was no such row'],
    ['rules explain notes.txt', 'what would be found, why, and what would be sent'],
    ['rules explain --mask email=redact < request.json', 'the body as the daemon would send it'],
    ['rules test rules.yaml', 'fixtures: 0 all hold, 1 one does not, 2 a file is broken'],
  ],
  run: async (call) => {
    // Detectors and the judge's model are read for this command only.
    const { ACTIONS } = await import('../rules/actions.ts');
    return ACTIONS[call.args.action as keyof typeof ACTIONS](call);
  },
};
