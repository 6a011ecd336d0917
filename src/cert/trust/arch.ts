// The system store of Arch and its kin: p11-kit's trust, which makes the bundles of what lies in the folder of anchors.
// Must not run it.
import { anchorStore } from '../anchor-store.ts';

/** Arch. */
export const arch = anchorStore({
  name: 'arch',
  title: 'Arch',
  folder: '/etc/ca-certificates/trust-source/anchors',
  ending: '.crt',
  update: ['trust', 'extract-compat'],
  from: 'p11-kit',
  bundle: '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
  isHere: (machine) => machine.exists('/etc/ca-certificates/trust-source/anchors'),
});
