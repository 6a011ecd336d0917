// HashiCorp Vault or OpenBao: a field of a secret in a KV store of version 2, over its HTTP interface.
// It must not write, renew or log in: the token is somebody else's business.
import { readFile } from 'node:fs/promises';
import { isObject, jsonFrom, textAt } from '../answers.ts';
import { type Answer, type Found, type Means, type ReferenceKind, Unresolved } from '../reference.ts';

/**
 * `vault:PATH#FIELD`. PATH is written as for `vault kv get`: the mount, then the secret. A mount of several parts is told from the secret by
 * `data` between them, as in the interface itself. Server and token come from VAULT_ADDR, VAULT_TOKEN or ~/.vault-token, VAULT_NAMESPACE and
 * VAULT_CACERT, or the same under BAO_.
 */
export const vault: ReferenceKind = {
  name: 'vault',
  form: 'vault:MOUNT/SECRET#FIELD',
  secretVariables: ['VAULT_TOKEN', 'BAO_TOKEN'],
  isWellFormed: (where) => placeOf(where) !== undefined,
  resolve: async (where, means) => {
    const { path, field } = placeOf(where)!;
    const { address, token, namespace, cacert, prefix } = await serverFrom(means);
    const answer = await means.ask({
      url: `${address}/v1/${path}`,
      headers: { 'x-vault-request': 'true', 'x-vault-token': token, ...(namespace && { 'x-vault-namespace': namespace }) },
      ...(cacert && { ca: await rootsIn(cacert, prefix) }),
    });
    return found(answer, field);
  },
};

function placeOf(where: string): { readonly path: string; readonly field: string } | undefined {
  const [, path = '', field = ''] = /^([^#]+)#([^#]+)$/.exec(where) ?? [];
  const parts = path.split('/');
  if (field === '' || parts.length < 2 || parts.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  const at = parts.indexOf('data', 1);
  if (at === parts.length - 1) return undefined;
  const whole = at < 0 ? [parts[0]!, 'data', ...parts.slice(1)] : parts;
  return { path: whole.map(encodeURIComponent).join('/'), field };
}

/** All of it from one family of variables: a token of one server is never shown to another. */
async function serverFrom({ environment, read, userHome }: Means) {
  const prefix = !environment.VAULT_ADDR && environment.BAO_ADDR ? 'BAO' : 'VAULT';
  const variable = (name: string) => environment[`${prefix}_${name}`] || undefined;
  const address = variable('ADDR');
  if (address === undefined) throw new Unresolved('VAULT_ADDR is not set: it says where Vault is');
  if (!URL.canParse(address)) throw new Unresolved(`${prefix}_ADDR is no URL: write https://HOST:PORT`);
  const fromFile = async () =>
    read(`${userHome}/.vault-token`).catch((thrown: Error) => {
      throw new Unresolved(`${prefix}_TOKEN is not set, and ${thrown.message}`);
    });
  const token = (variable('TOKEN') ?? (await fromFile())).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Unresolved(`${variable('TOKEN') ? `${prefix}_TOKEN` : '~/.vault-token'} holds no token`);
  return { prefix, address: address.replace(/\/+$/, ''), token, namespace: variable('NAMESPACE'), cacert: variable('CACERT') };
}

async function rootsIn(path: string, prefix: string): Promise<string> {
  return readFile(path, 'latin1').catch((thrown: NodeJS.ErrnoException) => {
    throw new Unresolved(`${path}, which ${prefix}_CACERT names, cannot be read (${thrown.code})`);
  });
}

const WORDS = {
  307: 'another node is active, that one has to be asked',
  400: 'the request or the namespace is not valid there',
  403: 'the token is not valid, has ended, or may not read it',
  404: 'there is no such secret in a KV store of version 2',
  503: 'it is sealed or starting',
};

function found(answer: Answer, field: string): Found {
  if (answer.status === 404 && wasDeleted(answer)) throw new Unresolved('Vault answered 404: the newest version of the secret was deleted');
  const json = jsonFrom(answer, 'Vault', WORDS);
  const value = textAt(json, ['data', 'data', field], 'the secret');
  const lease = isObject(json) ? json.lease_duration : 0;
  return typeof lease === 'number' && lease > 0 ? { value, lifetimeMs: lease * 1000 } : { value };
}

/** A deleted version is answered with what was known about it. */
function wasDeleted(answer: Answer): boolean {
  try {
    return textAt(jsonFrom({ ...answer, status: 200 }, 'Vault'), ['data', 'metadata', 'deletion_time'], '') !== '';
  } catch {
    return false;
  }
}
