// Completes package-lock.json after a dependency changed. A registry mirror that carries only this platform's builds makes
// npm leave the other platforms' optional packages out of the lock, and then `npm ci` refuses the lock everywhere. This adds
// them by name and version (without integrity: nothing here has seen them). Must stay free of dependencies.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = /(android|darwin|freebsd|linux|openharmony|win32)/;
const CPU = /(arm64|arm|ia32|ppc64|riscv64|s390x|x64)/;

/** Where Node would look for `name` from the package at `at`, nearest first, as lock file keys. */
export function lookupKeys(at, name) {
  const keys = [];
  for (let base = at; ; base = base.slice(0, base.lastIndexOf('/node_modules/'))) {
    keys.push(`${base === '' ? '' : `${base}/`}node_modules/${name}`);
    if (!base.includes('/node_modules/')) return base === '' ? keys : [...keys, `node_modules/${name}`];
  }
}

/** The optional packages the lock names but does not hold: `[{ owner, name, version }]`. */
export function missingOptional(lock) {
  return Object.entries(lock.packages).flatMap(([owner, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lookupKeys(owner, name).some((key) => key in lock.packages))
      .map(([name, version]) => ({ owner, name, version })),
  );
}

/** A lock entry for a platform build, its platform read from its name (`binding-linux-arm-gnueabihf`). Throws where the name or version says too little. */
export function platformEntry(name, version, dev) {
  const os = OS.exec(name)?.[1];
  const cpu = CPU.exec(name)?.[1];
  if (!os || !cpu || !/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`cannot complete the lock for ${name}@${version}: not an exact platform build`);
  const libc = os !== 'linux' ? undefined : name.includes('musl') ? 'musl' : 'glibc';
  return { version, cpu: [cpu], ...(dev ? { dev: true } : {}), ...(libc ? { libc: [libc] } : {}), optional: true, os: [os] };
}

if (import.meta.filename === process.argv[1]) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock);
  for (const { owner, name, version } of missing)
    lock.packages[`node_modules/${name}`] = platformEntry(name, version, lock.packages[owner].dev);
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`${missing.length} entries added`);
}
