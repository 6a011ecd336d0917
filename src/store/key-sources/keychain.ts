// A key that the system keeps for the user, by the tool each system brings: `security` on macOS, `secret-tool` of libsecret elsewhere.
// Must not put a key on a command line: it goes through standard input, and comes back through standard output.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { KEY_BYTES, type KeySource, type KeySurroundings, KeyTrouble } from '../key-source.ts';

/** What a system calls its tool and how it is spoken to. `id` names one key among those of all homes. */
interface Tool {
  readonly file: string;
  readonly install: string;
  keep(id: string, key: string): { readonly args: readonly string[]; readonly input: string };
  find(id: string): readonly string[];
  forget(id: string): readonly string[];
}

const SECURITY: Tool = {
  file: 'security',
  install: 'it comes with macOS, in /usr/bin',
  keep: (id, key) => ({ args: ['-i'], input: `add-generic-password -U -a ${id} -s sallyport -l Sallyport -w ${key}\n` }),
  find: (id) => ['find-generic-password', '-a', id, '-s', 'sallyport', '-w'],
  forget: (id) => ['delete-generic-password', '-a', id, '-s', 'sallyport'],
};

const SECRET_TOOL: Tool = {
  file: 'secret-tool',
  install: 'the package is called libsecret-tools or libsecret',
  keep: (id, key) => ({ args: ['store', '--label=Sallyport', 'service', 'sallyport', 'id', id], input: key }),
  find: (id) => ['lookup', 'service', 'sallyport', 'id', id],
  forget: (id) => ['clear', 'service', 'sallyport', 'id', id],
};

/** The keychain of a platform, as in process.platform. */
export function keychainOf(platform: string): KeySource {
  const tool = platform === 'darwin' ? SECURITY : SECRET_TOOL;
  const find = async (around: KeySurroundings, id: string) => {
    if (!ID.test(id)) throw new KeyTrouble('the store does not say which key of the keychain is its own: restore a backup');
    const { text } = await run(tool, tool.find(id), '', around);
    const key = /^[0-9a-f]+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
    if (key?.length === KEY_BYTES) return key;
    throw new KeyTrouble(`its key is not in the keychain (${tool.file} ${tool.find(id).join(' ')}): unlock the keychain, or put it back`);
  };
  return {
    name: 'keychain',
    isSetUp: () => false,
    begin: async (around) => {
      const id = randomBytes(8).toString('hex');
      const key = randomBytes(KEY_BYTES);
      const { args, input } = tool.keep(id, key.toString('hex'));
      const { isDone } = await run(tool, args, input, around);
      if (!isDone)
        throw new KeyTrouble(`the keychain cannot be used (${tool.file} failed): log in to a session that has one, and unlock it`);
      // `security -i` ends well whatever came of it.
      if (!(await find(around, id)).equals(key)) throw new KeyTrouble('the keychain did not keep what it was given');
      return { key, facts: id };
    },
    find,
    wrong: () => 'the key in the keychain is not the one that it was sealed with',
    forget: async (around, id) => {
      const { isDone } = await run(tool, tool.forget(id), '', around);
      if (!isDone) throw new KeyTrouble(`the key could not be taken out of the keychain (${tool.file} failed)`);
    },
  };
}

const ID = /^[0-9a-f]{16}$/;
/** A person may have to unlock it. */
const PATIENCE_MS = 60_000;
/** What the tools need to find the session; keys of the user's own stay here. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
];

/** Of this system. Taken only when it is asked for. */
export const keychain: KeySource = keychainOf(process.platform);

/** What the tool wrote, less what surrounds it, and whether it ended well. */
function run(
  tool: Tool,
  args: readonly string[],
  input: string,
  { environment }: KeySurroundings,
): Promise<{ text: string; isDone: boolean }> {
  const env = Object.fromEntries(PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
  return new Promise((resolve, reject) => {
    const child = execFile(tool.file, args, { env, timeout: PATIENCE_MS, maxBuffer: 65_536 }, (error, stdout) => {
      if (error?.code === 'ENOENT') reject(new KeyTrouble(`${tool.file} is not there: ${tool.install}`));
      else resolve({ text: error ? '' : stdout.trim(), isDone: error === null });
    });
    child.stdin?.on('error', () => {}).end(input);
  });
}
