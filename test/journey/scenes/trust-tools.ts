// The programs that other systems have for their trust stores, played by a shell script: each call is written down, and the bundle is made of
// what lies in the folder of anchors. FAILS names a program that fails after half of its work, KILLS one that kills whoever
// called it.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Layout {
  /** The file that shows what system it is. */
  readonly mark: string | undefined;
  readonly anchors: string;
  readonly bundle: string;
  /** What is called. */
  readonly update: readonly string[];
}

export const LAYOUTS: Readonly<Record<string, Layout>> = {
  debian: {
    mark: '/etc/debian_version',
    anchors: '/usr/local/share/ca-certificates',
    bundle: '/etc/ssl/certs/ca-certificates.crt',
    update: ['update-ca-certificates'],
  },
  fedora: {
    mark: undefined,
    anchors: '/etc/pki/ca-trust/source/anchors',
    bundle: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    update: ['update-ca-trust', 'extract'],
  },
  arch: {
    mark: undefined,
    anchors: '/etc/ca-certificates/trust-source/anchors',
    bundle: '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
    update: ['trust', 'extract-compat'],
  },
  opensuse: {
    mark: undefined,
    anchors: '/etc/pki/trust/anchors',
    bundle: '/var/lib/ca-certificates/ca-bundle.pem',
    update: ['update-ca-certificates'],
  },
  alpine: {
    mark: '/etc/alpine-release',
    anchors: '/usr/local/share/ca-certificates',
    bundle: '/etc/ssl/certs/ca-certificates.crt',
    update: ['update-ca-certificates'],
  },
};

const SCRIPT = `#!/bin/sh
printf '%s\\n' "\${0##*/} $*" >> "$TOOL_LOG"
: > "$BUNDLE"
for one in "$ANCHORS"/*; do
  if [ "\${0##*/}" = "$FAILS" ]; then echo 'no room' >&2; exit 9; fi
  if [ "\${0##*/}" = "$KILLS" ]; then kill -KILL $PPID; exit 0; fi
  [ -f "$one" ] && cat "$one" >> "$BUNDLE"
done
exit 0
`;

/** Makes the layout and its program in \`folder\`; the environment that they are called with. */
export function layOut(folder: string, { mark, anchors, bundle, update }: Layout) {
  const bin = join(folder, 'bin');
  for (const path of [anchors, join(bundle, '..')]) rmSync(path, { recursive: true, force: true });
  for (const path of [bin, anchors, join(bundle, '..')]) mkdirSync(path, { recursive: true });
  if (mark !== undefined) writeFileSync(mark, '1\n');
  writeFileSync(bundle, '');
  writeFileSync(join(bin, update[0]!), SCRIPT);
  chmodSync(join(bin, update[0]!), 0o755);
  const log = join(folder, 'log');
  writeFileSync(log, '');
  return {
    env: { PATH: `${bin}:${process.env.PATH}`, TOOL_LOG: log, ANCHORS: anchors, BUNDLE: bundle, FAILS: '', KILLS: '' },
    /** Each call since the last question. */
    calls: (): string[] => {
      const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
      writeFileSync(log, '');
      return lines;
    },
  };
}
