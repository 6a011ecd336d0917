// The system store of Debian, Ubuntu and their kin: update-ca-certificates. It leaves links behind when an anchor goes, and tells the hook of
// Java's keystore nothing of it, so both are seen to here.
import { anchorStore } from '../anchor-store.ts';
import { entryName } from '../trust-store.ts';

const CERTS = '/etc/ssl/certs';
const JAVA_HOOK = '/etc/ca-certificates/update.d/jks-keystore';
/** The keystore of ca-certificates-java, and the password that all of them have. */
const KEYSTORE = `${CERTS}/java/cacerts`;

/** Debian's. */
export const debian = anchorStore({
  name: 'debian',
  title: 'Debian, Ubuntu',
  folder: '/usr/local/share/ca-certificates',
  ending: '.crt',
  update: ['update-ca-certificates'],
  fresh: '--fresh',
  from: 'ca-certificates',
  bundle: `${CERTS}/ca-certificates.crt`,
  isHere: (machine) => machine.exists('/etc/debian_version'),
  touches: [KEYSTORE],
  alsoUndo: (certificate, machine) => {
    const link = `${CERTS}/${entryName(certificate)}.pem`;
    const alias = `debian:${entryName(certificate)}.pem`;
    return [
      { argv: ['rm', '-f', '--', link], root: true },
      { argv: ['openssl', 'rehash', CERTS], root: true },
      ...(machine.exists(JAVA_HOOK)
        ? [
            {
              argv: [JAVA_HOOK],
              input: `-${link}\n`,
              root: true as const,
              ifExists: KEYSTORE,
              when: { argv: ['keytool', '-list', '-keystore', KEYSTORE, '-storepass', 'changeit', '-alias', alias] },
            },
          ]
        : []),
    ];
  },
});
