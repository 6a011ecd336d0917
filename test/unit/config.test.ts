import { describe, expect, test } from 'vitest';
import { type ConfigSources, readConfig } from '../../src/config.ts';
import { parseHostPattern } from '../../src/rules/host-pattern.ts';
import { DEFAULT_ACTIONS } from '../../src/rules/masking/kinds.ts';

/** A template reference, spelt so that no linter takes it for a forgotten back-tick. */
const ref = (name: string) => `$\x7b${name}}`;

const template = (text: string) => {
  if (/\$\{(?!env:[A-Z_]+\})/.test(text)) throw new Error(`only ${ref('env:NAME')} may stand in a template`);
  return text;
};

function sources(over: Partial<ConfigSources> & { yaml?: string; json?: string } = {}): ConfigSources {
  const { yaml, json, ...rest } = over;
  const file =
    yaml !== undefined
      ? { path: '/etc/sp/sallyport.yaml', text: yaml }
      : json !== undefined
        ? { path: '/etc/sp/s.json', text: json }
        : undefined;
  return {
    flags: {},
    environment: {},
    file,
    home: '/home/u/.local/share/sallyport',
    cwd: '/some/dir',
    userHome: '/home/u',
    grammar: { hostPattern: parseHostPattern, template, kinds: DEFAULT_ACTIONS },
    ...rest,
  };
}

const read = (over: Parameters<typeof sources>[0] = {}) => readConfig(sources(over));
const line = (over: Parameters<typeof sources>[0]) => {
  try {
    readConfig(sources(over));
  } catch (thrown) {
    expect((thrown as Error).name).toBe('ConfigError');
    expect((thrown as Error).message).not.toContain('\n');
    return (thrown as Error).message;
  }
  throw new Error('it was accepted');
};

