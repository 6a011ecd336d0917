// Azure Key Vault, over its HTTP interface: an application's own credentials where the environment has them, else whoever is logged in
// with `az`. Why without Microsoft's client: docs/adr/0004-references-and-sdks.md. A token goes to a host of Key Vault and no other.
import { jsonFrom, textAt } from '../answers.ts';
import { type Answer, type Means, type ReferenceKind, Unresolved } from '../reference.ts';

const API_VERSION = '7.4';
const CLOUDS = ['vault.azure.net', 'vault.azure.cn', 'vault.usgovcloudapi.net'];

/** `azure-kv:VAULT/NAME[/VERSION]`; VAULT is the name of a vault, or its whole host name where the cloud is another than the public one. */
export const azureKv: ReferenceKind = {
  name: 'azure-kv',
  form: 'azure-kv:VAULT/NAME or azure-kv:VAULT/NAME/VERSION',
  secretVariables: ['AZURE_CLIENT_SECRET'],
  isWellFormed: (where) => placeOf(where) !== undefined,
  resolve: async (where, means) => {
    const { host, cloud, secret } = placeOf(where)!;
    const token = await tokenFor(`https://${cloud}`, means);
    const url = `https://${host}/secrets/${secret}?api-version=${API_VERSION}`;
    const answer = await means.ask({ url, headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
    return { value: textAt(jsonFrom(answer, 'Key Vault', { 401: unwanted(answer) }), ['value'], 'the answer') };
  },
};

function placeOf(where: string): { readonly host: string; readonly cloud: string; readonly secret: string } | undefined {
  const m = /^([a-z][a-z0-9-]{1,22}[a-z0-9])(?:\.([a-z.]+))?\/([a-z0-9-]{1,127}(?:\/[0-9a-f]{32})?)$/i.exec(where);
  const cloud = m?.[2]?.toLowerCase() ?? CLOUDS[0]!;
  if (!m || !CLOUDS.includes(cloud)) return undefined;
  return { host: `${m[1]!.toLowerCase()}.${cloud}`, cloud, secret: m[3]! };
}

/** A token of somebody else's tenant is a frequent mistake, and the answer says whose is wanted. */
function unwanted({ headers }: Answer): string {
  const tenant = /authorization="?https:\/\/[\w.]+\/([0-9a-f-]{36})\b/i.exec(headers['www-authenticate'] ?? '')?.[1];
  return tenant === undefined ? 'the token was not accepted' : `the token was not accepted, the vault belongs to tenant ${tenant}`;
}

/** OAuth 2.0 client credentials (RFC 6749 4.4), by a secret or by an assertion that the platform keeps in a file. */
async function tokenFor(resource: string, { environment: env, ask, run, read }: Means): Promise<string> {
  const { AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret, AZURE_FEDERATED_TOKEN_FILE: file, AZURE_TENANT_ID: tenant } = env;
  if (!client || (!secret && !file)) {
    const words = ['az', 'account', 'get-access-token', '--resource', resource, '--query', 'accessToken', '--output', 'tsv'];
    return checked(await run(words, 'install the Azure CLI, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'));
  }
  if (!tenant || !/^[\w.-]+$/.test(tenant)) throw new Unresolved('AZURE_TENANT_ID is not set');
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: client, scope: `${resource}/.default` });
  if (secret) form.set('client_secret', secret);
  else {
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    form.set('client_assertion', (await read(file!)).trim());
  }
  const authority = (env.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com').replace(/\/+$/, '');
  const answer = await ask({
    url: `${authority}/${tenant}/oauth2/v2.0/token`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
  });
  const words = { 400: 'the tenant, the client or its secret is not valid', 401: 'the client or its secret is not valid' };
  return checked(textAt(jsonFrom(answer, 'the login of Microsoft', words), ['access_token'], 'the answer of the login'));
}

function checked(token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Unresolved('the login of Microsoft gave no token');
  return token;
}
