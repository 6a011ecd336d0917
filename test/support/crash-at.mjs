// Loaded before a program (node --import): ends it with SIGKILL just before the Nth time it would change a file or start a program, N being
// CRASH_AT. What a crash leaves behind is then really left. Writes how far it came, should it come to its end, to CRASH_COUNT.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.CRASH_AT);
const counted = process.env.CRASH_COUNT;
let calls = 0;
const CHANGING = ['chmodSync', 'fchmodSync', 'fchownSync', 'linkSync', 'mkdirSync', 'renameSync', 'rmSync', 'rmdirSync', 'writeSync'];

function counting(home, name, counts = () => true) {
  const original = home[name];
  home[name] = (...args) => {
    if (counts(...args) && ++calls === at) process.kill(process.pid, 'SIGKILL');
    return original(...args);
  };
}

for (const name of CHANGING) counting(fs, name);
counting(fs, 'openSync', (_path, flags) => /[wax]/.test(String(flags)));
counting(childProcess, 'spawn');
syncBuiltinESMExports();
process.on('exit', () => {
  if (counted) fs.writeFileSync(counted, String(calls));
});
