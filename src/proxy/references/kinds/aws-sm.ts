// AWS Secrets Manager, through Amazon's own client, which knows every way to be somebody there; it is loaded at the first use, and
// its requests go out as all others do. It must not be loaded before, nor be missed by those who have no use for it.
import { fieldOf, refusal } from '../answers.ts';
import { type Means, type ReferenceKind, Unresolved } from '../reference.ts';

const PACKAGE = '@aws-sdk/client-secrets-manager';

/** `aws-sm:NAME[#FIELD][@REGION]`; the name may be an ARN, which says the region itself. FIELD is one of a secret that is JSON. */
export const awsSm: ReferenceKind = {
  name: 'aws-sm',
  form: 'aws-sm:NAME, aws-sm:NAME#FIELD or aws-sm:NAME#FIELD@REGION',
  secretVariables: ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  isWellFormed: (where) => placeOf(where) !== undefined,
  resolve: async (where, means) => {
    const { name, field, region } = placeOf(where)!;
    const { GetSecretValueCommand, SecretsManagerClient } = await load();
    const client = new SecretsManagerClient(settings(region, means));
    try {
      const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      const secret = SecretString ?? (SecretBinary && Buffer.from(SecretBinary).toString());
      if (secret === undefined) throw new Unresolved('the answer of AWS has no value');
      return { value: fieldOf(secret, field) };
    } catch (thrown) {
      throw thrown instanceof Unresolved ? thrown : new Unresolved(reason(thrown as Error));
    } finally {
      client.destroy();
    }
  },
};

function placeOf(
  where: string,
): { readonly name: string; readonly field: string | undefined; readonly region: string | undefined } | undefined {
  const m = /^([\w/+=.:@!-]{1,2048}?)(?:#([^#]+?))?(?:@([a-z]{2,3}(?:-[a-z]+)+-\d))?$/.exec(where);
  if (!m) return undefined;
  const inArn = /^arn:[\w-]+:secretsmanager:([\w-]+):/.exec(m[1]!)?.[1];
  return { name: m[1]!, field: m[2], region: m[3] ?? inArn };
}

async function load(): Promise<typeof import('@aws-sdk/client-secrets-manager')> {
  try {
    return await import('@aws-sdk/client-secrets-manager');
  } catch (thrown) {
    const isMissing = (thrown as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new Unresolved(isMissing ? `a package is not installed: npm install ${PACKAGE}` : `the package ${PACKAGE} cannot be loaded`);
  }
}

type Settings = ConstructorParameters<typeof import('@aws-sdk/client-secrets-manager').SecretsManagerClient>[0];

/** What the environment does not say the client looks up where Amazon's own tools do. */
function settings(named: string | undefined, means: Means): NonNullable<Settings> {
  const { environment: env } = means;
  const region = named ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION);
  const endpoint = env.AWS_ENDPOINT_URL_SECRETS_MANAGER || env.AWS_ENDPOINT_URL;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  const isGiven = !env.AWS_PROFILE && accessKeyId && secretAccessKey;
  return {
    maxAttempts: 1,
    requestHandler: { handle: (request: AwsRequest) => handle(request, means) },
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(isGiven && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
  };
}

interface AwsRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

async function handle({ protocol, hostname, port, path, method, headers, body }: AwsRequest, { ask }: Means) {
  const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
  const answer = await ask({ url, method, headers, ...(body !== undefined && { body }) });
  // All of Amazon's own refusals are a 400 with a name; the rest may come from anybody on the way, and be anything.
  if (answer.status !== 200 && answer.status !== 400) throw new Unresolved(refusal(answer.status, 'AWS'));
  return { response: { statusCode: answer.status, headers: { ...answer.headers }, body: answer.bytes } };
}

/** Amazon's messages may repeat what was sent; the names of its errors do not. */
function reason({ name, message, $fault }: Error & { readonly $fault?: string }): string {
  if (name === 'CredentialsProviderError')
    return 'no credentials for AWS were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  if (/^region is missing/i.test(message)) return 'no region for AWS was found: write @REGION behind the name, or set AWS_REGION';
  if (name === 'SyntaxError') return 'the answer of AWS is not JSON';
  // Only what AWS has said has a side that is at fault.
  if ($fault === undefined) return 'AWS could not be asked';
  return refusal(400, 'AWS', /^[A-Z]\w+(Exception|Failure|Error)$/.test(name) ? { 400: name } : {});
}
