// Refuses a Node that is too old, before anything native is loaded: better-sqlite3 13 crashes on Node 20. Imported first by
// the bin. Must not import anything, and must not use syntax that an old Node cannot read.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `sallyport: Node 24.15 or newer is needed, this is ${process.version} (${process.execPath}). Install one, or in a checkout run npm ci, which brings one along.\n`,
  );
  process.exit(1);
}
