// The system store of Fedora, RHEL and their kin: update-ca-trust.
// Must not run it.
import { anchorStore } from '../anchor-store.ts';

/** Fedora, RHEL. */
export const fedora = anchorStore({
  name: 'fedora',
  title: 'Fedora, RHEL',
  folder: '/etc/pki/ca-trust/source/anchors',
  ending: '.pem',
  update: ['update-ca-trust', 'extract'],
  from: 'ca-certificates',
  bundle: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  isHere: (machine) => machine.exists('/etc/pki/ca-trust/source/anchors'),
});
