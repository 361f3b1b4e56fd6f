// Every client for Node.js, with the retries that it has when nobody sets any, in trouble: one call that fits, one above
// the cap, and streams that the provider breaks off. Keys are those of SPENDRA_KEYS by the client's name; base URL, key and
// model are all that differs from any program. Prints what each saw as one JSON document.
import Anthropic, { AnthropicError } from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI, { AzureOpenAI, OpenAIError } from 'openai';

const root = process.env.SPENDRA_ROOT;
const keys = JSON.parse(process.env.SPENDRA_KEYS);
const breaks = JSON.parse(process.env.SPENDRA_BREAKS);
const hello = 'Say hello.';
const messages = (text) => [{ role: 'user', content: text }];

const chat = (client, model) => ({
  own: OpenAIError,
  async plain(text, limit) {
    const answer = await client.chat.completions.create({ model, max_completion_tokens: limit, messages: messages(text) });
    return { text: answer.choices[0].message.content, input: answer.usage.prompt_tokens, output: answer.usage.completion_tokens };
  },
  async stream(text, limit, write) {
    for await (const chunk of await client.chat.completions.create({ model, max_completion_tokens: limit, stream: true, messages: messages(text) }))
      write(chunk.choices[0]?.delta?.content ?? '');
  },
});

const responses = (client, model) => ({
  own: OpenAIError,
  async plain(text, limit) {
    const answer = await client.responses.create({ model, max_output_tokens: limit, input: text });
    return { text: answer.output_text, input: answer.usage.input_tokens, output: answer.usage.output_tokens };
  },
  async stream(text, limit, write) {
    let last = null;
    for await (const event of await client.responses.create({ model, max_output_tokens: limit, input: text, stream: true })) {
      if (event.type === 'response.output_text.delta') write(event.delta);
      last = event.type;
    }
    return last;
  },
});

const claude = (client, model) => ({
  own: AnthropicError,
  async plain(text, limit) {
    const answer = await client.messages.create({ model, max_tokens: limit, messages: messages(text) });
    return { text: answer.content[0].text, input: answer.usage.input_tokens, output: answer.usage.output_tokens };
  },
  async stream(text, limit, write) {
    await client.messages.stream({ model, max_tokens: limit, messages: messages(text) }).on('text', write).finalMessage();
  },
});

const gemini = (client, model) => ({
  own: ApiError,
  async plain(contents, maxOutputTokens) {
    const answer = await client.models.generateContent({ model, contents, config: { maxOutputTokens } });
    return { text: answer.text, input: answer.usageMetadata.promptTokenCount, output: answer.usageMetadata.candidatesTokenCount };
  },
  async stream(contents, maxOutputTokens, write) {
    for await (const chunk of await client.models.generateContentStream({ model, contents, config: { maxOutputTokens } })) write(chunk.text ?? '');
  },
});

const openai = (name, path) => new OpenAI({ baseURL: root + path, apiKey: keys[name] });
const anthropic = (name, path) => new Anthropic({ baseURL: root + path, apiKey: keys[name] });
const google = (name, path, options) => new GoogleGenAI({ apiKey: keys[name], httpOptions: { baseUrl: root + path }, ...options });

const clients = {
  'openai-chat': (name) => chat(openai(name, '/v1'), 'm1'),
  'openai-responses': (name) => responses(openai(name, '/v1'), 'm1'),
  'openrouter-chat': (name) => chat(openai(name, '/v1/providers/openrouter'), 'maker/m1'),
  'azure-deployment': (name) => chat(new AzureOpenAI({ endpoint: root, apiKey: keys[name], apiVersion: '2025-03-01-preview' }), 'prod'),
  'azure-v1': (name) => responses(openai(name, '/openai/v1'), 'prod'),
  'anthropic': (name) => claude(anthropic(name, ''), 'm1'),
  'anthropic-vertex': (name) => claude(anthropic(name, '/v1/providers/vertexai'), 'claude-m1'),
  'google-gemini': (name) => gemini(google(name, ''), 'm1'),
  'google-vertex': (name) => gemini(google(name, '/v1/providers/vertexai', { vertexai: true }), 'm1'),
};

async function caught(own, act) {
  try {
    await act();
    return null;
  } catch (error) {
    return {
      type: error.constructor.name, isOwn: error instanceof own, message: error.message, status: error.status ?? null,
      code: error.code ?? error.error?.error?.code ?? null, requestId: error.requestID ?? null,
    };
  }
}

async function look(name) {
  const client = clients[name](name);
  const seen = { plain: await client.plain(hello, 32), refusal: await caught(client.own, () => client.plain(hello, 20_000)), broken: {} };
  seen.refusedStream = await caught(client.own, () => client.stream(hello, 20_000, () => {}));
  for (const [kind, knobs] of Object.entries(breaks)) {
    let text = '';
    let last = null;
    const error = await caught(client.own, async () => {
      last = await client.stream(`${hello} [[sandbox ${knobs}]]`, 32, (more) => { text += more; }) ?? null;
    });
    seen.broken[kind] = { text, error, last };
  }
  return seen;
}

const seen = {};
for (const name of Object.keys(clients)) seen[name] = await look(name);
console.log(JSON.stringify(seen));
