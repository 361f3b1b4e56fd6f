// A batch by the official OpenAI client for Node.js through a Spendra gateway, changed only in base URL and key. Prints what
// it saw as one JSON document.
import OpenAI, { toFile } from 'openai';

const model = process.env.SPENDRA_MODEL;
const client = new OpenAI({ maxRetries: 0 });

const line = (number) => JSON.stringify({
  custom_id: `line-${number}`, method: 'POST', url: '/v1/chat/completions',
  body: { model, max_completion_tokens: 32, messages: [{ role: 'user', content: 'Say hello.' }] },
});
const input = await client.files.create({
  file: await toFile(Buffer.from(`${line(1)}\n${line(2)}\n`), 'lines.jsonl'), purpose: 'batch',
});

let batch = await client.batches.create({
  input_file_id: input.id, endpoint: '/v1/chat/completions', completion_window: '24h',
});
const made = batch.status;
for (let i = 0; i < 20 && !['completed', 'failed', 'expired', 'cancelled'].includes(batch.status); i++) {
  batch = await client.batches.retrieve(batch.id);
}
const listed = [];
for await (const item of client.batches.list({ limit: 1 })) listed.push(item.id);
const answers = (await (await client.files.content(batch.output_file_id)).text()).trim().split('\n').map((text) => JSON.parse(text));

const unbounded = await client.files.create({
  file: await toFile(Buffer.from(line(1).replace(model, 'no-such-model')), 'lines.jsonl'), purpose: 'batch',
});
let refusal = null;
try {
  await client.batches.create({ input_file_id: unbounded.id, endpoint: '/v1/chat/completions', completion_window: '24h' });
} catch (error) {
  refusal = { status: error.status, code: error.code };
}

console.log(JSON.stringify({
  made, ended: batch.status, isListed: listed.includes(batch.id), refusal,
  answers: answers.map((answer) => answer.custom_id).sort(),
}));
