// Anthropic's client for Node.js, pointed at Claude where others serve it. Only base URL, key and model's name differ.
// Prints what it saw as one JSON document.
import Anthropic from '@anthropic-ai/sdk';

const root = process.env.SPENDRA_ROOT;
const messages = [{ role: 'user', content: 'Say hello.' }];

async function look(provider, model) {
  const client = new Anthropic({ baseURL: `${root}/v1/providers/${provider}`, apiKey: process.env.SPENDRA_KEY, maxRetries: 0 });
  const plain = await client.messages.create({ model, max_tokens: 32, messages });
  const stream = client.messages.stream({ model, max_tokens: 32, messages });
  let text = '';
  stream.on('text', (delta) => { text += delta; });
  const whole = await stream.finalMessage();
  const seen = {
    plain: { text: plain.content[0].text, usage: plain.usage }, stream: { text, usage: whole.usage },
    beta: (await client.beta.messages.create({ model, max_tokens: 32, messages, betas: ['one-2026-01-01'] })).content[0].text,
  };
  try {
    await client.messages.create({ model: 'no-such-model', max_tokens: 32, messages });
  } catch (error) {
    seen.refusal = { status: error.status, code: error.error?.error?.code, retry: error.headers?.get('x-should-retry') };
  }
  if (provider === 'vertexai') seen.count = (await client.messages.countTokens({ model, messages })).input_tokens;
  return seen;
}

console.log(JSON.stringify({
  vertexai: await look('vertexai', 'claude-haiku-4-5@20251001'), openrouter: await look('openrouter', 'anthropic/claude-sonnet-5-5'),
}));
