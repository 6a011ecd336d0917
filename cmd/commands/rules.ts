// The rules about findings: those of the store are changed here, and what all of them find is shown, in a corpus, in one text, in fixtures.
// Must not open a socket: a daemon that runs sees a change of the store by itself.
import { RULE_ACTIONS } from '../../src/rule-schema.ts';
import type { Command, Names } from '../command.ts';

const ADDED = ['add', 'edit'];
const PLACED = ['add', 'move'];

const ids: Names = async (invocation) => (await import('../rules/stored.ts')).storedIds(invocation);
const known =
  (member: 'kinds' | 'detectors' | 'providers'): Names =>
  async () => {
    const { RULE_GRAMMAR } = await import('../settings.ts');
    const { [member]: names = [] } = RULE_GRAMMAR;
    return Array.isArray(names) ? names : Object.keys(names);
  };

/** `sallyport rules list|add|edit|remove|enable|disable|move|export|import|scan|explain|test`. */
export const rules: Command = {
  name: 'rules <command> [names..]',
  summary: 'list and change the rules; see what they find in a corpus, in one text, in fixtures',
  positionals: {
    command: {
      describe: 'list, change, export or import rules; scan rows of JSON, explain a text or a request, test fixtures',
      choices: ['list', 'add', 'edit', 'remove', 'enable', 'disable', 'move', 'export', 'import', 'scan', 'explain', 'test'],
    },
    names: { describe: 'ids of rules, or files; scan and explain read standard input without one, export writes to standard output' },
  },
  names: {
    edit: ids,
    remove: ids,
    enable: ids,
    disable: ids,
    move: ids,
    export: 'file',
    import: 'file',
    scan: 'file',
    explain: 'file',
    test: 'file',
  },
  options: {
    id: { type: 'string', describe: 'what the rule is called in lists, logs and answers [NAME]', actions: ['add'] },
    action: { type: 'string', describe: 'what happens to what it matches', choices: RULE_ACTIONS, actions: ADDED },
    kinds: { type: 'string', describe: 'only findings of these kinds [KIND,…]', isList: true, actions: ADDED, names: known('kinds') },
    detectors: { type: 'string', describe: 'only what these find [NAME,…]', isList: true, actions: ADDED, names: known('detectors') },
    pattern: { type: 'string', describe: 'finds what it matches itself, in place of kinds and detectors [RE2]', actions: ADDED },
    word: { type: 'string', describe: 'the word in placeholders for what the pattern finds [WORD]', actions: ADDED },
    hosts: { type: 'string', describe: 'only for these hosts [PATTERN,…]', isList: true, actions: ADDED },
    providers: { type: 'string', describe: 'only for these providers [NAME,…]', isList: true, actions: ADDED, names: known('providers') },
    without: { type: 'string', describe: 'take these away from the rule [MEMBER,…]', isList: true, actions: ['edit'] },
    first: { type: 'boolean', describe: 'before all others of the store', actions: PLACED },
    last: { type: 'boolean', describe: 'behind all others', actions: ['move'] },
    before: { type: 'string', describe: 'before this one [ID]', actions: PLACED, names: ids },
    after: { type: 'string', describe: 'behind this one [ID]', actions: PLACED, names: ids },
    replace: { type: 'boolean', describe: 'in place of all rules of the store', actions: ['import'] },
    policy: {
      type: 'string',
      describe: 'the configuration to judge by, alone; without it scan looks for every kind [FILE]',
      actions: ['scan', 'explain', 'test'],
      names: 'file',
    },
    host: { type: 'string', describe: 'where it goes: some rules hold for some hosts only [HOST]', actions: ['explain'] },
    provider: {
      type: 'string',
      describe: 'whose request it is, where its shape does not tell [NAME]',
      actions: ['explain'],
      names: known('providers'),
    },
  },
  settings: ['mask', 'rules', 'known_values', 'guardrails', 'max_body_bytes'],
  examples: [
    ['rules list', 'all rules in the order in which they decide, and where each stands'],
    ['rules add --id no-mail --kinds email --action block', 'acts on the next exchange; rules edit no-mail --action warn changes it'],
    ['rules move no-mail --first', 'the first rule that matches decides'],
    ['rules export rules.yaml', 'and rules import rules.yaml --replace in another home: the same rules'],
    ['rules scan < corpus.jsonl', '{"id","findings","injection"} for each line {"id","text"}; 2 if a line was no such row'],
    ['rules explain notes.txt', 'what would be found, why, and what would be sent'],
    ['rules explain --mask email=redact < request.json', 'the body as the daemon would send it'],
    ['rules test fixtures.yaml', 'fixtures: 0 all hold, 1 one does not, 2 a file is broken'],
  ],
  run: async (call) => {
    // Detectors and the judge's model are read for this command only.
    const { CHANGES } = await import('../rules/changing.ts');
    const { TRANSFERS } = await import('../rules/transfer.ts');
    const { LOOKS } = await import('../rules/looking.ts');
    const actions: Readonly<Record<string, (call: Parameters<Command['run']>[0]) => Promise<number>>> = {
      ...CHANGES,
      ...TRANSFERS,
      ...LOOKS,
    };
    return actions[String(call.args.command)]!(call);
  },
};
