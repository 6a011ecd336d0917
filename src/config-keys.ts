// The keys of sallyport.yaml: what each is called, how it is written as text and one line of help. Flags, environment
// variables, the file and doctor all go through this one table. Must not know what the values mean.

/** How a key is written as text in a flag or an environment variable. */
export type KeyKind = 'text' | 'number' | 'switch' | 'list' | 'map' | 'objects' | 'text-or-object';

/** One row of the table. */
export interface KeyRow {
  readonly kind: KeyKind;
  /** What the flag's argument is called in help. */
  readonly argument: string;
  /** One line for `--help`. */
  readonly help: string;
  /** What a value must be, for the error line. */
  readonly expects: string;
  /** Never printed. */
  readonly secret?: true;
  /** Relative values are paths, taken from the folder of the file or the working directory. */
  readonly path?: true;
  /** Cannot change while the daemon runs. */
  readonly fixed?: true;
}

/** Every key, in the order in which `doctor` prints them. */
export const KEYS = {
  listen: {
    kind: 'text',
    argument: 'HOST:PORT',
    help: 'where to listen (port 0 picks one)',
    expects: 'an address and port such as 127.0.0.1:8898',
    fixed: true,
  },
  transparent_port: {
    kind: 'number',
    argument: 'PORT',
    help: 'a second port, on loopback, for connections that `transparent on` redirects (Linux)',
    expects: 'a port from 1 to 65535, or 0 for any',
    fixed: true,
  },
  when_down: {
    kind: 'text',
    argument: 'CHOICE',
    help: 'what shells with the hook of `env --hook` do while no daemon answers: refuse or direct',
    expects: 'refuse (programs fail, nothing leaves unmasked) or direct (programs go past the proxy)',
  },
  home: {
    kind: 'text',
    argument: 'DIR',
    help: 'folder of the CA, the store and the control socket',
    expects: 'a folder',
    path: true,
    fixed: true,
  },
  intercept: {
    kind: 'list',
    argument: 'PATTERN',
    help: 'intercept these hosts besides the providers (repeatable)',
    expects: 'a list of host patterns such as *.example.com',
  },
  connect_to: {
    kind: 'list',
    argument: 'PATTERN=HOST[:PORT]',
    help: 'where to dial for a name (repeatable)',
    expects: 'a list of PATTERN=HOST[:PORT]',
  },
  upstream_ca: {
    kind: 'list',
    argument: 'FILE',
    help: 'further trust roots for upstreams (repeatable)',
    expects: 'a list of PEM files',
    path: true,
  },
  inject: {
    kind: 'objects',
    argument: 'JSON',
    help: 'a credential to put in: {"host":…,"header":…,"value":…,"replaces":…} (repeatable)',
    expects: 'a list of {host, header, value, replaces, profiles}',
  },
  mask: {
    kind: 'map',
    argument: 'KIND=ACTION',
    help: 'for email, secrets, phone and so on: mask, redact, warn, block or off (repeatable)',
    expects: 'kinds (email, secrets, phone …) with mask, redact, warn, block or off',
  },
  rules: {
    kind: 'objects',
    argument: 'JSON',
    help: 'what happens to some findings: {"id":…,"kinds":[…],"detectors":[…],"pattern":…,"hosts":[…],"providers":[…],"action":…} (repeatable)',
    expects: 'a list of {id, kinds, detectors, pattern, word, hosts, providers, action}',
  },
  known_values: {
    kind: 'text-or-object',
    argument: 'FILE',
    help: 'a .env file whose values are masked wherever they stand',
    expects: 'a .env file, or {files: […]}',
  },
  restore_to: {
    kind: 'map',
    argument: 'KIND=WHERE',
    help: 'where values of a kind come back: everything, text (not in the arguments of tools) or none (repeatable)',
    expects: 'kinds (email, secrets, phone …) with everything, text or none',
  },
  keep_placeholders_in: {
    kind: 'list',
    argument: 'TOOL',
    help: 'tools whose arguments keep placeholders, such as WebFetch or *curl* (repeatable)',
    expects: 'a list of tool names, * for any characters',
  },
  guardrails: {
    kind: 'text-or-object',
    argument: 'JSON',
    help: 'settings by guardrail: {"prompt-injection":{"mode":"block"},"model-policy":{"allow":["claude-*"]}}',
    expects: 'settings by the name of a guardrail such as {prompt-injection: {mode: block}}',
  },
  prices: {
    kind: 'text-or-object',
    argument: 'JSON',
    help: 'USD per million tokens by model, before the built-in ones: {"my-model-*":{"input":3,"output":15,"cached_input":0.3,"cache_write":3.75}}',
    expects: 'prices by a pattern of models such as {my-model-*: {input: 3, output: 15, cached_input: 0.3, cache_write: 3.75}}',
  },
  parent_proxy: {
    kind: 'text-or-object',
    argument: 'URL',
    help: 'corporate proxy to dial through',
    expects: 'a URL such as http://proxy.example.com:3128, or {url, no_proxy}',
    secret: true,
  },
  proxy_auth: {
    kind: 'text',
    argument: 'USER:PASSWORD',
    help: 'credentials that clients must give',
    expects: 'user:password',
    secret: true,
  },
  allow_uids: {
    kind: 'list',
    argument: 'USER',
    help: 'whose programs on this machine need no token: user ids, self (who runs the daemon), any or none (repeatable)',
    expects: 'a list of user ids, self, any or none',
  },
  allow_remote: {
    kind: 'switch',
    argument: '',
    help: 'let listen be an address beyond loopback (needs proxy_auth)',
    expects: 'true or false',
  },
  connect_ports: {
    kind: 'list',
    argument: 'PORT',
    help: 'ports that CONNECT may name besides 443 (repeatable)',
    expects: 'a list of ports from 1 to 65535',
  },
  allow_private: {
    kind: 'list',
    argument: 'PATTERN',
    help: 'names that may lead to private addresses (repeatable)',
    expects: 'a list of host patterns',
  },
  audit: {
    kind: 'map',
    argument: 'SETTING=VALUE',
    help: 'the audit log: keep_days, max_bytes, on_failure=block or continue (repeatable)',
    expects: 'keep_days (1 to 36500), max_bytes (1048576 or more) and on_failure (block or continue)',
  },
  resilience: {
    kind: 'map',
    argument: 'SETTING=VALUE',
    help: 'what looks after a provider: mode=observe or enforce, requests_per_minute, queue_seconds and so on (repeatable)',
    expects:
      'mode, limiter, cooldown, breaker, lockout, retry, idempotency and hold (off, observe or enforce), requests_per_minute, tokens_per_minute, queue_seconds, queue_depth, hold_seconds and hosts',
  },
  on_attested_body: {
    kind: 'text',
    argument: 'ACTION',
    help: 'edit in a body that the client vouched for: mask, block or observe',
    expects: 'mask, block or observe',
  },
  max_body_bytes: {
    kind: 'number',
    argument: 'BYTES',
    help: 'largest decoded body that is inspected',
    expects: 'a number of bytes, 1024 or more (at most 2147483648)',
  },
  idle_seconds: { kind: 'number', argument: 'S', help: 'longest silence on an exchange', expects: 'seconds, 1 or more (at most 86400)' },
  head_seconds: {
    kind: 'number',
    argument: 'S',
    help: 'longest time for a request head to arrive',
    expects: 'seconds, 1 or more (at most 86400)',
  },
  drain_seconds: {
    kind: 'number',
    argument: 'S',
    help: 'time that streams get to end when the daemon stops',
    expects: 'seconds, 0 or more (at most 86400)',
  },
  max_connections: {
    kind: 'number',
    argument: 'N',
    help: 'most client connections at a time',
    expects: 'a whole number, 1 or more (at most 1000000)',
    fixed: true,
  },
  log_level: {
    kind: 'text',
    argument: 'LEVEL',
    help: 'trace, debug, info, warn, error, fatal or silent',
    expects: 'trace, debug, info, warn, error, fatal or silent',
    fixed: true,
  },
  metrics: {
    kind: 'text-or-object',
    argument: 'HOST:PORT',
    help: 'where Prometheus may read /metrics, on loopback',
    expects: 'an address and port such as 127.0.0.1:9464, or {listen}',
    fixed: true,
  },
  traces: {
    kind: 'text-or-object',
    argument: 'URL',
    help: 'where OpenTelemetry traces are sent (OTLP over HTTP)',
    expects: 'a URL such as http://127.0.0.1:4318/v1/traces, or {endpoint}',
    fixed: true,
  },
  ca_file: {
    kind: 'text',
    argument: 'FILE',
    help: 'keep a copy of the CA certificate there, for everybody to read',
    expects: 'a file',
    path: true,
  },
  ready_file: {
    kind: 'text',
    argument: 'FILE',
    help: 'write {"listen","ca","control","pid"} there once listening',
    expects: 'a file',
    path: true,
    fixed: true,
  },
  ready_fd: {
    kind: 'number',
    argument: 'FD',
    help: 'write the same to this file descriptor',
    expects: 'a file descriptor, 1 or more (at most 1023)',
    fixed: true,
  },
} as const satisfies Record<string, KeyRow>;

/** The name of a key. */
export type ConfigKey = keyof typeof KEYS;
