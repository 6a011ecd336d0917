// The NSS database of the user that Chromium, Chrome and their kin read on Linux; snaps and flatpaks have one of their own.
// Elsewhere they read the system's store.
import { databases, nssHelp, nssHelpOut, nssPlace } from '../nss-store.ts';
import type { TrustStore } from '../trust-store.ts';

const PLACES = [
  ['.pki', 'nssdb'],
  ['.local', 'share', 'pki', 'nssdb'],
  ['snap', '*', 'current', '.pki', 'nssdb'],
  ['.var', 'app', '*', '.pki', 'nssdb'],
  ['.var', 'app', '*', 'data', 'pki', 'nssdb'],
];

/** Chromium's. */
export const chromium: TrustStore = {
  name: 'chromium',
  title: 'Chromium, Chrome',
  help: (file) => nssHelp(file, '$HOME/.pki/nssdb'),
  helpOut: nssHelpOut,
  places: (machine) => (machine.platform === 'linux' ? databases(machine, PLACES).map((folder) => nssPlace(machine, folder)) : []),
};
