// The official OpenAI client for Node.js through a Spendra gateway. Base URL and key come from the environment, as
// they would for any program that uses it; nothing else is changed. Prints what it saw as one JSON document.
import OpenAI, { toFile } from 'openai';

const model = process.env.SPENDRA_MODEL;
const embeddingModel = process.env.SPENDRA_EMBEDDING_MODEL;
const client = new OpenAI({ maxRetries: 0 });
const seen = {};

const chat = await client.chat.completions.create({
  model, max_completion_tokens: 32, messages: [{ role: 'user', content: 'Say hello.' }],
});
seen.chat = { text: chat.choices[0].message.content, usage: chat.usage };

seen.chatStream = { text: '', chunksWithoutChoices: 0 };
for await (const chunk of await client.chat.completions.create({
  model, max_completion_tokens: 32, stream: true, messages: [{ role: 'user', content: 'Say hello.' }],
})) {
  if (chunk.choices.length === 0) seen.chatStream.chunksWithoutChoices++;
  else seen.chatStream.text += chunk.choices[0].delta.content ?? '';
}

const response = await client.responses.create({ model, max_output_tokens: 32, input: 'Say hello.' });
seen.response = { text: response.output_text, usage: response.usage };

seen.responseStream = { text: '', last: null };
for await (const event of await client.responses.create({ model, max_output_tokens: 32, input: 'Say hello.', stream: true })) {
  if (event.type === 'response.output_text.delta') seen.responseStream.text += event.delta;
  seen.responseStream.last = event.type;
}

const follow = await client.responses.create({
  model, max_output_tokens: 32, input: 'And again.', previous_response_id: response.id,
});
seen.followUp = { previous: follow.previous_response_id, isFirst: follow.previous_response_id === response.id };
const fetched = await client.responses.retrieve(response.id);
seen.fetched = { isSame: fetched.id === response.id };
await client.responses.delete(response.id);

const embedding = await client.embeddings.create({ model: embeddingModel, input: 'A sentence.', encoding_format: 'float' });
seen.embedding = { dimensions: embedding.data[0].embedding.length };

const content = 'one line\nanother line\n';
const file = await client.files.create({ file: await toFile(Buffer.from(content), 'lines.txt'), purpose: 'user_data' });
const listed = [];
for await (const item of await client.files.list()) listed.push(item.id);
seen.file = {
  bytes: file.bytes,
  isListed: listed.includes(file.id),
  name: (await client.files.retrieve(file.id)).filename,
  isContentSame: (await (await client.files.content(file.id)).text()) === content,
  isDeleted: (await client.files.delete(file.id)).deleted,
};

seen.models = [];
for await (const item of await client.models.list()) seen.models.push(item.id);

try {
  await client.chat.completions.create({ model: 'no-such-model', messages: [{ role: 'user', content: 'Hi' }] });
} catch (error) {
  seen.refusal = { status: error.status, code: error.code, retry: error.headers?.get('x-should-retry') };
}

console.log(JSON.stringify(seen));
