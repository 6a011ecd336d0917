// Amazon Bedrock's runtime. Requests are signed over their body (SigV4) unless a Bedrock API key is used: what is signed can be watched,
// and edited where the vault has the key to sign it anew. Streams come as binary messages with their own checksums.
import type { Fault } from '../../fault.ts';
import { attestsBilling, attestsSigV4 } from '../attestation.ts';
import { anthropic } from '../dialects/anthropic.ts';
import { faultText } from '../fault-text.ts';
import type { Dialect, Provider } from '../provider.ts';

/** AWS services word an error as `{"message":…}`; the type would be a header of its own. */
const awsError = (fault: Fault, id: string) => ({
  contentType: 'application/json',
  body: JSON.stringify({ message: faultText(fault, id) }),
});

// Claude's own body shape for /invoke, the same blocks under Converse's names for /converse.
const dialect: Dialect = { ...anthropic, errorBody: awsError };

/** Amazon Bedrock's runtime. */
export const bedrock: Provider = {
  name: 'bedrock',
  semconvName: 'aws.bedrock',
  hosts: ['bedrock-runtime.*.amazonaws.com', 'bedrock-runtime-fips.*.amazonaws.com'],
  endpoints: [
    { name: 'invoke', method: 'POST', path: /^\/model\/[^/]+\/invoke(-with-response-stream)?$/, dialect, kind: 'model' },
    { name: 'converse', method: 'POST', path: /^\/model\/[^/]+\/converse(-stream)?$/, dialect, kind: 'model' },
    { name: 'count-tokens', method: 'POST', path: /^\/model\/[^/]+\/count-tokens$/, dialect, kind: 'model' },
  ],
  fallback: dialect,
  auth: [{ header: 'authorization' }, { header: 'x-amz-security-token' }],
  attests: (head, body) => attestsSigV4(head) ?? attestsBilling(head, body),
  examples: [
    {
      method: 'POST',
      url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream',
      endpoint: 'invoke',
    },
    { method: 'POST', url: 'https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse', endpoint: 'converse' },
    { method: 'POST', url: 'https://bedrock-runtime-fips.us-west-2.amazonaws.com/guardrail/g/version/1/apply', endpoint: '' },
  ],
};
