// What kind of place an IP address is, from the IANA special-purpose registries, and which of two spellings are one address.
// Promises that an address which carries an IPv4 address inside is judged by that one. Must not know who wants to go there.
import { ipv6Groups } from '../authority.ts';

/** `public` is what the Internet routes; `reserved` is what no host can have, and every text that is not an address. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'link-local' | 'metadata' | 'unspecified' | 'multicast' | 'reserved';

type Row = readonly [block: string, kind: AddressClass];

// RFC 6890 and its registry. The first row that holds the address decides. Credentials of cloud machines lie at the metadata ones.
const IPV4: readonly Row[] = [
  ['169.254.169.254/32', 'metadata'], // AWS, Azure, Google, DigitalOcean, Oracle, OpenStack
  ['169.254.170.2/32', 'metadata'], // AWS ECS tasks
  ['169.254.170.23/32', 'metadata'], // AWS EKS pod identity
  ['169.254.0.23/32', 'metadata'], // Tencent
  ['100.100.100.200/32', 'metadata'], // Alibaba
  ['168.63.129.16/32', 'metadata'], // Azure host
  ['192.0.0.192/32', 'metadata'], // Oracle, older
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'], // carrier NAT, RFC 6598; also what Tailscale hands out
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'private'], // benchmarks, RFC 2544; in practice the stand-in addresses of local VPN clients
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['0.0.0.0/0', 'public'],
];

const IPV6: readonly Row[] = [
  ['fd00:ec2::/32', 'metadata'], // AWS: ::254 and ::23
  ['fd20:ce::254/128', 'metadata'], // Google
  ['fe80::a9fe:a9fe/128', 'metadata'], // OpenStack
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['64:ff9b:1::/48', 'private'], // a NAT64 of the own network, RFC 8215
  ['fc00::/7', 'private'],
  ['fec0::/10', 'private'], // site-local, RFC 3879
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
  ['2001::/23', 'reserved'], // Teredo, ORCHID, benchmarks
  ['2001:db8::/32', 'reserved'],
  ['3fff::/20', 'reserved'],
  ['2000::/3', 'public'],
  ['::/0', 'reserved'],
];

// Where an IPv6 address holds an IPv4 one, and at which group.
const CARRIERS: readonly (readonly [block: string, group: number])[] = [
  ['::ffff:0:0/96', 6], // mapped, RFC 4291 2.5.5.2
  ['::ffff:0:0:0/96', 6], // translated, RFC 2765
  ['64:ff9b::/96', 6], // NAT64, RFC 6052
  ['2002::/16', 1], // 6to4, RFC 3056
  ['::/96', 6], // compatible, RFC 4291 2.5.5.1; the two rows of ::/128 and ::1/128 come first
];

// Names that lead to such places wherever they are resolved: RFC 6761 6.3, /etc/hosts of the distributions, cloud vendors.
const LOOPBACK_NAME = /(?:^|\.)localhost$|^localhost\.localdomain$|^ip6-(?:localhost|loopback)$/;
const METADATA_NAME =
  /^metadata\.google\.internal$|^metadata\.goog$|^instance-data(?:\.ec2\.internal)?$|^metadata\.tencentyun\.com$|^metadata\.azure\.internal$/;

/** The class of an address text (dotted quad, or IPv6 without brackets, a zone is overlooked). What is not an address is `reserved`. */
export function classifyAddress(ip: string): AddressClass {
  const groups = addressGroups(ip);
  return groups ? classOf(groups) : 'reserved';
}

/** The class a name belongs to without being resolved; undefined when resolving has to tell. `name` in lower case without trailing dot. */
export function classifyName(name: string): 'loopback' | 'metadata' | undefined {
  if (LOOPBACK_NAME.test(name)) return 'loopback';
  return METADATA_NAME.test(name) ? 'metadata' : undefined;
}

/** Whether two texts are the same address; a mapped IPv4 address is that IPv4 address. False when one is no address. */
export function sameAddress(a: string, b: string): boolean {
  const groups = addressGroups(a);
  return groups !== undefined && addressGroups(b)?.join() === groups.join();
}

/** Whether `ip` lies in a block such as `10.0.0.0/8` or `fd00::/8`; without a length the block is that one address. False when one is malformed. */
export function inBlock(ip: string, block: string): boolean {
  const groups = addressGroups(ip);
  const range = parseBlock(block);
  return groups !== undefined && range !== undefined && contains(range, groups);
}

interface Block {
  readonly groups: readonly number[];
  readonly bits: number;
}

/** An address as eight groups; IPv4 as its mapped form. */
function addressGroups(text: string): readonly number[] | undefined {
  if (/^\d+(?:\.\d+){3}$/.test(text)) return ipv6Groups(`::ffff:${text}`);
  return text.includes(':') ? ipv6Groups(text.replace(/%.*$/, '')) : undefined;
}

function parseBlock(text: string): Block | undefined {
  const [ip = '', length] = text.split('/', 2);
  const groups = addressGroups(ip);
  const width = ip.includes(':') ? 128 : 32;
  const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return groups && bits <= width ? { groups, bits: bits + 128 - width } : undefined;
}

function contains(block: Block, groups: readonly number[]): boolean {
  return groups.every((group, i) => {
    const bits = Math.min(Math.max(block.bits - 16 * i, 0), 16);
    return (group ^ block.groups[i]!) >> (16 - bits) === 0;
  });
}

function compile<T>(rows: readonly (readonly [string, T])[]): readonly (readonly [Block, T])[] {
  return rows.map(([text, value]) => [parseBlock(text)!, value]);
}

const ipv4 = compile(IPV4);
const ipv6 = compile(IPV6);
const carriers = compile(CARRIERS);
const single = ipv6.filter(([block]) => block.bits === 128);

function classOf(groups: readonly number[]): AddressClass {
  const named = single.find(([block]) => contains(block, groups));
  if (named) return named[1];
  const carrier = carriers.find(([block]) => contains(block, groups));
  if (!carrier) return ipv6.find(([block]) => contains(block, groups))![1];
  const inside = [0, 0, 0, 0, 0, 0xffff, groups[carrier[1]]!, groups[carrier[1] + 1]!];
  return ipv4.find(([block]) => contains(block, inside))![1];
}
