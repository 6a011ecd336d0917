// The host by which a program on this machine can prove that it trusts the CA: the daemon answers for it itself, and no name below
// `.invalid` leads anywhere (RFC 6761 6.4), so what is sent to it can reach nobody else. Must not know who asks.
import type { Authority } from './authority.ts';

/** The domain of the CA's own: always within its name constraints. */
export const OWN_DOMAIN = 'sallyport.invalid';

/** Where a probe goes, on port 443. */
export const PROBE_HOST: string = `doctor.${OWN_DOMAIN}`;

/** What a probe is answered with: a line that git, too, takes for an answer to `ls-remote` over the simple protocol. */
export const PROBE_ANSWER: string = `${'0'.repeat(39)}1\trefs/sallyport/verified\n`;

/** Whether the daemon answers for this one itself. */
export function isProbe({ host, port }: Authority): boolean {
  return host === PROBE_HOST && port === 443;
}
