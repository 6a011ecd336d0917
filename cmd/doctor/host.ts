// Facts of this machine, and which programs are connected to the daemon now.
// Must not wait for long: each question starts programs of the system's own.
import type { Status } from '../../src/proxy/control/messages.ts';
import { type Finding, found } from './finding.ts';

/** Which system this is. */
export async function hostFacts(): Promise<readonly Finding[]> {
  const { mem, osInfo } = await import('systeminformation');
  const [os, memory] = await Promise.all([osInfo(), mem()]);
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const free = `${gib(memory.available)} of ${gib(memory.total)} GiB free`;
  return [found.info('host', `${os.distro} ${os.release} (${os.platform} ${os.arch}, kernel ${os.kernel}), ${free}`)];
}

/** The clients of this machine that the daemon serves now, by name and process id, as far as the system tells. */
export async function connectedClients({ listen, pid, connections }: Status): Promise<readonly Finding[]> {
  if (connections === 0) return [found.info('clients', 'nobody is connected')];
  const { networkConnections } = await import('systeminformation');
  const port = listen.slice(listen.lastIndexOf(':') + 1);
  const theirs = (await networkConnections()).filter((one) => one.peerPort === port && one.pid > 0 && one.pid !== pid);
  const names = [...new Set(theirs.map((one) => `${one.process || 'a program'} (pid ${one.pid})`))];
  const text = names.length > 0 ? names.join(', ') : `${connections} connected; the system does not tell whose programs they are`;
  return [found.info('clients', text)];
}
