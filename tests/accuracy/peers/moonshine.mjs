// SPDX-License-Identifier: Apache-2.0
// moonshine.mjs PEERS LIST: recognises each WAV file of LIST (one path per line) with Moonshine tiny (8 bits), with greedy decoding on one
// thread, and prints PATH<TAB>TEXT. PEERS is the folder made by `setup`. The package is for browsers; here its two networks run in
// onnxruntime-node, and its token table is extracted from its bundle.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { lines, samples } from "./wav.mjs";

const [peers, list] = process.argv.slice(2);
const { InferenceSession, Tensor } = createRequire(join(peers, "node_modules/"))("onnxruntime-node");
const START = 1;
const END = 2;
// The package allows 6 a second of what its voice detector cuts out, with silence around; trimmed closer, quick talkers need more.
const TOKENS_PER_SECOND = 12;

/** The pieces of text by token, from the bundle: the long base64 string that decodes to a list whose token END is "</s>". */
function tokenTable() {
  const bundle = readFileSync(join(peers, "moonshine/dist/moonshine.min.js"), "latin1");
  for (const [, packed] of bundle.matchAll(/"([A-Za-z0-9+/=]{100000,})"/g)) {
    const table = Buffer.from(packed, "base64").toString("utf8").split("\n");
    if (table[END] === "</s>") return table;
  }
  throw new Error("Moonshine's bundle holds no table of tokens: is it another version?");
}

/** Text of tokens: "▁" is a blank, "<0x..>" a byte. */
function textOf(tokens, table) {
  const bytes = tokens.map((token) => {
    const byte = /^<0x([0-9A-F]{2})>$/.exec(table[token]);
    return byte ? Buffer.from(byte[1], "hex") : Buffer.from(table[token]);
  });
  return Buffer.concat(bytes).toString("utf8").replaceAll("▁", " ").replace(/\s+/g, " ").trim();
}

/** The most likely token after a step of the decoder: logits float32[1, 1, vocabulary]. */
function likeliest({ data }) {
  let top = 0;
  for (let token = 1; token < data.length; token++) if (data[token] > data[top]) top = token;
  return top;
}

const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const networks = join(peers, "moonshine/dist/model/tiny/quantized");
const encoder = await InferenceSession.create(join(networks, "encoder_model.onnx"), options);
const decoder = await InferenceSession.create(join(networks, "decoder_model_merged.onnx"), options);
const caches = decoder.inputNames.filter((name) => name.startsWith("past_key_values"));
const [HEADS, HEAD_SIZE] = [8, 36]; // of the tiny model
const table = tokenTable();

/** The text in a sound, float32[n], full scale 1. */
async function transcribe(sound) {
  const encoded = await encoder.run({ input_values: new Tensor("float32", sound, [1, sound.length]) });
  const feeds = { encoder_hidden_states: encoded.last_hidden_state };
  for (const name of caches) feeds[name] = new Tensor("float32", new Float32Array(0), [0, HEADS, 1, HEAD_SIZE]);
  const tokens = [];
  const most = Math.ceil((sound.length / 16000) * TOKENS_PER_SECOND);
  while (tokens.length < most) {
    feeds.input_ids = new Tensor("int64", BigInt64Array.of(BigInt(tokens.at(-1) ?? START)), [1, 1]);
    feeds.use_cache_branch = new Tensor("bool", [tokens.length > 0], [1]);
    const step = await decoder.run(feeds);
    const token = likeliest(step.logits);
    if (token === END) break;
    // What the decoder keeps of the encoder's output is computed in the first step and stays.
    for (const name of caches) {
      if (tokens.length === 0 || name.includes(".decoder.")) feeds[name] = step[name.replace("past_key_values", "present")];
    }
    tokens.push(token);
  }
  return textOf(tokens, table);
}

for (const path of lines(list)) {
  const pcm = samples(path);
  const sound = Float32Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i) / 32768);
  console.log(`${path}\t${await transcribe(sound)}`);
}
