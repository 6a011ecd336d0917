// Address classes by example: each block at its first and last address and just outside, and every disguise of an IPv4 address.
import { describe, expect, it } from 'vitest';
import { classifyAddress, classifyName, inBlock, sameAddress } from '../../../src/rules/address.ts';

describe('an IPv4 address', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['0.255.255.255', 'unspecified'],
    ['1.0.0.0', 'public'],
    ['9.255.255.255', 'public'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.0', 'private'],
    ['100.100.100.199', 'private'],
    ['100.100.100.200', 'metadata'],
    ['100.127.255.255', 'private'],
    ['100.128.0.0', 'public'],
    ['126.255.255.255', 'public'],
    ['127.0.0.0', 'loopback'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['128.0.0.0', 'public'],
    ['168.63.129.16', 'metadata'],
    ['168.63.129.17', 'public'],
    ['169.253.255.255', 'public'],
    ['169.254.0.0', 'link-local'],
    ['169.254.0.23', 'metadata'],
    ['169.254.169.253', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['169.254.170.23', 'metadata'],
    ['169.254.255.255', 'link-local'],
    ['169.255.0.0', 'public'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.0.0.0', 'reserved'],
    ['192.0.0.192', 'metadata'],
    ['192.0.0.255', 'reserved'],
    ['192.0.1.0', 'public'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.167.255.255', 'public'],
    ['192.168.0.0', 'private'],
    ['192.168.255.255', 'private'],
    ['192.169.0.0', 'public'],
    ['198.17.255.255', 'public'],
    ['198.18.0.0', 'private'],
    ['198.19.255.255', 'private'],
    ['198.20.0.0', 'public'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['223.255.255.255', 'public'],
    ['224.0.0.0', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.0', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['8.8.8.8', 'public'],
  ])('%s is %s', (ip, kind) => {
    expect(classifyAddress(ip)).toBe(kind);
  });
});

describe('an IPv6 address', () => {
  it.each([
    ['::', 'unspecified'],
    ['0:0:0:0:0:0:0:0', 'unspecified'],
    ['::1', 'loopback'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', 'loopback'],
    ['::2', 'unspecified'],
    ['64:ff9b:1::1', 'private'],
    ['64:ff9b:2::1', 'reserved'],
    ['100::1', 'reserved'],
    ['1fff::1', 'reserved'],
    ['2001::1', 'reserved'],
    ['2001:1ff:ffff::1', 'reserved'],
    ['2001:200::1', 'public'],
    ['2001:db8::1', 'reserved'],
    ['2606:4700::6810:84e5', 'public'],
    ['3ffe:ffff::1', 'public'],
    ['3fff::1', 'reserved'],
    ['3fff:fff:ffff::1', 'reserved'],
    ['3fff:1000::1', 'public'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['fbff::1', 'reserved'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['fd00:ec2::23', 'metadata'],
    ['fd20:ce::254', 'metadata'],
    ['fd20:ce::253', 'private'],
    ['fdff:ffff::1', 'private'],
    ['fe00::1', 'reserved'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fe80::a9fe:a9fe', 'metadata'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'private'],
    ['feff::1', 'private'],
    ['ff02::1', 'multicast'],
    ['FE80::A9FE:A9FE%2', 'metadata'],
  ])('%s is %s', (ip, kind) => {
    expect(classifyAddress(ip)).toBe(kind);
  });
});

describe('an IPv4 address inside an IPv6 one', () => {
  const disguises = (hi: string, lo: string, quad: string) => [
    `::ffff:${quad}`,
    `::FFFF:${hi}:${lo}`,
    `0:0:0:0:0:ffff:${hi}:${lo}`,
    `::ffff:0:${quad}`,
    `::${quad}`,
    `64:ff9b::${quad}`,
    `64:ff9b:0:0:0:0:${hi}:${lo}`,
    `2002:${hi}:${lo}::1`,
    `2002:${hi}:${lo}:1:2:3:4:5`,
  ];
  it.each([
    ...disguises('7f00', '1', '127.0.0.1').map((ip) => [ip, 'loopback']),
    ...disguises('a9fe', 'a9fe', '169.254.169.254').map((ip) => [ip, 'metadata']),
    ...disguises('a00', '1', '10.0.0.1').map((ip) => [ip, 'private']),
    ...disguises('a9fe', '1', '169.254.0.1').map((ip) => [ip, 'link-local']),
    ...disguises('e000', '1', '224.0.0.1').map((ip) => [ip, 'multicast']),
    ...disguises('f000', '1', '240.0.0.1').map((ip) => [ip, 'reserved']),
    ...disguises('808', '808', '8.8.8.8').map((ip) => [ip, 'public']),
    ['::ffff:0.0.0.0', 'unspecified'],
    ['2002::1', 'unspecified'],
  ])('%s is %s', (ip, kind) => {
    expect(classifyAddress(ip)).toBe(kind);
  });
});

describe('what is not an address', () => {
  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '256.0.0.1',
    '1.2.3.4.5',
    '01.2.3.4',
    ':',
    ':::',
    '1:2:3',
    'g::1',
    '::1.2.3',
    'abcd',
    '[::1]',
    '1.2.3.4 ',
  ])('«%s» is reserved', (text) => {
    expect(classifyAddress(text)).toBe('reserved');
  });
});

describe('a name', () => {
  it.each([
    ['localhost', 'loopback'],
    ['a.b.localhost', 'loopback'],
    ['localhost.localdomain', 'loopback'],
    ['ip6-localhost', 'loopback'],
    ['ip6-loopback', 'loopback'],
    ['metadata.google.internal', 'metadata'],
    ['metadata.goog', 'metadata'],
    ['instance-data', 'metadata'],
    ['instance-data.ec2.internal', 'metadata'],
    ['metadata.tencentyun.com', 'metadata'],
    ['metadata.azure.internal', 'metadata'],
    ['notlocalhost', undefined],
    ['localhost.example.test', undefined],
    ['api.openai.com', undefined],
    ['metadata.google.internal.example.test', undefined],
  ])('%s is %s', (name, kind) => {
    expect(classifyName(name)).toBe(kind);
  });
});

describe('the same address', () => {
  it.each([
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['127.0.0.1', '::ffff:7f00:1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['fe80::1%lo', 'fe80::1', true],
    ['::1', '127.0.0.1', false],
    ['127.0.0.1', '127.0.0.2', false],
    ['x', 'x', false],
    ['::1', 'x', false],
  ])('%s and %s: %s', (a, b, same) => {
    expect(sameAddress(a, b)).toBe(same);
    expect(sameAddress(b, a)).toBe(same);
  });
});

describe('a block', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.3/32', true],
    ['10.1.2.3', '10.1.2.2/31', true],
    ['10.1.2.4', '10.1.2.2/31', false],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['2001:db8::1', '::/0', true],
    ['2001:db8::1', '2001:db8::/33', true],
    ['2001:db8:8000::1', '2001:db8::/33', false],
    ['::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', '10.0.0.0/33', false],
    ['10.1.2.3', '10.0.0.0/x', false],
    ['10.1.2.3', '10.0.0.0/', false],
    ['10.1.2.3', 'ten/8', false],
    ['2001:db8::1', '2001:db8::/129', false],
    ['name', '0.0.0.0/0', false],
  ])('%s in %s: %s', (ip, block, inside) => {
    expect(inBlock(ip, block)).toBe(inside);
  });
});
