// The official Anthropic client for Node.js through a Spendra gateway. Base URL and key come from the environment, as
// they would for any program that uses it; nothing else is changed. Prints what it saw as one JSON document.
import Anthropic from '@anthropic-ai/sdk';

const model = process.env.SPENDRA_MODEL;
const client = new Anthropic({ maxRetries: 0 });
const hello = { model, max_tokens: 32, messages: [{ role: 'user', content: 'Say hello.' }] };
const tools = [{ name: 'get_weather', input_schema: { type: 'object', properties: {} } }];
const seen = {};

const message = await client.messages.create(hello);
seen.message = { text: message.content[0].text, usage: message.usage, stop: message.stop_reason };

const stream = client.messages.stream(hello);
seen.stream = { text: '' };
stream.on('text', (text) => { seen.stream.text += text; });
seen.stream.usage = (await stream.finalMessage()).usage;

const asked = { role: 'user', content: '[[sandbox tool_calls=1]]' };
const call = await client.messages.create({ model, max_tokens: 32, tools, messages: [asked] });
const use = call.content.find((block) => block.type === 'tool_use');
const answered = await client.messages.create({
  model, max_tokens: 32, tools,
  messages: [
    { role: 'user', content: 'Weather?' }, { role: 'assistant', content: [use] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'Sunny.' }] },
  ],
});
seen.tool = { name: use.name, stop: call.stop_reason, after: answered.stop_reason };

seen.count = (await client.messages.countTokens({ model, messages: hello.messages })).input_tokens;

seen.models = [];
for await (const item of await client.models.list()) seen.models.push(item.id);

try {
  await client.messages.create({ ...hello, model: 'no-such-model' });
} catch (error) {
  seen.refusal = { status: error.status, type: error.error?.error?.type, code: error.error?.error?.code, retry: error.headers?.get('x-should-retry') };
}

console.log(JSON.stringify(seen));
