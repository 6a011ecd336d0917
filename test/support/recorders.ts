// Programs that stand in for a desktop's own, as scripts first in PATH: they keep what they are told in files, as the real ones do, and write down
// how they were called. For what only a real shell and a real PATH show.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Recorders {
  /** To be merged into the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls that change something, each word in `<>`. */
  changes(): readonly string[];
}

const GSETTINGS = `#!/bin/sh
case $1 in
  writable) echo true; exit ;;
  get)
    default="''"
    [ "$3" = mode ] && default="'none'"
    if [ "\${GSETTINGS_BACKEND-}" != memory ] && [ -f "$STORE/$2 $3" ]; then cat "$STORE/$2 $3"; else echo "$default"; fi
    exit ;;
esac
{ printf 'gsettings'; printf ' <%s>' "$@"; echo; } >>"$STORE/changes"
case $1 in
  set) printf '%s\\n' "$4" >"$STORE/$2 $3" ;;
  reset) rm -f "$STORE/$2 $3" ;;
esac
`;
const KWRITE = `#!/bin/sh
{ printf 'kwriteconfig6'; printf ' <%s>' "$@"; echo; } >>"$STORE/changes"
if [ "$7" = --delete ]; then rm -f "$STORE/kde $6"; else printf '%s\\n' "$7" >"$STORE/kde $6"; fi
`;
const KREAD = `#!/bin/sh
if [ -f "$STORE/kde $6" ]; then cat "$STORE/kde $6"; else echo; fi
`;

/** GNOME's and KDE's programs, in `folder`. */
export function desktopRecorders(folder: string): Recorders {
  const [bin, store] = [join(folder, 'recorders'), join(folder, 'st ore $(x)')];
  mkdirSync(bin);
  mkdirSync(store);
  for (const [name, text] of Object.entries({ gsettings: GSETTINGS, kwriteconfig6: KWRITE, kreadconfig6: KREAD }))
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  const path = [bin, process.env.PATH ?? ''].join(delimiter);
  const log = join(store, 'changes');
  return {
    env: { PATH: path, STORE: store, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    changes: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
  };
}
