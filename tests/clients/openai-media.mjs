// The official OpenAI client for Node.js through a Spendra gateway: images, speech, recordings, moderations. Base URL and
// key come from the environment, as they would for any program that uses it; nothing else is changed. Prints what it saw
// as one JSON document.
import OpenAI, { toFile } from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const prompt = 'A red cube';
const seen = {};

const image = await client.images.generate({ model: 'gpt-image-2', prompt });
seen.image = { usage: image.usage, bytes: image.data[0].b64_json.length };

seen.events = [];
for await (const event of await client.images.generate({
  model: 'gpt-image-1.5', prompt, size: '1024x1024', quality: 'low', stream: true, partial_images: 1,
})) seen.events.push(event.type);

const sound = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
seen.sound = (await sound.arrayBuffer()).byteLength;

const recording = await toFile(Buffer.from(process.env.SPENDRA_RECORDING, 'base64'), 'a.wav');
seen.transcription = (await client.audio.transcriptions.create({ file: recording, model: 'whisper-1' })).text;

seen.flagged = (await client.moderations.create({ input: 'Hello' })).results[0].flagged;

try {
  await client.images.generate({ model: 'dall-e-3', prompt });
} catch (error) {
  seen.refusal = { status: error.status, code: error.code };
}

console.log(JSON.stringify(seen));
