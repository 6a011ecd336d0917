// The start command of the container image, with its environment and its user, on a root file system that cannot be written but for the
// volumes. No engine is needed: a mount namespace is what one would make.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { instructions, words } from '../support/containerfile.ts';
import { eventually } from '../support/eventually.ts';
import { scratchFolder } from '../support/folder.ts';
import { canIsolate } from '../support/namespace.ts';

const root = join(import.meta.dirname, '../..');
const recipe = instructions(readFileSync(join(root, 'container/Containerfile'), 'utf8'));
const of = (name: string) => recipe.filter(([word]) => word === name).map(([, rest]) => rest);

/** $1 the checkout, $2 and $3 what the volumes are made of; then the user, the volumes and the command. */
const STEPS = `
checkout=$1 home=$2 ca=$3 user=$4
shift 4
ip link set lo up
for place in /opt /srv /var/lib; do mount -t tmpfs tmpfs $place; done
mkdir /opt/sallyport /srv/ca /var/lib/sallyport
mount --bind "$checkout" /opt/sallyport
mount --bind "$home" /var/lib/sallyport
mount --bind "$ca" /srv/ca
for place in /opt /srv /var/lib /opt/sallyport /; do mount -o remount,bind,ro $place; done
if touch /tmp/written 2>/dev/null; then echo the root is not read-only; exit 9; fi
cd /opt/sallyport
if [ "$user" = "" ]; then exec "$@"; fi
exec setpriv --reuid "\${user%:*}" --regid "\${user#*:}" --clear-groups --no-new-privs --bounding-set=-all "$@"
`;

// No table names the user of the image, who has no HOME either: that once ended every command.
test.runIf(canIsolate)('starts without root on a read-only root, and leaves the certificate in its volume', async () => {
  const folder = scratchFolder();
  const [home, ca] = [join(folder, 'home'), join(folder, 'ca')];
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(ca);
  // Only root can become the user of the image; anybody else stays who he is.
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? of('USER').at(-1)! : '';
  if (isRoot) for (const path of [home, ca]) spawn('chown', [user, path]);
  await eventually(() => expect(statSync(ca).uid).toBe(isRoot ? Number(user.split(':')[0]) : process.getuid?.()));
  const environment = Object.fromEntries(of('ENV').map((line) => line.split('=') as [string, string]));
  const command = [...words(of('ENTRYPOINT')[0]!), ...words(of('CMD')[0]!)];
  const child = spawn('unshare', [isRoot ? '-mn' : '-rmn', 'sh', '-euc', STEPS, 'sh', root, home, ca, user, ...command], {
    env: { PATH: process.env.PATH ?? '', ...environment, SALLYPORT_PROXY_AUTH: 'me:secret' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
  const output = () => Buffer.concat(pieces).toString();
  const ended = new Promise((resolve) => child.once('close', resolve));
  await eventually(() => {
    if (child.exitCode !== null) return;
    expect(output()).toContain('Next:');
  });
  expect(output()).toContain('"listen":"0.0.0.0:8898"');
  // Errors of the file system would be here.
  expect(output()).not.toMatch(/EROFS|EACCES|"level":"(?:warn|error|fatal)"/);
  const certificate = join(ca, 'sallyport-ca.pem');
  expect(readFileSync(certificate, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  expect(statSync(certificate).mode & 0o777).toBe(0o644);
  expect(existsSync(join(home, 'sallyport.db'))).toBe(true);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
