// HashiCorp Vault or OpenBao: a field of a secret in a KV store of version 2, over its HTTP interface.
// It must not write, renew or log in: the token is somebody else's business.
import { readFile } from 'node:fs/promises';
import { isObject, jsonFrom, textAt } from '../answers.ts';
import { type Answer, type Found, type Means, type ReferenceKind, Unresolved } from '../reference.ts';

/**
 * `vault:PATH#FIELD`. PATH is written as for `vault kv get`: the mount, then the secret. A mount of several parts is told from the secret by
 * `data` between them, as in the interface itself. Server and token come from VAULT_ADDR, VAULT_TOKEN or ~/.vault-token, VAULT_NAMESPACE, VAULT_CACERT.
 */
export const vault: ReferenceKind = {
  name: 'vault',
  form: 'vault:MOUNT/SECRET#FIELD',
  secretVariables: ['VAULT_TOKEN'],
  isWellFormed: (where) => placeOf(where) !== undefined,
  resolve: async (where, means) => {
    const { path, field } = placeOf(where)!;
    const { environment, ask } = means;
    if (!environment.VAULT_ADDR) throw new Unresolved('VAULT_ADDR is not set: it says where Vault is');
    if (!URL.canParse(environment.VAULT_ADDR)) throw new Unresolved('VAULT_ADDR is no URL: write https://HOST:PORT');
    const answer = await ask({
      url: `${environment.VAULT_ADDR.replace(/\/+$/, '')}/v1/${path}`,
      headers: {
        'x-vault-request': 'true',
        'x-vault-token': await tokenFrom(means),
        ...(environment.VAULT_NAMESPACE && { 'x-vault-namespace': environment.VAULT_NAMESPACE }),
      },
      ...(environment.VAULT_CACERT && { ca: await rootsIn(environment.VAULT_CACERT) }),
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

async function tokenFrom({ environment, read, userHome }: Means): Promise<string> {
  const fromFile = async () =>
    read(`${userHome}/.vault-token`).catch((thrown: Error) => {
      throw new Unresolved(`VAULT_TOKEN is not set, and ${thrown.message}`);
    });
  const token = (environment.VAULT_TOKEN || (await fromFile())).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Unresolved(`${environment.VAULT_TOKEN ? 'VAULT_TOKEN' : '~/.vault-token'} holds no token`);
  return token;
}

async function rootsIn(path: string): Promise<string> {
  return readFile(path, 'latin1').catch((thrown: NodeJS.ErrnoException) => {
    throw new Unresolved(`${path}, which VAULT_CACERT names, cannot be read (${thrown.code})`);
  });
}

const WORDS = {
  307: 'another node is active, name that one in VAULT_ADDR',
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
