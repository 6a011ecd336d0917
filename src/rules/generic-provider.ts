// The stand-in for a vendor we have no file for: hosts that the configuration names under `intercept`. The dialect is guessed
// from the path, as compatible servers keep the paths of what they are compatible with.
import { attestsBilling, attestsSigV4 } from './attestation.ts';
import { anthropic } from './dialects/anthropic.ts';
import { chat } from './dialects/chat.ts';
import { gemini } from './dialects/gemini.ts';
import { opaque } from './dialects/opaque.ts';
import { responses } from './dialects/responses.ts';
import type { HostPattern } from './host-pattern.ts';
import type { Endpoint, Provider } from './provider.ts';

const MODELS: readonly Endpoint[] = [
  { name: 'messages', path: /\/v1\/messages(\/count_tokens)?$/, dialect: anthropic, kind: 'model' },
  { name: 'responses', path: /\/responses(\/[\w-]+){0,2}$/, dialect: responses, kind: 'model' },
  { name: 'chat', path: /\/chat\/completions$/, dialect: chat, kind: 'model' },
  { name: 'completions', path: /\/completions$/, dialect: chat, kind: 'model' },
  { name: 'generate', path: /:(generateContent|streamGenerateContent|countTokens)$/, dialect: gemini, kind: 'model' },
];

/** RFC 6749, 7009 and 8628 by their usual names. */
const LOGIN: Endpoint = {
  name: 'token',
  method: 'POST',
  path: /^(\/[\w-]+){0,3}\/oauth2?(\/v\d)?\/(token|revoke|device\/code|device_authorization)$/,
  dialect: opaque,
  kind: 'login',
};

/**
 * The provider of configured hosts. Bodies of its OAuth calls are left alone as a vendor's own are, but not where the hosts are `*`:
 * a login call to a host that nobody named is a way out for anything that calls itself so.
 */
export function genericProvider(hosts: readonly HostPattern[]): Provider {
  return {
    name: 'generic',
    hosts,
    endpoints: hosts.includes('*') ? MODELS : [...MODELS, LOGIN],
    fallback: opaque,
    auth: [{ header: 'authorization' }, { header: 'x-api-key' }, { header: 'api-key' }, { header: 'x-goog-api-key' }, { query: 'key' }],
    attests: (head, body) => attestsSigV4(head) ?? attestsBilling(head, body),
  };
}
