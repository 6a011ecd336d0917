// Kiro and Amazon Q Developer: one service under two names. Requests carry a bearer token or, for IAM users, a signature over their body
// (SigV4), as Bedrock's do. Streams come as binary messages with their own checksums. Must not know the service's other calls.
import type { Fault } from '../../fault.ts';
import { attestsSigV4 } from '../attestation.ts';
import { opaque } from '../dialects/opaque.ts';
import { faultText } from '../fault-text.ts';
import { objectOf } from '../loose-json.ts';
import type { Dialect, Piece, Provider } from '../provider.ts';

const TEXT = 'text';
/** Names of things, and pictures. */
const OPAQUE = new Set(['bytes', 'conversationId', 'modelId', 'profileArn', 'toolUseId', 'utteranceId']);

/** What a turn of the assistant brings: text, and the input of a tool piece by piece under its id. */
function pieces(event: unknown): readonly Piece[] {
  const { content, input, toolUseId } = objectOf(event) ?? {};
  if (typeof toolUseId === 'string') return typeof input === 'string' ? [{ path: ['input'], channel: toolUseId, nesting: 'json' }] : [];
  return typeof content === 'string' ? [{ path: ['content'], channel: TEXT, nesting: 'answer' }] : [];
}

function ends(event: unknown): readonly string[] {
  const { toolUseId, stop } = objectOf(event) ?? {};
  if (typeof toolUseId !== 'string') return [];
  return stop === true ? [TEXT, toolUseId] : [TEXT];
}

const dialect: Dialect = {
  ...opaque,
  isOpaque: (path) => OPAQUE.has(path.at(-1) ?? ''),
  pieces,
  ends,
  // As AWS services word it.
  errorBody: (fault: Fault, id: string) => ({
    contentType: 'application/x-amz-json-1.0',
    body: JSON.stringify({ message: faultText(fault, id) }),
  }),
};

/** Kiro, and Amazon Q Developer. */
export const kiro: Provider = {
  name: 'kiro',
  hosts: ['q.*.amazonaws.com', 'codewhisperer.*.amazonaws.com'],
  endpoints: [
    // The call is named by `X-Amz-Target`.
    { name: 'call', method: 'POST', path: /^\/$/, dialect, kind: 'model' },
    { name: 'generate', method: 'POST', path: /^\/(generateAssistantResponse|SendMessageStreaming)$/, dialect, kind: 'model' },
  ],
  fallback: dialect,
  auth: [{ header: 'authorization' }, { header: 'x-amz-security-token' }],
  attests: (head) => attestsSigV4(head),
  examples: [
    { method: 'POST', url: 'https://q.us-east-1.amazonaws.com/', endpoint: 'call' },
    { method: 'POST', url: 'https://codewhisperer.us-east-1.amazonaws.com/generateAssistantResponse', endpoint: 'generate' },
    { method: 'GET', url: 'https://q.eu-central-1.amazonaws.com/mcp', endpoint: '' },
  ],
};
