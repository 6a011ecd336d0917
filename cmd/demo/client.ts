// The demo's client: a few lines of fetch in a process of its own, that know nothing of a proxy but the variables which
// `sallyport run` sets. Must not import anything of ours: it stands for a CLI.
import { spawn } from 'node:child_process';

const PROGRAM = `
const reply = await fetch('https://' + process.argv[1] + '/v1/messages', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': 'the-demo-needs-none' },
  body: JSON.stringify({ model: 'demo', max_tokens: 64, stream: true, messages: [{ role: 'user', content: process.argv[2] }] }),
});
const text = await reply.text();
if (!reply.ok) throw new Error(reply.status + ' ' + text);
const events = text.split('\\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
process.stdout.write(events.map((event) => event.delta?.text ?? '').join(''));
`;

const TIME_MS = 20_000;

/** Sends the prompt and gives the text that came back. Rejects with the client's own complaint. */
export function askAsClient(host: string, prompt: string, environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, host, prompt], {
      env: environment as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_MS,
    });
    let text = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`the demo's client failed: ${/(?:Error|cause): .*/.exec(complaint)?.[0] ?? `exit code ${code}`}`));
    });
  });
}
