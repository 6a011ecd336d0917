// The system store of openSUSE and SLES: their own update-ca-certificates, with a folder of their own.
// Must not run it.
import { anchorStore } from '../anchor-store.ts';

/** openSUSE, SLES. */
export const opensuse = anchorStore({
  name: 'opensuse',
  title: 'openSUSE, SLES',
  folder: '/etc/pki/trust/anchors',
  ending: '.pem',
  update: ['update-ca-certificates'],
  from: 'ca-certificates',
  bundle: '/var/lib/ca-certificates/ca-bundle.pem',
  isHere: (machine) => machine.exists('/etc/pki/trust/anchors'),
});
