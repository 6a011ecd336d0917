import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configRows } from '../../../cmd/config-rows.ts';
import { homeOf, type Invocation, loadSettings, policySettings } from '../../../cmd/settings.ts';
import { scratchFolder } from '../../support/folder.ts';

/** A template reference, spelt so that no linter takes it for a forgotten back-tick. */
const ref = (name: string) => `$\x7benv:${name}}`;

function invocation(over: Partial<Invocation> = {}): Invocation & { userHome: string } {
  const userHome = scratchFolder();
  return { flags: {}, configFile: undefined, environment: {}, cwd: userHome, userHome, ...over };
}

test('the home: flag, variable, XDG, ~/.local/share', () => {
  const base = invocation();
  expect(homeOf(base)).toBe(join(base.userHome, '.local/share/sallyport'));
  expect(homeOf({ ...base, environment: { XDG_DATA_HOME: '/x' } })).toBe('/x/sallyport');
  expect(homeOf({ ...base, environment: { XDG_DATA_HOME: 'relative' } })).toBe(join(base.userHome, '.local/share/sallyport'));
  expect(homeOf({ ...base, environment: { SALLYPORT_HOME: '/v', XDG_DATA_HOME: '/x' } })).toBe('/v');
  expect(homeOf({ ...base, environment: { SALLYPORT_HOME: '/v' }, flags: { home: ['a', 'f'] } })).toBe(join(base.cwd, 'f'));
  expect(homeOf({ ...base, flags: { home: '~/h' } })).toBe(join(base.userHome, 'h'));
});

test('which file is read: --config, the variable, the home’s own, the one in ~/.config for the default home alone', () => {
  const base = invocation();
  const file = (path: string, port: number) => {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify({ listen: port }));
    return path;
  };
  const port = (over: Partial<Invocation>) => loadSettings({ ...base, ...over }).config.listen.port;
  expect(port({})).toBe(8898);
  file(join(base.userHome, '.config/sallyport/sallyport.yaml'), 1);
  expect(port({})).toBe(1);
  expect(port({ flags: { home: join(base.userHome, 'other') } })).toBe(8898);
  file(join(base.userHome, '.local/share/sallyport/sallyport.json'), 2);
  expect(port({})).toBe(2);
  file(join(base.userHome, '.local/share/sallyport/sallyport.yaml'), 3);
  expect(port({})).toBe(3);
  const named = file(join(base.userHome, 'named.yaml'), 4);
  expect(port({ environment: { SALLYPORT_CONFIG: named } })).toBe(4);
  expect(port({ environment: { SALLYPORT_CONFIG: '/nonexistent' }, configFile: 'named.yaml' })).toBe(4);
});

test('a configuration that is named but cannot be read', () => {
  const base = invocation();
  expect(() => loadSettings({ ...base, configFile: '/nonexistent.yaml' })).toThrow(
    'the configuration /nonexistent.yaml cannot be read: it is not there',
  );
  expect(() => loadSettings({ ...base, configFile: base.userHome })).toThrow('it is a folder');
});

test('home in a file: obeyed in one that is named, refused in one that lies in another home', () => {
  const base = invocation();
  writeFileSync(join(base.userHome, 'c.yaml'), 'home: elsewhere\n');
  expect(homeOf({ ...base, configFile: 'c.yaml' })).toBe(join(base.userHome, 'elsewhere'));
  expect(homeOf({ ...base, configFile: 'c.yaml', flags: { home: '/f' } })).toBe('/f');
  const home = join(base.userHome, 'h');
  mkdirSync(home);
  writeFileSync(join(home, 'sallyport.yaml'), 'home: /elsewhere\n');
  expect(() => loadSettings({ ...base, flags: {}, environment: { SALLYPORT_HOME: home } })).not.toThrow();
  mkdirSync(join(base.userHome, '.local/share/sallyport'), { recursive: true });
  writeFileSync(join(base.userHome, '.local/share/sallyport/sallyport.yaml'), 'home: /elsewhere\n');
  expect(() => loadSettings(base)).toThrow(
    /sallyport\.yaml:1: home: a file inside a home cannot name another one; give --home \/elsewhere instead/,
  );
});

test('a file that holds a secret must be closed to others, one that holds none may be open', () => {
  const base = invocation();
  const path = join(base.userHome, 'c.yaml');
  const load = (text: string, mode: number) => {
    writeFileSync(path, text);
    chmodSync(path, mode);
    return () => loadSettings({ ...base, configFile: path });
  };
  const key = (value: string) => `inject:\n  - {host: api.example.com, header: x-key, value: "${value}"}\n`;
  expect(load('listen: 1', 0o644)).not.toThrow();
  expect(load(key(`Bearer ${ref('KEY')}`), 0o644)).not.toThrow();
  expect(load('parent_proxy: http://corp.example.com:3128', 0o644)).not.toThrow();
  for (const secret of ['proxy_auth: a:b', key('sk-literal'), 'parent_proxy: http://u:p@corp.example.com:3128']) {
    expect(load(secret, 0o644)).toThrow(`chmod 600 '${path}'`);
    expect(load(secret, 0o600)).not.toThrow();
  }
});

test('a broken template is refused by the grammar of rules, without its text', () => {
  const base = invocation({ flags: { inject: [`{"host":"a.example.com","header":"x","value":"hunter2 $\x7bfile:x}"}`] } });
  expect(() => loadSettings(base)).toThrow(/--inject\[0\]\.value: /);
  expect(() => loadSettings(base)).not.toThrow(/hunter2/);
});

test('rows: every key once with its origin, and no secret', () => {
  const loaded = loadSettings(
    invocation({
      environment: { SALLYPORT_PROXY_AUTH: 'user:hunter2' },
      flags: {
        connect_to: ['a.example.test=[::1]:9', 'b.example.test=c.example.test'],
        inject: ['{"host":"a.example.com","header":"X-Key","value":"hunter2"}'],
        parent_proxy: 'http://u:hunter2@corp.example.com:3128',
        intercept: ['x.example.com', 'y.example.com'],
      },
    }),
  );
  const rows = configRows(loaded);
  const row = (key: string) => rows.find((r) => r.key === key);
  expect(JSON.stringify(rows)).not.toContain('hunter2');
  expect(row('proxy_auth')).toEqual({ key: 'proxy_auth', value: '[set]', origin: 'SALLYPORT_PROXY_AUTH' });
  expect(row('parent_proxy')?.value).toBe('[set]');
  expect(row('connect_to')?.value).toBe('a.example.test=[::1]:9, b.example.test=c.example.test');
  expect(row('inject')?.value).toBe('x-key for a.example.com');
  expect(row('intercept')?.value).toBe('x.example.com, y.example.com');
  expect(row('mask.email')).toEqual({ key: 'mask.email', value: 'mask', origin: 'default' });
  expect(row('ready_file')?.value).toBe('');
  expect(policySettings(loaded.config).inject).toEqual([{ host: 'a.example.com', header: 'x-key', value: 'hunter2', replaces: undefined }]);
});
