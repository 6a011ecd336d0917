// The roots this machine trusts, for programs whose variable replaces their roots instead of adding to them.
// Must not be used to verify upstreams: that is egress/trust.
import { getCACertificates } from 'node:tls';

/** PEM texts of the system's store; Node's bundled roots where there is none (a bare container). */
export function systemRoots(): readonly string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('bundled');
}
