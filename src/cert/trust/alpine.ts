// The system store of Alpine: the place and the program are called as Debian's are, but the program is another one, which clears away
// what it made of an anchor that is gone.
import { anchorStore } from '../anchor-store.ts';

/** Alpine. */
export const alpine = anchorStore({
  name: 'alpine',
  title: 'Alpine',
  folder: '/usr/local/share/ca-certificates',
  ending: '.crt',
  update: ['update-ca-certificates'],
  from: 'ca-certificates',
  bundle: '/etc/ssl/certs/ca-certificates.crt',
  isHere: (machine) => machine.exists('/etc/alpine-release'),
});
