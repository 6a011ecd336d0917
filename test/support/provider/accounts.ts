// Everything the CLIs ask besides a model's answer: accounts, tokens, model lists, settings, telemetry. Just enough for
// each CLI (claude-code 2.1.330, codex 0.169.0, gemini-cli 0.61.0, copilot 1.0.102) to go on to its prompt.

/** The account id that codex's ChatGPT accounts are checked for; test auth files carry the same one. */
export const ACCOUNT_ID = '00000000-0000-4000-8000-000000000000';

/** An unsigned token that parses as a JWT. */
export function fakeJwt(claims: object): string {
  const part = (x: unknown) => Buffer.from(JSON.stringify(x)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('test').toString('base64url')}`;
}

const CLAUDE_MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-haiku-4-5', 'claude-sonnet-4.5'];
const OPENAI_MODELS = ['gpt-5', 'gpt-5.1', 'gpt-5.5', 'gpt-5-codex', 'gpt-5-mini', 'gpt-4.1'];
const COPILOT_ENDPOINTS = { api: 'https://api.githubcopilot.com', telemetry: 'https://copilot-telemetry.githubusercontent.com' };

/** The JSON answer to an account or settings call; undefined: no such route. */
export function accountReply(method: string, host: string, path: string): unknown {
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  if (path.endsWith('/count_tokens')) return { input_tokens: 11 };
  if (path.endsWith(':countTokens')) return { totalTokens: 11 };
  if (path.endsWith('/wham/accounts/check')) return codexAccounts();
  if (path === '/tokeninfo')
    return {
      email: 'fake@example.test',
      aud: 'fake',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      expires_in: 3600,
      access_type: 'offline',
    };
  if (/^\/oauth2\/v\d\/userinfo$/.test(path)) return { id: '1', email: 'fake@example.test', name: 'fake' };
  if (method === 'POST' && /(^|\/)token$/.test(path)) {
    const jwt = fakeJwt({ email: 'fake@example.test', exp: inAnHour });
    return {
      access_token: host === 'auth.openai.com' ? jwt : 'fake-access',
      id_token: jwt,
      refresh_token: 'fake-refresh',
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'fake',
    };
  }
  const codeAssist = codeAssistReply(path);
  if (codeAssist) return codeAssist;
  const copilot = copilotReply(host, path, inAnHour);
  if (copilot) return copilot;
  if (method === 'GET' && path.endsWith('/models')) return models(host);
  if (/^\/api\/(hello|oauth|claude_cli|claude_code)/.test(path)) return {};
  if (method === 'POST' && /event|telemetry|log|metric|track|batch|otlp|rgstr|envelope/i.test(path + host)) return {};
  return undefined;
}

function codexAccounts(): unknown {
  const account = { id: ACCOUNT_ID, name: 'fake', structure: 'personal', plan_type: 'pro', is_deactivated: false };
  const routing = { workspace_backend_origin: 'https://chatgpt.com', account_routing_override: 'NO_CONSTRAINT' };
  return { account_ordering: [ACCOUNT_ID], accounts: [{ ...account, ...routing }] };
}

function codeAssistReply(path: string): unknown {
  const tier = { id: 'standard-tier', name: 'fake' };
  const project = 'fake-project';
  if (path.endsWith(':loadCodeAssist'))
    return { currentTier: tier, allowedTiers: [{ ...tier, isDefault: true }], cloudaicompanionProject: project };
  if (path.endsWith(':onboardUser'))
    return { name: 'operations/x', done: true, response: { cloudaicompanionProject: { id: project, name: project } } };
  if (path.startsWith('/v1internal:') && !path.includes('enerateContent')) return {};
  return undefined;
}

function copilotReply(host: string, path: string, inAnHour: number): unknown {
  if (path === '/copilot_internal/v2/token') {
    return {
      token: `tid=fake;exp=${inAnHour};sku=fake`,
      expires_at: inAnHour,
      refresh_in: 1500,
      endpoints: COPILOT_ENDPOINTS,
      chat_enabled: true,
    };
  }
  if (path === '/copilot_internal/user') {
    const plan = {
      access_type_sku: 'copilot_pro',
      copilot_plan: 'individual_pro',
      chat_enabled: true,
      cli_enabled: true,
      is_mcp_enabled: true,
    };
    return {
      login: 'fake',
      ...plan,
      endpoints: COPILOT_ENDPOINTS,
      organization_login_list: [],
      organization_list: [],
      quota_snapshots: {},
    };
  }
  if (host === 'api.github.com' && path === '/user') return { login: 'fake', id: 1, name: 'fake', type: 'User' };
  if (host === 'api.github.com' && path === '/graphql') return { data: { viewer: { login: 'fake', id: 'x' } } };
  return undefined;
}

function models(host: string): unknown {
  if (host.includes('githubcopilot')) return { object: 'list', data: [...CLAUDE_MODELS, ...OPENAI_MODELS].map(copilotModel) };
  if (host.includes('anthropic')) {
    const data = CLAUDE_MODELS.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-01-01T00:00:00Z' }));
    return { data, has_more: false, first_id: CLAUDE_MODELS[0], last_id: CLAUDE_MODELS.at(-1) };
  }
  if (/generativelanguage|chatgpt\.com/.test(host)) return { models: [] };
  return { object: 'list', data: OPENAI_MODELS.map((id) => ({ id, object: 'model', created: 1, owned_by: 'openai' })) };
}

function copilotModel(id: string): unknown {
  const claude = id.startsWith('claude');
  const limits = { max_context_window_tokens: 200_000, max_output_tokens: 16_000, max_prompt_tokens: 128_000 };
  const supports = { streaming: true, tool_calls: true, parallel_tool_calls: true, vision: true };
  return {
    id,
    name: id,
    object: 'model',
    version: id,
    vendor: claude ? 'Anthropic' : 'OpenAI',
    preview: false,
    model_picker_enabled: true,
    model_picker_category: 'versatile',
    is_chat_default: id === 'claude-sonnet-4.5',
    is_chat_fallback: id === 'gpt-4.1',
    policy: { state: 'enabled', terms: '' },
    billing: { is_premium: false, multiplier: 1 },
    supported_endpoints: ['/chat/completions', claude ? '/v1/messages' : '/responses'],
    capabilities: { family: id, type: 'chat', tokenizer: 'o200k_base', object: 'model_capabilities', limits, supports },
  };
}
