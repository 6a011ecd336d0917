// The nftables table that redirects connections of some programs to the second door: text for `nft -f`, put in the place of an older one
// in one transaction. Must not run anything.

/** Whose connections are redirected. */
export interface Selection {
  readonly uids: readonly number[];
  /** Paths below the root of the cgroup v2 tree, without a leading slash. */
  readonly cgroups: readonly string[];
}

/** The table's family and name: nobody else has one of that name. */
export const TABLE = 'inet sallyport';

/** One argument of nft that takes the table away, and fails neither when there is none. */
export const REMOVAL = `add table ${TABLE}; delete table ${TABLE}`;

/** Throws Error for a cgroup whose name cannot be written: nft has no escapes. */
export function tableText({ uids, cgroups }: Selection, port: number): string {
  const of = (rest: string) => [
    ...(uids.length > 0 ? [`    meta skuid { ${uids.join(', ')} } ${rest}`] : []),
    ...cgroups.map((path) => `    socket cgroupv2 level ${path.split('/').length} ${quoted(path)} ${rest}`),
  ];
  return [
    `add table ${TABLE}`,
    `delete table ${TABLE}`,
    `table ${TABLE} {`,
    '  # HTTPS goes to the second door of Sallyport; what stays on this machine is left alone.',
    '  chain https {',
    '    type nat hook output priority -100; policy accept;',
    '    ip daddr 127.0.0.0/8 return',
    '    ip6 daddr ::1 return',
    ...of(`tcp dport 443 redirect to :${port}`),
    '  }',
    '  # HTTP/3 would go past it: refused at once, clients fall back to TCP.',
    '  chain http3 {',
    '    type filter hook output priority 0; policy accept;',
    '    ip daddr 127.0.0.0/8 return',
    '    ip6 daddr ::1 return',
    ...of('udp dport 443 reject'),
    '  }',
    '}',
    '',
  ].join('\n');
}

function quoted(path: string): string {
  if (/["\\\p{Cc}]/u.test(path)) throw new Error(`the cgroup «${path}» has a name that nft cannot take`);
  return `"${path}"`;
}
