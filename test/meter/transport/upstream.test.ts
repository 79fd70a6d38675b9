import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConnections, openUpstream } from '../../../src/meter/transport/upstream.ts';

const CASES: [baseUrl: string, asked: string, sent: string][] = [
  ['https://api.openai.com/v1', '/v1/chat/completions', '/v1/chat/completions'],
  ['https://api.openai.com/v1/', '/v1/responses', '/v1/responses'],
  ['https://api.anthropic.com/v1', '/v1/messages', '/v1/messages'],
  ['https://generativelanguage.googleapis.com/v1beta', '/v1beta/models/m:generateContent', '/v1beta/models/m:generateContent'],
  ['https://generativelanguage.googleapis.com/v1beta', '/v1/models', '/v1beta/models'],
  ['https://openrouter.ai/api/v1', '/v1/chat/completions', '/api/v1/chat/completions'],
  ['https://openrouter.ai/api/v1', '/v1beta/x', '/api/v1beta/x'],
  ['https://host/api/paas/v4', '/v1/chat/completions', '/api/paas/v4/chat/completions'],
  ['https://host/openai/v1.1beta2', '/other', '/openai/other'],
  ['https://api.deepseek.com', '/v1/chat/completions', '/chat/completions'],
  ['https://api.deepseek.com/', '/v1', '/'],
  ['https://host/vendor', '/v2/x', '/vendor/v2/x'],
  ['https://host/v1', '/v10/x', '/v10/x'],
];

test('paths below the root: /v1 stands for base_url, others for base_url without its version', () => {
  const connections = openConnections();
  for (const [baseUrl, asked, sent] of CASES) {
    assert.equal(openUpstream(baseUrl, null, connections).pathOf(asked), sent, `${baseUrl} ${asked}`);
  }
  connections.close();
});
