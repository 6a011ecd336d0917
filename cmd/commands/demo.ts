// Shows masking at work: a daemon and a stand-in provider, both for a moment, and one prompt.
// Must not need an account or a network, nor touch the user's own home.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlOf } from '../../src/proxy/control/call.ts';
import { clientEnvironment } from '../client-environment.ts';
import type { Command } from '../command.ts';
import { askAsClient } from '../demo/client.ts';
import { EXIT } from '../failure.ts';
import { packageVersion } from '../version.ts';

const HOST = 'api.anthropic.com';
// In two halves, so that no scanner takes this file for a leak.
const VALUES = [
  { what: 'e-mail address', value: 'maria.santos@example.org' },
  { what: 'API key', value: `sk-${'proj'}-a8Kd_93jfLs-02kdLQpz7Xn4mVb6TgRy5HuJ1WeC` },
  { what: 'card number', value: '4111 1111 1111 1111' },
] as const;
const PROMPT = `Mail ${VALUES[0].value} that her card ${VALUES[2].value} was charged, and deploy with ${VALUES[1].value}.`;

/** `sallyport demo`. Exit code 1 when something came through that should not have. */
export const demo: Command = {
  name: 'demo',
  summary: 'show masking at work, without an account or a network',
  settings: 'home',
  examples: [['demo', 'one prompt in three panes: sent, seen by the provider, got back']],
  run: async ({ json, invocation, terminal }) => {
    await using open = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
    open.defer(() => rmSync(folder, { recursive: true, force: true }));
    const { openDemoProvider } = await import('../demo/provider.ts');
    const provider = await openDemoProvider(HOST, join(folder, 'provider'));
    open.defer(() => provider.close());
    const home = join(folder, 'home');
    const flags = {
      home,
      listen: '127.0.0.1:0',
      connect_to: [`${HOST}=127.0.0.1:${provider.port}`],
      upstream_ca: [provider.caPath],
      log_level: 'silent',
    };
    const { startDaemon } = await import('../daemon.ts');
    const daemon = await startDaemon({
      invocation: { flags, configFile: undefined, environment: {}, cwd: folder, userHome: folder },
      version: packageVersion(),
      announces: false,
      sink: () => {},
      logForm: 'json',
      isEphemeral: false,
    });
    open.defer(async () => {
      daemon.cut('the demo is over');
      await daemon.ended;
    });
    const { set } = clientEnvironment(home, await controlOf(home).connection(), {}, false);
    const received = await askAsClient(HOST, PROMPT, { PATH: invocation.environment.PATH, ...set });
    const seen = provider.seen();
    const results = VALUES.map(({ what, value }) => ({ what, masked: !seen.includes(value), whole: received.includes(value) }));
    // Card numbers have no detector yet, and saying so is part of the demo.
    const works = results.every((r) => r.whole && (r.masked || r.what === 'card number'));
    if (json) terminal.out(JSON.stringify({ sent: PROMPT, seen, received, results }));
    else {
      terminal.out(
        [pane('what the client sent', PROMPT), pane('what the provider saw', seen), pane('what the client got back', received)].join('\n'),
      );
      for (const r of results) terminal.out(`${r.what}: ${verdict(r)}`);
    }
    return works ? EXIT.ok : EXIT.failed;
  },
};

function verdict({ masked, whole }: { readonly masked: boolean; readonly whole: boolean }): string {
  if (!masked) return 'went out as it was; this version does not detect it yet';
  return whole ? 'masked on the way out, whole again on the way back' : 'masked on the way out, but not turned back';
}

const WIDTH = 78;

function pane(title: string, text: string): string {
  const lines = wrapped(text, WIDTH - 4).map((line) => `│ ${line.padEnd(WIDTH - 4)} │`);
  return [`┌─ ${title} ${'─'.repeat(WIDTH - title.length - 5)}┐`, ...lines, `└${'─'.repeat(WIDTH - 2)}┘`].join('\n');
}

/** Breaks at blanks; a word that is longer than a line stays whole. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