describe('defaults and precedence', () => {
  test('nothing given: safe defaults, each with its origin', () => {
    const { config, origins, file, notices } = read();
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8898 });
    expect(config.home).toBe('/home/u/.local/share/sallyport');
    expect(config.mask).toEqual(DEFAULT_ACTIONS);
    expect(config.max_body_bytes).toBe(33_554_432);
    expect(config.parent_proxy).toBeUndefined();
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
    expect(file).toBeUndefined();
    expect(notices).toEqual([]);
  });

  test('flag over environment over file, and each value says where it came from', () => {
    const { config, origins } = read({
      yaml: 'listen: 127.0.0.1:1\nidle_seconds: 7\nhead_seconds: 8\n',
      environment: { SALLYPORT_LISTEN: '127.0.0.1:2', SALLYPORT_IDLE_SECONDS: '9' },
      flags: { listen: '127.0.0.1:3' },
    });
    expect([config.listen.port, config.idle_seconds, config.head_seconds]).toEqual([3, 9, 8]);
    expect([origins.listen, origins.idle_seconds, origins.head_seconds, origins.drain_seconds]).toEqual([
      '--listen',
      'SALLYPORT_IDLE_SECONDS',
      '/etc/sp/sallyport.yaml:3',
      'default',
    ]);
  });

  test('mask is merged by kind', () => {
    const { config, origins } = read({
      yaml: 'mask:\n  secrets: block\n',
      environment: { SALLYPORT_MASK: 'email=warn' },
      flags: { mask: ['email=off'] },
    });
    expect(config.mask).toEqual({ ...DEFAULT_ACTIONS, email: 'off', secrets: 'block' });
    expect([origins['mask.email'], origins['mask.secrets']]).toEqual(['--mask', '/etc/sp/sallyport.yaml:2']);
  });

  test('every kind of key as a variable', () => {
    const { config } = read({
      environment: {
        SALLYPORT_INTERCEPT: 'a.example.com, *.B.example.com',
        SALLYPORT_CONNECT_PORTS: '8443,9443',
        SALLYPORT_ALLOW_REMOTE: 'yes',
        SALLYPORT_PROXY_AUTH: 'u:p:q',
        SALLYPORT_LISTEN: '0.0.0.0:0',
        SALLYPORT_INJECT: `{"host":"api.example.com","header":"X-Api-Key","value":"${ref('env:KEY')}"}`,
        SALLYPORT_PARENT_PROXY: '{"url":"http://u:p@corp.example.com:3128","no_proxy":["x"]}',
        SALLYPORT_CONNECT_TO: '',
      },
    });
    expect(config.intercept).toEqual(['a.example.com', '*.b.example.com']);
    expect(config.connect_ports).toEqual([8443, 9443]);
    expect(config.proxy_auth).toBe('u:p:q');
    expect(config.inject).toEqual([{ host: 'api.example.com', header: 'x-api-key', value: ref('env:KEY') }]);
    expect(config.parent_proxy).toEqual({ url: 'http://u:p@corp.example.com:3128', noProxy: ['x'] });
    expect(config.connect_to).toEqual([]);
  });

  test('every kind of key as a flag', () => {
    const { config } = read({
      flags: {
        connect_to: ['*.example.test=127.0.0.1:8443', '*=[::1]:9', 'a.example.test=other.example.test', 'b.example.test=[::2]'],
        inject: ['{"host":"h.example.com","header":"a","value":"v","replaces":"p"}'],
        allow_remote: true,
        max_body_bytes: '2048',
        parent_proxy: 'http://corp.example.com:3128',
        log_level: 'debug',
      },
    });
    expect(config.connect_to).toEqual([
      { pattern: '*.example.test', host: '127.0.0.1', port: 8443 },
      { pattern: '*', host: '::1', port: 9 },
      { pattern: 'a.example.test', host: 'other.example.test', port: undefined },
      { pattern: 'b.example.test', host: '::2', port: undefined },
    ]);
    expect(config.inject[0]?.replaces).toBe('p');
    expect([config.max_body_bytes, config.allow_remote, config.log_level]).toEqual([2048, true, 'debug']);
    expect(config.parent_proxy).toEqual({ url: 'http://corp.example.com:3128', noProxy: [] });
  });

  test('paths: relative to the file or the working directory, ~ is the user', () => {
    expect(read({ yaml: 'upstream_ca: [ca.pem, /abs/x.pem, ~/y.pem]\nready_file: r\n' }).config).toMatchObject({
      upstream_ca: ['/etc/sp/ca.pem', '/abs/x.pem', '/home/u/y.pem'],
      ready_file: '/etc/sp/r',
    });
    expect(read({ flags: { upstream_ca: ['ca.pem'], home: 'h' } }).config).toMatchObject({
      upstream_ca: ['/some/dir/ca.pem'],
      home: '/some/dir/h',
    });
  });

  test('JSON files, empty files and a byte order mark', () => {
    expect(read({ json: '{\n\t"listen": 9000,\n\t"allow_remote": false\n}' }).config.listen).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(read({ yaml: '' }).config.listen.port).toBe(8898);
    expect(read({ yaml: '# nothing\n' }).config.listen.port).toBe(8898);
    expect(read({ yaml: '\uFEFFlisten: 9001' }).config.listen.port).toBe(9001);
    expect(read({ yaml: 'listen:\n' }).config.listen.port).toBe(8898);
  });

  test.each([
    ['localhost:9', '127.0.0.1'],
    ['[::1]:9', '::1'],
    ['127.0.0.9:9', '127.0.0.9'],
    ['9', '127.0.0.1'],
  ])('listen %s', (text, host) => {
    expect(read({ flags: { listen: text } }).config.listen).toEqual({ host, port: 9 });
  });
});

describe('YAML that cannot be parsed', () => {
  // The line alone was named. In a file whose lines are long, or where the parser only notices further down, the key says where to look.
  test.each([
    ['log_level: info\nintercept: [a.example.com\nidle_seconds: 5', 'sallyport.yaml:3: ', ' (in «intercept»)'],
    ['mask:\n  email: mask\n secrets: off', 'sallyport.yaml:3: ', ' (in «email»)'],
    ['listen: @x', 'sallyport.yaml:1: ', ' (in «listen»)'],
    ['inject:\n  - host: a.example.com\n    header: "x', 'sallyport.yaml:3: ', ' (in «header»)'],
    ['mask: {email: off}}', 'sallyport.yaml:1: ', ' (in «email»)'],
    ['idle_seconds: 7\nmask:\n  email: off\n  "email": warn', 'sallyport.yaml:4: the same key stands here twice', ': «email»'],
  ])('%j', (yaml, place, key) => {
    expect(line({ yaml })).toContain(place);
    expect(line({ yaml })).toContain(key);
  });

  test('no key before the mistake', () => {
    expect(line({ yaml: '@x' })).toMatch(/sallyport.yaml:1: not valid: [^«]*$/);
  });

  // What stood behind a `---` was silently left out, `inject` and `proxy_auth` included.
  test('a second document', () => {
    expect(line({ yaml: 'idle_seconds: 7\n---\nproxy_auth: a:b\n' })).toContain('sallyport.yaml:2: a second document begins here');
    expect(read({ yaml: '---\nidle_seconds: 7\n...\n' }).config.idle_seconds).toBe(7);
  });
});

