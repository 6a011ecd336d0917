// A daemon as a user starts it, in front of a fake provider.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startFakeProvider } from './fake-provider.ts';
import { FREE, json, type User } from './sallyport.ts';

/** A daemon that dials a fake provider for every name. */
export async function startDaemon(user: User, ...settings: readonly string[]) {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const ca = join(user.folder, 'provider.pem');
  writeFileSync(ca, provider.authority.pem);
  const started = await user.run(['start', ...FREE, '--connect-to', `*=127.0.0.1:${provider.port}`, '--upstream-ca', ca, ...settings]);
  expect(started).toMatchObject({ code: 0 });
  const status = json<{ listen: string }>((await user.run(['status', '--json'])).stdout);
  const [host, port] = status.listen.split(':');
  return { provider, host: host!, port: Number(port) };
}
