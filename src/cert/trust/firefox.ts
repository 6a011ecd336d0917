// The NSS database of every profile of Firefox, wherever its packagers have put them: the distribution's, Mozilla's, snap, flatpak, macOS.
// Windows is left out: Firefox reads the system's roots there, and its certutil is another program.
import { databases, nssHelp, nssHelpOut, nssPlace } from '../nss-store.ts';
import type { TrustStore } from '../trust-store.ts';

const PLACES = [
  ['.mozilla', 'firefox', '*'],
  ['.config', 'mozilla', 'firefox', '*'],
  ['snap', 'firefox', 'common', '.mozilla', 'firefox', '*'],
  ['snap', 'firefox', 'common', '.config', 'mozilla', 'firefox', '*'],
  ['.var', 'app', 'org.mozilla.firefox', '.mozilla', 'firefox', '*'],
  ['.var', 'app', 'org.mozilla.firefox', 'config', 'mozilla', 'firefox', '*'],
  ['Library', 'Application Support', 'Firefox', 'Profiles', '*'],
];

/** Firefox's. */
export const firefox: TrustStore = {
  name: 'firefox',
  title: 'Firefox',
  help: (file) => nssHelp(file, 'PROFILE'),
  helpOut: nssHelpOut,
  places: (machine) => databases(machine, PLACES).map((folder) => nssPlace(machine, folder)),
};
