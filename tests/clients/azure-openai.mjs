// OpenAI's Azure client for Node.js through a Spendra gateway. Endpoint and key come from the environment, as they would
// for any program that uses it; nothing else is changed. Prints what it saw as one JSON document.
import OpenAI, { AzureOpenAI } from 'openai';

const deployment = process.env.SPENDRA_DEPLOYMENT;
const embeddingDeployment = process.env.SPENDRA_EMBEDDING_DEPLOYMENT;
const older = new AzureOpenAI({ maxRetries: 0 });
// The v1 API is for the ordinary client, at an address below the endpoint.
const current = new OpenAI({
  baseURL: `${process.env.AZURE_OPENAI_ENDPOINT}/openai/v1`, apiKey: process.env.AZURE_OPENAI_API_KEY, maxRetries: 0,
});
const messages = [{ role: 'user', content: 'Say hello.' }];

async function look(client) {
  const seen = {};
  const chat = await client.chat.completions.create({ model: deployment, max_completion_tokens: 32, messages });
  seen.chat = { text: chat.choices[0].message.content, model: chat.model, usage: chat.usage };

  seen.stream = { text: '', usage: null };
  for await (const chunk of await client.chat.completions.create({
    model: deployment, max_completion_tokens: 32, messages, stream: true, stream_options: { include_usage: true },
  })) {
    seen.stream.text += chunk.choices[0]?.delta?.content ?? '';
    seen.stream.usage = chunk.usage ?? seen.stream.usage;
  }

  const response = await client.responses.create({ model: deployment, max_output_tokens: 32, input: 'Say hello.' });
  seen.response = { text: response.output_text, isSame: (await client.responses.retrieve(response.id)).id === response.id };
  await client.responses.delete(response.id);

  const embedding = await client.embeddings.create({ model: embeddingDeployment, input: 'A sentence.', encoding_format: 'float' });
  seen.embedding = { dimensions: embedding.data[0].embedding.length };

  seen.models = [];
  for await (const item of await client.models.list()) seen.models.push(item.id);

  try {
    await client.chat.completions.create({ model: 'no-such-deployment', messages });
  } catch (error) {
    seen.refusal = { status: error.status, code: error.code, retry: error.headers?.get('x-should-retry') };
  }
  return seen;
}

console.log(JSON.stringify({ older: await look(older), current: await look(current) }));