// A key put into one of these took the place of the host that had been checked, or of the length the body was framed by.
describe('a header that can hold no key', () => {
  test.each(['host', 'Content-Length', 'TRANSFER-ENCODING', 'connection', 'proxy-authorization', 'x-sallyport-key'])('%s', (header) => {
    expect(line({ yaml: `inject:\n  - {host: a.example.com, header: ${header}, value: v}` })).toContain(
      'inject[0].header: a header that frames or routes the request holds no key',
    );
  });
  test.each(['authorization', 'x-api-key', 'x-host', 'hosts', 'cookie'])('but %s can', (header) => {
    expect(read({ yaml: `inject:\n  - {host: a.example.com, header: ${header}, value: v}` }).config.inject[0]!.header).toBe(header);
  });
});

describe('one line that names the place', () => {
  test.each([
    ['lisen: 1', '/etc/sp/sallyport.yaml:1: unknown key «lisen» (did you mean «listen»?)'],
    ['idle_seconds: 5\nconnectto: []', '/etc/sp/sallyport.yaml:2: unknown key «connectto» (did you mean «connect_to»?)'],
    ['zzzzzzzz: 1', '/etc/sp/sallyport.yaml:1: unknown key «zzzzzzzz»'],
    ['listen: [1', '/etc/sp/sallyport.yaml:1: not valid: '],
    ['idle_seconds: 1\n]', '/etc/sp/sallyport.yaml:2: not valid: '],
    ['listen: 1\nlisten: 2', '/etc/sp/sallyport.yaml:2: the same key stands here twice'],
    ['- a\n- b', '/etc/sp/sallyport.yaml:1: the file must hold keys and values'],
    ['just text', '/etc/sp/sallyport.yaml:1: the file must hold keys and values'],
    ['listen: 127.0.0.1', '/etc/sp/sallyport.yaml:1: listen: expected an address and port such as 127.0.0.1:8898'],
    ['listen: 127.0.0.1:99999', 'expected an address and port'],
    ['listen: proxy.example.com:80', 'listen: «proxy.example.com» is a name; an address is needed'],
    ['idle_seconds: soon', 'idle_seconds: expected seconds, 1 or more'],
    ['intercept: a.example.com', 'intercept: expected a list of host patterns'],
    [
      'intercept:\n  - ok.example.com\n  - 5',
      '/etc/sp/sallyport.yaml:3: intercept[1]: expected string; intercept takes a list of host patterns',
    ],
    ['intercept:\n  - "bad host"', '/etc/sp/sallyport.yaml:2: intercept[0]: «bad host» is not a host pattern'],
    ['connect_to: [x]', 'connect_to[0]: «x» is not PATTERN=HOST[:PORT]'],
    ['connect_to: ["10.0.0.1=127.0.0.1:1"]', 'connect_to[0]: «10.0.0.1» is an address; connect_to maps names only'],
    ['connect_to: ["::1=127.0.0.1:1"]', 'connect_to[0]: «::1» is an address'],
    ['connect_to: ["a.example.com=127.0.0.1:0"]', 'connect_to[0]: the port is out of range'],
    ['inject:\n  - host: a.example.com\n    header: x-key\n', '/etc/sp/sallyport.yaml:2: inject[0].value: is missing'],
    [
      'inject:\n  - host: a.example.com\n    header: x-key\n    value: v\n    replace: p',
      '/etc/sp/sallyport.yaml:2: inject[0]: unknown key «replace» (did you mean «replaces»?)',
    ],
    ['inject:\n  - {host: a.example.com, header: "x key", value: v}', 'inject[0].header: not a header name'],
    [
      `inject:\n  - {host: a.example.com, header: x, value: "${ref('file:x')}"}`,
      `inject[0].value: only ${ref('env:NAME')} may stand in a template`,
    ],
    ['mask: {emial: off}', 'mask: unknown key «emial» (did you mean «email»?)'],
    ['mask: {email: loud}', 'mask.email: expected kinds (email, secrets, phone …) with mask, redact, warn, block or off'],
    ['parent_proxy: socks5://a:1', 'parent_proxy: expected a URL'],
    ['parent_proxy: {url: 5}', 'parent_proxy: expected a URL'],
    ['proxy_auth: nocolon', 'proxy_auth: expected user:password'],
    ['connect_ports: [70000]', 'connect_ports[0]: expected a list of ports'],
    ['listen: 0.0.0.0:1', 'listen: 0.0.0.0:1 can be reached from other machines; that needs allow_remote: true and proxy_auth as well'],
    ['listen: 0.0.0.0:1\nallow_remote: true', 'that needs proxy_auth as well'],
    ['listen: "[::]:1"\nproxy_auth: a:b', 'that needs allow_remote: true as well'],
    ['inject:\n  - {host: a.example.com, header: x, value: v, replaces: ""}', 'inject[0].replaces: is empty'],
    ['idle_seconds: 100000', 'seconds, 1 or more (at most 86400)'],
    ['metrics: 0.0.0.0:9464', 'metrics: 0.0.0.0 can be reached from other machines; an address such as 127.0.0.1 is needed'],
    ['metrics: {listen: "[::]:1"}', 'metrics: :: can be reached from other machines'],
    ['metrics: {listen: prometheus:1}', 'metrics: «prometheus» is a name; an address is needed'],
    ['metrics: {port: 9464}', 'metrics: expected an address and port such as 127.0.0.1:9464, or {listen}'],
    ['traces: localhost:4318', 'traces: expected a URL such as http://127.0.0.1:4318/v1/traces, or {endpoint}'],
    ['traces: {endpoint: "ftp://a"}', 'traces: expected a URL'],
    ['traces: {endpoint: "http://a:b@c"}', 'traces: a URL with a password would be shown; set OTEL_EXPORTER_OTLP_HEADERS'],
  ])('%j', (yaml, expected) => {
    expect(line({ yaml })).toContain(expected);
  });

  test('JSON that is broken, flags and variables', () => {
    expect(line({ json: '{\n "listen": 1,\n "x"\n}' })).toMatch(/^\/etc\/sp\/s\.json:3: /);
    expect(line({ flags: { listen: 'x' } })).toBe('--listen: expected an address and port such as 127.0.0.1:8898');
    expect(line({ flags: { connect_to: ['a'] } })).toBe('--connect-to[0]: «a» is not PATTERN=HOST[:PORT]');
    expect(line({ environment: { SALLYPORT_ALLOW_REMOTE: 'perhaps' } })).toBe('SALLYPORT_ALLOW_REMOTE: expected true or false');
    expect(line({ flags: { inject: ['{'] } })).toBe(
      '--inject[0]: expected object; inject takes a list of {host, header, value, replaces, profiles}',
    );
  });

  test('a mistake in a value that is overridden is still a mistake', () => {
    expect(line({ yaml: 'listen: nonsense', flags: { listen: '127.0.0.1:1' } })).toContain('listen: expected');
  });

  test('a secret is not repeated in the complaint', () => {
    for (const yaml of ['proxy_auth: hunter2', 'parent_proxy: "hunter2"', 'parent_proxy: {url: "ftp://hunter2@x"}'])
      expect(line({ yaml })).not.toContain('hunter2');
    expect(line({ flags: { inject: ['{"hunter2'] } })).not.toContain('hunter2');
  });

  test('aliases cannot blow the file up', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`).join('\n');
    expect(line({ yaml: `l0: &l0 [x, x]\n${levels}\n` })).toMatch(/unknown key|alias/i);
  });
});

test('an unknown SALLYPORT_ variable is a notice', () => {
  expect(read({ environment: { SALLYPORT_LISTNE: '1', SALLYPORT_CONFIG: 'x', PATH: '/' } }).notices).toEqual([
    'the environment variable SALLYPORT_LISTNE is not known (did you mean «SALLYPORT_LISTEN»?)',
  ]);
});

describe('rules about findings', () => {
  const grammar = {
    hostPattern: parseHostPattern,
    template,
    kinds: DEFAULT_ACTIONS,
    pattern: (text: string) => {
      if (text === '(') throw new Error('not a pattern: missing closing )');
      return text;
    },
    detectors: ['github'],
    providers: ['openai'],
  };

  test('are read as they stand, hosts in lower case', () => {
    const yaml =
      'rules:\n  - {id: a, kinds: [email], detectors: [github], providers: [openai], hosts: ["*.Example.com"], action: warn}\n' +
      '  - {id: b, pattern: "x(", word: OWN, action: block}\n';
    expect(read({ yaml, grammar }).config.rules).toEqual([
      { id: 'a', kinds: ['email'], detectors: ['github'], providers: ['openai'], hosts: ['*.example.com'], action: 'warn' },
      { id: 'b', pattern: 'x(', word: 'OWN', action: 'block' },
    ]);
    expect(read({ flags: { rules: ['{"id":"a","action":"off"}'] } }).config.rules).toEqual([{ id: 'a', action: 'off' }]);
    expect(read({ yaml: 'rules:\n  - {id: a, detectors: [any], action: off}' }).config.rules).toHaveLength(1);
  });

  test.each([
    ['- {id: a, pattern: "(", action: off}', 'rules[0].pattern: not a pattern: missing closing )'],
    ['- {id: a, kinds: [emial], action: off}', 'rules[0].kinds[0]: there is no kind «emial» (did you mean «email»?)'],
    ['- {id: a, detectors: [x], action: off}', 'rules[0].detectors[0]: there is no detector «x»'],
    ['- {id: a, providers: [x], action: off}', 'rules[0].providers[0]: there is no provider «x»'],
    ['- {id: "a b", action: off}', 'rules[0].id: an id has letters'],
    ['- {id: email, action: off}', 'rules[0].id: the name of a kind is no id'],
    ['- {id: a, action: hide}', 'rules[0].action: '],
    ['- {id: a}', 'rules[0].action: '],
    ['- {id: a, wrod: X, action: off}', 'unknown key «wrod» (did you mean «word»?)'],
    ['- {id: a, word: x1, pattern: x, action: off}', 'rules[0].word: a word is 2 to 10 capital letters'],
    ['- {id: a, word: OWN, action: off}', 'the rule «a» has a word but no pattern'],
    ['- {id: a, kinds: [email], pattern: x, action: off}', 'the rule «a» has a pattern, so it takes neither kinds nor detectors'],
    ['- {id: a, action: off}\n  - {id: a, action: warn}', 'two rules have the id «a»'],
  ])('%s', (yaml, why) => {
    expect(line({ yaml: `rules:\n  ${yaml}\n`, grammar })).toContain(why);
    expect(line({ yaml: `rules:\n  ${yaml}\n`, grammar })).toMatch(/^\/etc\/sp\/sallyport.yaml:\d+: rules/);
  });
});

describe('known values and return', () => {
  test('files are found from where they are named', () => {
    expect(read({ yaml: 'known_values: {files: [.env, ~/x, /abs]}' }).config.known_values.files).toEqual([
      '/etc/sp/.env',
      '/home/u/x',
      '/abs',
    ]);
    expect(read({ yaml: 'known_values: .env' }).config.known_values.files).toEqual(['/etc/sp/.env']);
    expect(read({ yaml: 'known_values: {files: .env}' }).config.known_values.files).toEqual(['/etc/sp/.env']);
    expect(read({ flags: { known_values: '.env' } }).config.known_values.files).toEqual(['/some/dir/.env']);
    expect(line({ yaml: 'known_values: 5' })).toContain('known_values: expected a .env file');
  });

  test('restore_to by kind, tools by name', () => {
    const { config, origins } = read({
      yaml: 'restore_to: {email: text}\nkeep_placeholders_in: [WebFetch, "*curl*"]',
      flags: { restore_to: ['secrets=none'] },
    });
    expect(config.restore_to).toEqual({ email: 'text', secrets: 'none' });
    expect(origins['restore_to.email']).toBe('/etc/sp/sallyport.yaml:1');
    expect(config.keep_placeholders_in).toEqual(['WebFetch', '*curl*']);
    expect(line({ yaml: 'restore_to: {email: never}' })).toContain('restore_to.email: ');
    expect(line({ yaml: 'restore_to: {emial: none}' })).toContain('did you mean «email»?');
  });
});
