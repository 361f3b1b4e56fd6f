// Google's own client for Node.js through a Spendra gateway, at both of Google's doors. Base URL and key come from the
// environment; nothing else is changed. Prints what it saw as one JSON document.
import { GoogleGenAI } from '@google/genai';

const apiKey = process.env.SPENDRA_KEY;
const root = process.env.SPENDRA_ROOT;
const model = process.env.SPENDRA_MODEL;
const config = { maxOutputTokens: 32 };
const contents = 'Say hello.';

async function use(client) {
  const seen = {};
  const plain = await client.models.generateContent({ model, contents, config });
  seen.plain = { text: plain.text, usage: plain.usageMetadata };
  seen.stream = { text: '', usage: null };
  for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
    seen.stream.text += chunk.text ?? '';
    seen.stream.usage = chunk.usageMetadata;
  }
  seen.count = (await client.models.countTokens({ model, contents })).totalTokens;
  try {
    await client.models.generateContent({ model: 'no-such-model', contents });
  } catch (error) {
    seen.refusal = { status: error.status, message: error.message };
  }
  return seen;
}

// The address of this door is in GOOGLE_GEMINI_BASE_URL, which the Gemini CLI obeys too; the other's is given in the code.
const gemini = new GoogleGenAI({ apiKey });
const seen = { gemini: await use(gemini) };
const embedded = await gemini.models.embedContent({ model: process.env.SPENDRA_EMBEDDING_MODEL, contents: 'A sentence.' });
seen.embedding = { dimensions: embedded.embeddings[0].values.length };
seen.models = [];
for await (const item of await gemini.models.list()) seen.models.push(item.name);

seen.vertex = await use(new GoogleGenAI({ vertexai: true, apiKey, httpOptions: { baseUrl: `${root}/v1/providers/vertexai` } }));
console.log(JSON.stringify(seen));
