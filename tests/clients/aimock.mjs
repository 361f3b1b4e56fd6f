// A provider that others wrote, as a second opinion on the sandbox. It answers every dialect with the text, the tool call
// or the refusal that the last user text asks for, and with the usage that the same text asks of the sandbox:
// [[sandbox input_tokens=1200 output_tokens=50]]. Prints its address and runs until it is stopped.
import { LLMock } from '@copilotkit/aimock';

const mock = new LLMock({ port: 0, host: '127.0.0.1' });

function lastUserText(request) {
  const last = request.messages.filter((message) => message.role === 'user').at(-1);
  return typeof last.content === 'string' ? last.content : last.content.map((part) => part.text ?? '').join('');
}

function answer(request) {
  const knobs = Object.fromEntries([...lastUserText(request).matchAll(/(\w+)=(\w+)/g)].map((match) => [match[1], match[2]]));
  if (knobs.status) return { status: Number(knobs.status), error: { message: 'Come again later.', type: 'rate_limit_error', code: 'rate_limit_exceeded' } };
  // The names of chat completions: aimock translates them into those of the dialect.
  const usage = { prompt_tokens: Number(knobs.input_tokens), completion_tokens: Number(knobs.output_tokens) };
  return knobs.tool_calls
    ? { toolCalls: [{ name: 'get_weather', arguments: '{}' }], usage }
    : { content: 'Hello from somebody else.', usage };
}

mock.onMessage(/.*/s, answer);
await mock.start();
console.log(`listening on ${mock.url}`);
