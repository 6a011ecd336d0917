// How each CLI is run without a terminal: arguments, account files and the variables it takes a CA and a key from.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ACCOUNT_ID, fakeJwt } from '../support/provider/accounts.ts';
import type { CliName } from './install.ts';

/** A CLI with one way of signing in. */
export interface CliSetting {
  readonly cli: CliName;
  /** `chatgpt`: codex with an account file instead of a key. */
  readonly account?: 'key' | 'chatgpt';
}

/** Arguments for one prompt; `again` continues the last conversation of the folder. */
export function promptArguments(setting: CliSetting, prompt: string, again: boolean): string[] {
  switch (setting.cli) {
    case 'claude-code':
      return ['--dangerously-skip-permissions', ...(again ? ['--continue'] : []), '-p', prompt];
    case 'codex': {
      const options = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
      return again ? ['exec', ...options, 'resume', '--last', prompt] : ['exec', ...options, prompt];
    }
    case 'gemini':
      return ['--skip-trust', '--yolo', ...(again ? ['--resume', 'latest'] : []), '-p', prompt];
    case 'copilot':
      return ['--allow-all-tools', ...(again ? ['--continue'] : []), '-p', prompt];
  }
}

/** The prompt directive (see provider/plan.ts) that makes the CLI run a shell command. */
export function shellDirective(cli: CliName, command: string): string {
  switch (cli) {
    case 'claude-code':
      return `[[call Bash ${JSON.stringify({ command, description: 'test' })}]]`;
    case 'codex':
      return `[[call exec const r = await tools.exec_command({cmd:${JSON.stringify(command)}}); text(JSON.stringify(r));]]`;
    case 'gemini':
      return `[[call run_shell_command ${JSON.stringify({ command })}]]`;
    case 'copilot':
      return `[[call bash ${JSON.stringify({ command, description: 'test' })}]]`;
  }
}

/** The directive that makes the CLI read a file of its working folder. */
export function readDirective(cli: CliName, file: string): string {
  const path = JSON.stringify({ file_path: `{{cwd}}/${file}` });
  // Codex has no tool of its own for it, and gemini-cli's refuses `.env`.
  if (cli === 'codex' || cli === 'copilot' || (cli === 'gemini' && file.startsWith('.'))) return shellDirective(cli, `cat ${file}`);
  return cli === 'gemini' ? `[[call read_file ${path}]]` : `[[call Read ${path}]]`;
}

/** The directive that makes the CLI write a file there with what the tools before gave. */
export function copyDirective(cli: CliName, file: string): string {
  const args = JSON.stringify({ file_path: `{{cwd}}/${file}`, content: '<<RESULTS>>' });
  if (cli === 'codex' || cli === 'copilot') return shellDirective(cli, `cat > ${file} <<'END_OF_COPY'\n<<RESULTS>>\nEND_OF_COPY`);
  return cli === 'gemini' ? `[[call write_file ${args}]]` : `[[call Write ${args}]]`;
}

const FAKE_KEYS: Readonly<Record<CliName, Readonly<Record<string, string>>>> = {
  'claude-code': { ANTHROPIC_API_KEY: 'sk-ant-api03-test', IS_SANDBOX: '1' },
  codex: { CODEX_API_KEY: 'sk-proj-test' },
  gemini: { GEMINI_API_KEY: 'AIzaTest' },
  copilot: { COPILOT_GITHUB_TOKEN: 'github_pat_test' },
};

/** What a CLI is given besides a key. */
export const WITHOUT_KEY: Readonly<Record<CliName, Readonly<Record<string, string>>>> = {
  'claude-code': { IS_SANDBOX: '1' },
  codex: {},
  gemini: {},
  copilot: {},
};

/** A key for the vault: where it may go, how one begins and how long it is, and what the CLI sends: the field and its value. */
export interface VaultKey {
  readonly hosts: readonly string[];
  readonly prefix: string;
  readonly length: number;
  readonly field: readonly [name: string, before: string];
}

/** By CLI. */
export const VAULT_KEYS: Readonly<Record<CliName, VaultKey>> = {
  'claude-code': { hosts: ['api.anthropic.com'], prefix: 'sk-ant-api03-', length: 108, field: ['x-api-key', ''] },
  codex: { hosts: ['api.openai.com'], prefix: 'sk-proj-', length: 164, field: ['authorization', 'Bearer '] },
  gemini: { hosts: ['generativelanguage.googleapis.com'], prefix: 'AIza', length: 39, field: ['x-goog-api-key', ''] },
  copilot: { hosts: ['api.githubcopilot.com', 'api.github.com'], prefix: 'github_pat_', length: 93, field: ['authorization', 'Bearer '] },
};

/** Writes the account files into `home` and returns the variables for the run. */
export function signIn(setting: CliSetting, home: string): Readonly<Record<string, string>> {
  if (setting.account !== 'chatgpt') return FAKE_KEYS[setting.cli];
  const hourFromNow = Math.floor(Date.now() / 1000) + 86_400;
  const account = { chatgpt_plan_type: 'pro', chatgpt_account_id: ACCOUNT_ID, chatgpt_user_id: 'user-test', user_id: 'user-test' };
  const token = fakeJwt({
    exp: hourFromNow,
    iat: hourFromNow - 86_400,
    email: 'fake@example.test',
    'https://api.openai.com/auth': account,
  });
  const tokens = { id_token: token, access_token: token, refresh_token: 'rt_test', account_id: ACCOUNT_ID };
  const file = join(home, '.codex/auth.json');
  mkdirSync(dirname(file), { recursive: true });
  const auth = { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
  writeFileSync(file, JSON.stringify(auth), { mode: 0o600 });
  return {};
}

/** The variable through which a CLI takes further roots when nobody else sets it. */
export const CA_VARIABLE: Readonly<Record<CliName, string>> = {
  'claude-code': 'NODE_EXTRA_CA_CERTS',
  codex: 'CODEX_CA_CERTIFICATE',
  gemini: 'NODE_EXTRA_CA_CERTS',
  copilot: 'NODE_EXTRA_CA_CERTS',
};
