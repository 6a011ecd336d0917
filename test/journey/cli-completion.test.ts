// `sallyport completion`: the script of each shell, run by the shell itself, completes commands, options, choices, names and files.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LAUNCHER } from '../support/daemon-process.ts';
import { json, newUser, type User } from '../support/sallyport.ts';

const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

async function setUp() {
  const user = newUser();
  for (const id of ['no-mail', 'no-tokens']) expect((await user.run(['rules', 'add', '--id', id, '--action', 'warn'])).code).toBe(0);
  writeFileSync(join(user.folder, 'corpus one.jsonl'), '');
  return user;
}

/** Runs a program of a shell in the user's folder. */
function shell(user: User, name: string, program: string): string[] {
  const env = { PATH: process.env.PATH ?? '', HOME: user.folder, SALLYPORT_HOME: user.home };
  return execFileSync(name, ['-c', program], { cwd: user.folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['sallyport ru', ['rules', 'run']],
  ['sallyport rules ed', ['edit']],
  ['sallyport rules remove ', ['no-mail', 'no-tokens']],
  ['sallyport rules edit no-mail --wi', ['--without']],
  ['sallyport rules edit no-mail --action bl', ['block']],
  ['sallyport rules add --kinds email,pho', ['email,phone']],
  ['sallyport env --shell fi', ['fish']],
  ['sallyport profile show ', ['default']],
  ['sallyport token create --profile d', ['default']],
  ['sallyport nope ', []],
];

describe('completion', { timeout: 90_000 }, () => {
  test('bash completes by the script', async () => {
    const user = await setUp();
    const { stdout } = await user.run(['completion', 'bash']);
    const complete = (line: string) =>
      shell(
        user,
        'bash',
        `${stdout}\nCOMP_WORDS=(${line.endsWith(' ') ? `${line}''` : line})\nCOMP_CWORD=$((\${#COMP_WORDS[@]} - 1))\n_sallyport\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    for (const [line, words] of LINES) expect([line, complete(line).sort()]).toEqual([line, words]);
    expect(complete('sallyport rules scan cor')).toEqual(['corpus one.jsonl']);
    expect(complete('sallyport db restore cor')).toEqual(['corpus one.jsonl']);
    expect(complete('sallyport rules edit --action = ma')).toEqual(['mask']);
    expect(shell(user, 'bash', `${stdout}\ncomplete -p sallyport`)).toEqual(['complete -F _sallyport sallyport']);
  });

  test.skipIf(!isThere('zsh'))('zsh completes by the script', async () => {
    const user = await setUp();
    const { stdout } = await user.run(['completion', 'zsh']);
    // What compinit would bring, as far as the script asks for it.
    const stubs = `compdef() { : }; compset() { : }; _files() { print -l -- \${words[-1]}*(N) }; _describe() { print -l -- "\${(@)\${(@P)2}%%:*}" }`;
    const complete = (line: string) =>
      shell(user, 'zsh', `${stubs}\n${stdout}\nwords=(${line.endsWith(' ') ? `${line}''` : line})\nCURRENT=$#words\n_sallyport`).filter(
        (word) => word.startsWith(line.split(' ').at(-1)!),
      );
    for (const [line, words] of LINES) expect([line, complete(line).sort()]).toEqual([line, words]);
    expect(complete('sallyport rules scan cor')).toEqual(['corpus one.jsonl']);
  });

  test.skipIf(!isThere('fish'))('fish completes by the script', async () => {
    const user = await setUp();
    const { stdout } = await user.run(['completion', 'fish']);
    const complete = (line: string) => shell(user, 'fish', `${stdout}\ncomplete -C '${line}'`).map((found) => found.split('\t')[0]!);
    for (const [line, words] of LINES) expect([line, complete(line).sort()]).toEqual([line, words]);
    expect(complete('sallyport rules scan cor')).toEqual(['corpus one.jsonl']);
  });

  test('the script names the program by its path, whatever that is; as JSON too; a shell that is none is a usage error', async () => {
    const user = newUser();
    const folder = join(user.folder, "it's");
    mkdirSync(folder);
    const link = join(folder, 'sallyport');
    execFileSync('ln', ['-s', LAUNCHER, link]);
    const script = execFileSync(link, ['completion', 'bash'], { env: { PATH: process.env.PATH ?? '', HOME: user.folder } }).toString();
    expect(shell(user, 'bash', `${script}\nCOMP_WORDS=(sallyport sto)\nCOMP_CWORD=1\n_sallyport\necho "$COMPREPLY"`)).toEqual(['stop']);
    expect(json((await user.run(['completion', 'fish', '--json'])).stdout)).toMatchObject({
      shell: 'fish',
      script: expect.stringContaining('complete -c'),
    });
    expect(await user.run(['completion', 'bsah'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('completion takes bash, zsh or fish (did you mean «bash»?)'),
    });
    expect(json((await user.run(['__complete', '--json', '--', 'sto'])).stdout)).toMatchObject({
      kind: 'words',
      words: [{ word: 'stop' }],
    });
  });
});
