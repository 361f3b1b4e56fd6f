// A provider that others wrote, as a second opinion on the sandbox. It answers every dialect with the text, the tool call,
// the refusal or the trouble that the last user text asks for, and with the usage that the same text asks of the sandbox:
// [[sandbox input_tokens=1200 output_tokens=50]]. Prints its address and runs until it is stopped.
import { LLMock } from '@copilotkit/aimock';

const mock = new LLMock({ port: 0, host: '127.0.0.1' });

// The models behind Azure's deployments, which its answers name.
const deployments = { 'chat-prod': 'm1' };

function lastUserText(request) {
  const last = request.messages.filter((message) => message.role === 'user').at(-1);
  return typeof last.content === 'string' ? last.content : last.content.map((part) => part.text ?? '').join('');
}

function answer(request) {
  const knobs = Object.fromEntries([...lastUserText(request).matchAll(/(\w+)=([\w.]+)/g)].map((match) => [match[1], match[2]]));
  if (knobs.status === '429') return { status: 429, error: { message: 'Come again later.', type: 'rate_limit_error', code: 'rate_limit_exceeded' } };
  if (knobs.status) return { status: Number(knobs.status), error: { message: 'Something is wrong here.', type: 'server_error', code: 'server_error' } };
  // The names of chat completions: aimock translates them into those of the dialect.
  const usage = { prompt_tokens: Number(knobs.input_tokens), completion_tokens: Number(knobs.output_tokens) };
  // Only OpenRouter says what it cost, and only there aimock tells parts of the usage.
  if (knobs.cost) usage.cost = Number(knobs.cost);
  if (knobs.cached_tokens) usage.prompt_tokens_details = { cached_tokens: Number(knobs.cached_tokens) };
  if (knobs.reasoning_tokens) usage.completion_tokens_details = { reasoning_tokens: Number(knobs.reasoning_tokens) };
  const whole = deployments[request.model] ? { usage, model: deployments[request.model] } : { usage };
  return knobs.tool_calls
    ? { toolCalls: [{ name: 'get_weather', arguments: '{}' }], ...whole }
    : { content: 'Hello from somebody else.', ...whole };
}

// The first pattern that matches is taken, so those for trouble come first.
mock.onMessage(/break_after=0/, answer, { chaos: { disconnectRate: 1 } });
mock.onMessage(/garbage=true/, answer, { chaos: { malformedRate: 1 } });
// The chunk at which it breaks off is lost with the connection, as chunks that are on their way are; those before had time.
for (const chunks of [3, 4, 5, 6]) mock.onMessage(new RegExp(`break_after=${chunks}\\b`), answer, { truncateAfterChunks: chunks, latency: 20, chunkSize: 4 });
mock.onMessage(/.*/s, answer);
await mock.start();
console.log(`listening on ${mock.url}`);
