// Prints the script that completes words of `sallyport` in a shell.
// Must not write it anywhere: whoever wants it evaluates it.
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { COMPLETION_SCRIPTS } from '../completion-scripts.ts';
import { EXIT } from '../failure.ts';

/** `sallyport completion bash|zsh|fish`. */
export const completion: Command = {
  name: 'completion <shell>',
  summary: 'print the script that completes commands, options and names in a shell',
  positionals: { shell: { describe: 'whose script', choices: Object.keys(COMPLETION_SCRIPTS) } },
  settings: 'home',
  examples: [
    ['completion bash', 'in ~/.bashrc: eval "$(sallyport completion bash)"'],
    ['completion zsh', 'in ~/.zshrc, behind compinit: eval "$(sallyport completion zsh)"'],
    ['completion fish', 'once: sallyport completion fish > ~/.config/fish/completions/sallyport.fish'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const { self } = terminal;
    const program = self.includes('/') ? resolve(invocation.cwd, self) : self;
    const shell = args.shell as keyof typeof COMPLETION_SCRIPTS;
    const script = COMPLETION_SCRIPTS[shell](program);
    terminal.out(json ? JSON.stringify({ shell, script }) : script.trimEnd());
    return EXIT.ok;
  },
};
