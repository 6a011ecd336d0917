import { describe, expect, test } from 'vitest';
import { isMiss } from '../../../../src/rules/resilience/miss.ts';

const json = (value: unknown) => JSON.stringify(value);
const message = (text: string, more: object = {}) => json({ error: { message: text, ...more } });

describe("the vendor's own words for a model that is not for this credential", () => {
  test.each<[string, number, string]>([
    ['Anthropic', 404, json({ type: 'error', error: { type: 'not_found_error', message: 'model: claude-sonnet-9' }, request_id: 'req_1' })],
    [
      'OpenAI',
      404,
      message('The model `gpt-9` does not exist or you do not have access to it.', {
        type: 'invalid_request_error',
        code: 'model_not_found',
      }),
    ],
    ['OpenAI, a project', 403, message('Project `proj_1` does not have access to model `gpt-4o`', { code: 'model_not_found' })],
    ['OpenAI, without a code', 404, message('The model `gpt-9` does not exist', { code: null })],
    ['Codex with a ChatGPT account', 400, json({ detail: "The 'gpt-5' model is not supported when using Codex with a ChatGPT account." })],
    [
      'Gemini',
      404,
      message('models/gemini-pro is not found for API version v1beta, or is not supported for generateContent.', {
        code: 404,
        status: 'NOT_FOUND',
      }),
    ],
    [
      'Gemini, streamed',
      404,
      json([{ error: { code: 404, message: 'models/gemini-pro is not found for API version v1beta', status: 'NOT_FOUND' } }]),
    ],
    [
      'Vertex AI',
      404,
      message(
        'Publisher Model `projects/p/locations/us/publishers/google/models/g` was not found or your project does not have access to it.',
      ),
    ],
    ['GitHub Copilot', 400, message('The requested model is not supported.', { code: 'model_not_supported', param: 'model' })],
    ['OpenRouter, none has it', 404, message('No endpoints found for stepfun/step-3.5-flash:free.', { code: 404 })],
    ['OpenRouter, no such name', 400, message('foo/bar is not a valid model ID', { code: 400 })],
    ['Bedrock, not granted', 403, json({ message: "You don't have access to the model with the specified model ID." })],
    ['Bedrock, no such name', 400, json({ message: 'The provided model identifier is invalid.' })],
    ['Bedrock, capital M', 403, json({ Message: 'Your account is not authorized to invoke this model' })],
    ['Azure', 404, message('The API deployment for this resource does not exist.', { code: 'DeploymentNotFound' })],
    ['Mistral', 400, json({ object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' })],
    [
      'xAI',
      404,
      json({
        code: 'Some requested entity was not found',
        error: 'The model grok-9 does not exist or your team t does not have access to it.',
      }),
    ],
    ['Ollama', 404, json({ error: "model 'llama9' not found" })],
    ['a code beside the error', 403, json({ code: 'MODEL_NOT_ALLOWED', error: {} })],
    ['a plan', 403, message('Your API key does not have permission to use the specified model.')],
  ])('%s', (_, status, body) => {
    expect(isMiss(status, body)).toBe(true);
  });
});

describe('what says nothing of the model', () => {
  test.each<[string, number, string]>([
    ['an unknown path at Anthropic', 404, json({ type: 'error', error: { type: 'not_found_error', message: 'Not Found' } })],
    ['an unknown path at OpenAI', 404, message('Invalid URL (POST /v1/models/gpt-9/responses)', { type: 'invalid_request_error' })],
    ['an unknown path at Google', 404, '<html><title>Error 404</title>The requested URL /v1beta/models/x was not found on this server.'],
    ['an unknown route', 404, json({ message: 'Route POST:/v1/models/gpt-9 not found', statusCode: 404 })],
    ['a file that is gone', 404, message('File file-1 not found')],
    ['another endpoint', 404, message('This is a chat model and not supported in the v1/completions endpoint.')],
    ['tools', 404, message('No endpoints found that support tool use.', { code: 404 })],
    [
      'a parameter',
      400,
      message("Unsupported parameter: 'temperature' is not supported with this model.", { code: 'unsupported_parameter' }),
    ],
    ['a long prompt', 400, message("This model's maximum context length is 128000 tokens.", { code: 'context_length_exceeded' })],
    [
      'a login without a scope',
      403,
      json({ type: 'error', error: { type: 'permission_error', message: 'OAuth token does not meet scope requirement' } }),
    ],
    ['a failed login', 401, message('The model `gpt-9` does not exist', { code: 'model_not_found' })],
    ['a success', 200, message('x', { code: 'model_not_found' })],
    ['nothing', 404, ''],
    ['no document', 404, '"model_not_found"'],
    ['an empty list', 404, '[]'],
    ['codes that are none', 404, json({ error: { code: 404, type: null } })],
    ['more than is read', 404, message('x'.repeat(70_000), { code: 'model_not_found' })],
    ['words deep in a long message', 404, message(`${'x'.repeat(2_000)} the model m does not exist`)],
  ])('%s', (_, status, body) => {
    expect(isMiss(status, body)).toBe(false);
  });
});
