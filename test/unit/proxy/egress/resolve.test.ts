// Which targets may be dialled. No address in here is ever connected to: checkTarget only looks names up, and the lookup
// is passed in; where something is refused by its spelling, the lookup fails the test.
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { checkTarget, type TcpOptions } from '../../../../src/proxy/egress/connect.ts';

const NO_LOOKUP = (host: string): never => {
  throw new Error(`${host} was looked up`);
};

function options(target: string, more: Partial<TcpOptions> = {}): TcpOptions {
  return {
    authority: parseAuthority(target, 443),
    policy: { mappingFor: () => undefined, allowsPrivate: () => false },
    intercepted: true,
    own: () => [{ host: '127.0.0.1', port: 8898 }],
    lookup: NO_LOOKUP,
    timeoutMs: 2000,
    signal: new AbortController().signal,
    ...more,
  };
}

const answers =
  (...addresses: string[]) =>
  async () =>
    addresses;
const refused = (detail: string | RegExp) => ({
  code: 'target-refused',
  detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
});
const mapped = (host: string, port: number) => ({ mappingFor: () => ({ host, port }), allowsPrivate: () => true });

describe('a target', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.1', 'loopback'],
    ['[::1]', 'loopback'],
    ['[0:0:0:0:0:0:0:1]', 'loopback'],
    ['[::ffff:127.0.0.1]', 'loopback'],
    ['[::ffff:7f00:1]', 'loopback'],
    ['[64:ff9b::7f00:1]', 'loopback'],
    ['[2002:7f00:1::]', 'loopback'],
    ['localhost', 'loopback'],
    ['LOCALHOST', 'loopback'],
    ['x.localhost', 'loopback'],
    ['localhost.localdomain', 'loopback'],
    ['ip6-localhost', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.0.0.1', 'unspecified'],
    ['[::]', 'unspecified'],
    ['169.254.169.254', 'metadata'],
    ['[fd00:ec2::254]', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['metadata.google.internal', 'metadata'],
    ['169.254.1.1', 'link-local'],
    ['[fe80::1]', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
  ])('%s is refused as %s for every tunnel, without a lookup, also behind a parent proxy', async (target, kind) => {
    for (const intercepted of [true, false]) {
      const fault = refused(`the target is a ${kind} address`);
      await expect(checkTarget(options(target, { intercepted }))).rejects.toMatchObject(fault);
      const parentProxy = { url: 'http://127.0.0.1:3128', noProxy: [] };
      await expect(checkTarget(options(target, { intercepted, parentProxy }))).rejects.toMatchObject(fault);
    }
  });

  it.each(['10.0.0.1', '[fd12::1]', '100.64.0.1', '192.168.1.1', '[::ffff:192.168.1.1]'])(
    '%s is refused only where it is intercepted and not allowed',
    async (target) => {
      const fault = refused('the target is a private address: add the name to allow_private');
      await expect(checkTarget(options(target))).rejects.toMatchObject(fault);
      await expect(checkTarget(options(target, { intercepted: false }))).resolves.toMatchObject({ port: 443 });
      const policy = { mappingFor: () => undefined, allowsPrivate: () => true };
      await expect(checkTarget(options(target, { policy }))).resolves.toMatchObject({ port: 443 });
    },
  );

  it('is one of the addresses that were looked up and checked', async () => {
    const found = checkTarget(options('api.example.test:8443', { lookup: answers('8.8.8.8', '2606:4700::1') }));
    await expect(found).resolves.toEqual({ addresses: ['8.8.8.8', '2606:4700::1'], port: 8443, via: undefined });
  });

  it.each([
    ['127.0.0.1', 'loopback'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['10.1.1.1', 'private'],
    ['fe80::1%lo', 'link-local'],
    ['not an address', 'reserved'],
  ])('is refused when only one of its addresses is %s', async (address, kind) => {
    for (const list of [[address], ['8.8.8.8', address], [address, '8.8.8.8']]) {
      await expect(checkTarget(options('rebinding.test', { lookup: answers(...list) }))).rejects.toMatchObject(
        refused(new RegExp(`^the target is a ${kind} address`)),
      );
    }
  });

  it.each([
    [Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'name not found'],
    [Object.assign(new Error('x'), { code: 'ENODATA' }), 'name not found'],
    [Object.assign(new Error('x'), { code: 'EAI_AGAIN' }), 'name lookup failed'],
    [new Error('x'), 'name lookup failed'],
  ])('whose lookup ends with %s is unreachable: %s', async (cause, detail) => {
    const lookup = () => Promise.reject(cause);
    await expect(checkTarget(options('gone.test', { lookup }))).rejects.toMatchObject({ code: 'upstream-unreachable', detail, cause });
  });

  it('without any address is unreachable', async () => {
    await expect(checkTarget(options('gone.test', { lookup: answers() }))).rejects.toMatchObject({
      code: 'upstream-unreachable',
      detail: 'name not found',
    });
  });

  it('is looked up by the system when nothing else is given', async () => {
    const { lookup: _, ...plain } = options('api.example.test', { policy: mapped('localhost', 9) });
    const { addresses, port } = await checkTarget(plain);
    expect(port).toBe(9);
    expect(['127.0.0.1', '::1']).toContain(addresses[0]);
  });
});

describe('a mapped name', () => {
  it.each(['127.0.0.1', '::1', '10.0.0.1', '169.254.1.1'])('may lead to %s', async (address) => {
    const policy = mapped(address, 8443);
    await expect(checkTarget(options('api.example.test', { policy }))).resolves.toEqual({
      addresses: [address],
      port: 8443,
      via: undefined,
    });
    const named = options('api.example.test', { policy: mapped('inside.test', 8443), lookup: answers(address) });
    await expect(checkTarget(named)).resolves.toEqual({ addresses: [address], port: 8443, via: undefined });
  });

  it('is dialled directly although there is a parent proxy', async () => {
    const parentProxy = { url: 'http://127.0.0.1:3128', noProxy: [] };
    const found = checkTarget(options('api.example.test', { policy: mapped('127.0.0.1', 8443), parentProxy }));
    await expect(found).resolves.toMatchObject({ port: 8443, via: undefined });
  });
});

describe('our own listener', () => {
  const loop = refused('the target is this proxy itself');
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['0.0.0.0', '::'],
    ['::1', '::1'],
    ['127.0.0.1', '0.0.0.0'],
    ['127.9.9.9', '0.0.0.0'],
    ['::1', '::'],
    ['127.0.0.1', '::'],
    ['192.168.7.7', '192.168.7.7'],
  ])('is not reached as %s when it is bound to %s', async (address, bound) => {
    const own = () => [{ host: bound, port: 8898 }];
    await expect(checkTarget(options('api.example.test', { own, policy: mapped(address, 8898) }))).rejects.toMatchObject(loop);
    const named = { own, policy: mapped('inside.test', 8898), lookup: answers('8.8.8.8', address) };
    await expect(checkTarget(options('api.example.test', named))).rejects.toMatchObject(loop);
  });

  it.each([
    ['127.0.0.1', 8899, '127.0.0.1'],
    ['127.0.0.2', 8898, '127.0.0.1'],
    ['8.8.8.8', 8898, '0.0.0.0'],
    ['192.168.7.8', 8898, '192.168.7.7'],
    ['0.0.0.0', 8898, '192.168.7.7'],
  ])('is another one than %s:%i when it is bound to %s', async (address, port, bound) => {
    const own = () => [{ host: bound, port: 8898 }];
    await expect(checkTarget(options('api.example.test', { own, policy: mapped(address, port) }))).resolves.toMatchObject({ port });
  });

  it('is not reached by an address of this machine, literal or looked up', async () => {
    const here = Object.values(networkInterfaces()).flatMap((list) => list?.map((entry) => entry.address) ?? []);
    const own = () => [{ host: '0.0.0.0', port: 443 }];
    for (const address of here) {
      const policy = mapped(address, 443);
      await expect(checkTarget(options('api.example.test', { own, policy }))).rejects.toMatchObject(loop);
    }
    const literal = { own: () => [{ host: '192.168.7.7', port: 443 }], intercepted: false };
    await expect(checkTarget(options('192.168.7.7', literal))).rejects.toMatchObject(loop);
    const parentProxy = { url: 'http://127.0.0.1:3128', noProxy: [] };
    await expect(checkTarget(options('192.168.7.7', { ...literal, parentProxy }))).rejects.toMatchObject(loop);
    await expect(checkTarget(options('inside.test', { ...literal, lookup: answers('192.168.7.7') }))).rejects.toMatchObject(loop);
  });

  it('is not its own parent proxy', async () => {
    const parentProxy = { url: 'http://127.0.0.1:8898', noProxy: [] };
    await expect(checkTarget(options('api.example.test', { parentProxy }))).rejects.toMatchObject(loop);
  });
});

