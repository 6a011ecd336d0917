// The walls between the rooms: what may import what. Each comment is the one sentence to read when a wall stops you.
// Style rules live in biome.json and test/house.

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const NETWORK = '^(node:)?(net|tls|http|https|http2|dns|dns/promises|dgram)$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    rule(
      'no-cycle',
      'Two files that import each other are one file in two halves: join them, or move what both need to a floor below.',
      {},
      { circular: true },
    ),
    rule(
      'cmd-is-the-top',
      'cmd wires everything and is imported by nothing: hand the value in from cmd/daemon.ts as a parameter instead.',
      { pathNot: '^(cmd|test)/' },
      { path: '^cmd/' },
    ),
    rule(
      'proxy-is-imported-by-cmd-only',
      'Sockets are floor 3: a file below that needs something from proxy declares an interface, and cmd hands it in.',
      { path: '^src/(?!proxy/)' },
      { path: '^src/proxy/' },
    ),
    rule(
      'cert-stands-on-floor-2',
      'Only proxy and cmd may see keys: a rule decides from names and hosts, never from key material.',
      { path: '^src/(?!proxy/|cert/)' },
      { path: '^src/cert/' },
    ),
    rule(
      'store-stands-on-floor-2',
      'Only proxy and cmd may see the store: what a rule needs from it comes in as compiled policy or as an interface.',
      { path: '^src/(?!proxy/|store/)' },
      { path: '^src/store/' },
    ),
    rule(
      'rules-stand-on-floor-1',
      'The files directly in src are what every room may use, so they know no room: move the code into rules, or the type down.',
      { path: '^src/[^/]+$' },
      { path: '^src/rules/' },
    ),
    rule(
      'network-only-in-proxy',
      'A socket opened elsewhere escapes the journey and its guards: put the code in src/proxy, or take a function as a parameter.',
      { path: '^src/(?!proxy/)' },
      { path: NETWORK, dependencyTypes: ['core'] },
    ),
    rule(
      'network-in-cmd-through-proxy',
      'A command talks to the daemon through src/proxy/control, so that there is one client of the control socket, not many. The demo alone plays a provider.',
      { path: '^cmd/', pathNot: '^cmd/demo/' },
      { path: NETWORK, dependencyTypes: ['core'] },
    ),
    rule(
      'sqlite-only-in-store',
      'SQL has one home, src/store: add a function to the file of that table family and call it.',
      { path: '^(src/(?!store/)|cmd/)' },
      { path: 'better-sqlite3' },
    ),
    rule(
      'rules-are-pure',
      'Rules decide from their arguments alone, so that every decision can be replayed: pass in the bytes, the clock or the lookup you need.',
      { path: '^src/rules/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|string_decoder|util)$' },
    ),
    rule(
      'sources-know-no-test',
      'What the product needs does not live in test or bench: move it into src, and let the test import it from there.',
      { path: '^(src|cmd)/' },
      { path: '^(test|bench|scripts)/' },
    ),
    rule(
      'only-declared-packages',
      'A package that the product uses is listed in dependencies (or, loaded when it is there, in peerDependencies), or it is missing on the next machine.',
      { path: '^(src|cmd)/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    ),
    rule(
      'native-calls-in-one-file',
      'A wrong signature ends the process without a word, so there is one file that calls libc: ask there, or find a way through Node.',
      { pathNot: '^src/proxy/libc\\.ts$' },
      { path: '^(node:)?ffi$' },
    ),
    // node:ffi is known by its whole name only.
    rule(
      'resolvable',
      'This import points at nothing: the file was moved, or the `.ts` ending is missing.',
      {},
      { couldNotResolve: true, pathNot: '^(node:)?ffi$' },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