describe('a parent proxy', () => {
  it('gets the name unresolved, whatever address it has itself', async () => {
    const parentProxy = { url: 'http://user:pass@proxy.test:3128', noProxy: ['other.test'] };
    const asked: string[] = [];
    const lookup = async (host: string) => {
      asked.push(host);
      return ['10.0.0.1'];
    };
    const found = await checkTarget(options('api.example.test', { parentProxy, lookup }));
    expect(asked).toEqual(['proxy.test']);
    expect(found).toMatchObject({ addresses: ['10.0.0.1'], port: 3128, via: { host: 'proxy.test', port: 3128 } });
  });

  it('is not for hosts of no_proxy: those are looked up and checked here', async () => {
    const parentProxy = { url: 'http://127.0.0.1:3128', noProxy: ['example.test'] };
    await expect(checkTarget(options('api.example.test', { parentProxy, lookup: answers('10.0.0.1') }))).rejects.toMatchObject(
      refused(/^the target is a private/),
    );
    const found = checkTarget(options('api.example.test', { parentProxy, lookup: answers('8.8.8.8') }));
    await expect(found).resolves.toMatchObject({ addresses: ['8.8.8.8'], via: undefined });
  });

  it('with a URL that is none is a fault of ours', async () => {
    const parentProxy = { url: 'https://user:geheim@proxy.test', noProxy: [] };
    const fault = await checkTarget(options('api.example.test', { parentProxy })).catch((e: unknown) => e);
    expect(fault).toMatchObject({ code: 'internal', detail: 'parent_proxy is not an http:// URL' });
    expect(String(fault)).not.toContain('geheim');
  });
});

describe('the limits of a check', () => {
  const never = () => new Promise<string[]>(() => {});
  it('end a lookup that takes too long', async () => {
    const fault = { code: 'upstream-unreachable', detail: 'timed out' };
    await expect(checkTarget(options('slow.test', { lookup: never, timeoutMs: 20 }))).rejects.toMatchObject(fault);
  });

  it('end it when the client leaves, at once or on the way', async () => {
    await expect(checkTarget(options('slow.test', { lookup: NO_LOOKUP, signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'client-gone',
    });
    const left = new AbortController();
    const lookup = (): Promise<string[]> => {
      left.abort();
      return never();
    };
    await expect(checkTarget(options('slow.test', { lookup, signal: left.signal }))).rejects.toMatchObject({ code: 'client-gone' });
    const later = new AbortController();
    const check = checkTarget(options('slow.test', { lookup: never, signal: later.signal }));
    later.abort();
    await expect(check).rejects.toMatchObject({ code: 'client-gone' });
  });
});
