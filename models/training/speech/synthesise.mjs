#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// synthesise.mjs: converts texts to speech with a multi-speaker Piper VITS model or with Kokoro (both ONNX), and writes PCM shards.
//
// usage: synthesise.mjs --voices DIR --texts texts.tsv --out DIR [--from 0] [--to N] [--seed 1] [--shard 500] [--engine piper|kokoro]
//                       [--name libritts_r]
//
// DIR or a folder above it contains node_modules/onnxruntime-node. For Piper, DIR contains model.onnx, its first part front.onnx, and
// tokens.txt (see prepare), vocoder.py beside this file computes the rest of the model, and NAME is what the list calls the voice; for Kokoro, kokoro/ in DIR contains kokoro-quantized.onnx, tokenizer.json and voices/*.bin (see
// tests/accuracy/unseen). Each shard is two files:
// NAME.s16 (16 kHz mono, little-endian, clips end to end) and NAME.tsv (first sample, samples, kind, text, voice).
// A clip's voice, liveliness and speed depend only on the seed and the number of its text. Piper's noise depends on the seed and the
// number of the shard. So the same texts, seed and shard borders give the same samples on the same kind of CPU. Finished shards are skipped, and a shard is
// renamed into place, so a run can be stopped at any time, and several runs can share the work (--from, --to).
// VITS: Kim, Kong and Son, 2021, arXiv 2106.06103. Kokoro: a StyleTTS 2 (Li et al., 2023, arXiv 2306.07691) with 28 English voices.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const options = { seed: '1', shard: '500', from: '0', speakers: '904', engine: 'piper', name: 'libritts_r' };
for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
for (const name of ['voices', 'texts', 'out'])
  if (!options[name]) { console.error(`synthesise: --${name} is missing; see the head of this file`); process.exit(2); }

const kokoro = options.engine === 'kokoro';
const RATE_IN = kokoro ? 24000 : 22050, RATE_OUT = 16000;
const UP = kokoro ? 2 : 320, DOWN = kokoro ? 3 : 441, ZEROS = 12;   // windowed sinc, 12 zero crossings per side
const ort = createRequire(path.join(path.resolve(options.voices), 'x.js'))('onnxruntime-node');

/** Returns a generator of numbers in [0, 1) from a 32-bit seed (mulberry32). */
function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The polyphase filters of the resampler: UP rows of taps, and the start of each. */
const phases = (() => {
  const cut = (RATE_OUT / RATE_IN) * 0.94, half = ZEROS / cut, rows = [];
  for (let p = 0; p < UP; p++) {
    const centre = (p * DOWN) / UP, first = Math.ceil(centre - half), taps = [];
    for (let k = first; k <= centre + half; k++) {
      const d = k - centre, x = Math.PI * d * cut;
      taps.push(cut * (d === 0 ? 1 : Math.sin(x) / x) * (0.5 + 0.5 * Math.cos((Math.PI * d) / half)));
    }
    rows.push({ first, taps: Float32Array.from(taps) });
  }
  return rows;
})();

/** Resamples from RATE_IN to 16 kHz. */
function resample(x) {
  const n = Math.floor((x.length * UP) / DOWN), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const block = Math.floor(i / UP), { first, taps } = phases[i % UP], start = block * DOWN + first;
    let sum = 0;
    for (let k = 0, at = start; k < taps.length; k++, at++) if (at >= 0 && at < x.length) sum += x[at] * taps[k];
    y[i] = sum;
  }
  return y;
}

/** Converts many texts to IPA at once; a text that espeak-ng splits into pieces is converted again alone. */
function ipa(texts, accent) {
  const ask = (input) => execFileSync('espeak-ng', ['-q', '--ipa', '-b', '1', '-v', accent], { input, encoding: 'utf8' })
    .split('\n').map((line) => line.trim()).filter(Boolean);
  const lines = ask(texts.map((t) => t + '.\n\n').join(''));
  const each = lines.length === texts.length ? lines : texts.map((t) => ask(t + '.').join(' '));
  return each.map((line) => line.normalize('NFD') + '.');
}

const ints = (values, shape) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
const floats = (values, shape) => new ort.Tensor('float32', values, shape);

const oneThread = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' };

/** Sets the seed of every operator that draws noise in an ONNX model (bytes, changed in place); unpack_voices.py has marked them. */
function seedNoise(model, seed) {
  const mark = Buffer.concat([Buffer.from('\x0a\x04seed\x15', 'latin1'), Buffer.alloc(4)]);   // AttributeProto: name, then f
  mark.writeFloatLE(12345678, 7);
  let n = 0;
  for (let at = model.indexOf(mark); at >= 0; at = model.indexOf(mark, at + 1)) model.writeFloatLE(seed + n++, at + 7);
  if (n === 0) throw new Error('front.onnx has no seeds: remove it and run prepare again');
}

/** Starts vocoder.py for a model. Returns a function of the two arrays that the first half of the model computes, which returns the samples. */
function startVocoder(model) {
  const program = fileURLToPath(new URL('vocoder.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [program, model], { stdio: ['pipe', 'pipe', 'inherit'] });
  let waiting, received = [], size = 0;
  child.stdout.on('data', (piece) => {
    received.push(piece);
    size += piece.length;
    if (size < 4) return;
    received = [Buffer.concat(received)];
    const end = 4 + 4 * received[0].readInt32LE(0);
    if (size < end) return;
    const samples = new Float32Array(new Uint8Array(received[0].subarray(4, end)).buffer);
    received = [];
    size = 0;
    waiting(samples);
  });
  child.on('exit', (code) => { if (waiting) { console.error(`synthesise: vocoder.py ended with ${code}`); process.exit(1); } });
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) pipe.unref();
  const bytes = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return (latent, speaker) => new Promise((resolve) => {
    waiting = resolve;
    child.stdout.ref();
    child.stdin.write(Buffer.concat([bytes(Int32Array.of(latent.length / 192, speaker.length)), bytes(latent), bytes(speaker)]));
  }).finally(() => child.stdout.unref());
}

/** Each engine returns two functions: `start(number of the shard)`, called before each shard, and `speak(number of the text, phonemes by
 *  accent, random)`, which returns {samples at RATE_IN, voice}. Kokoro's noise cannot be seeded, so its samples differ between runs. */
async function piper() {
  const file = path.join(options.voices, 'front.onnx'), vocode = startVocoder(path.join(options.voices, 'model.onnx'));
  let session;
  const start = async (shard) => {
    const model = fs.readFileSync(file);
    seedNoise(model, (Number(options.seed) % 64) * 131072 + 2 * (shard % 65536) + 1);            // a float can represent it exactly
    await session?.release();
    session = await ort.InferenceSession.create(model, oneThread);
  };
  const tokens = new Map(fs.readFileSync(path.join(options.voices, 'tokens.txt'), 'utf8').split('\n').filter(Boolean)
    .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  const speak = async (i, phonemes, rnd) => {
    const speaker = Math.floor(rnd() * Number(options.speakers));
    const noise = 0.3 + 0.5 * rnd(), length = 0.72 + 0.53 * rnd(), noiseW = 0.5 + 0.45 * rnd();
    const ids = [1];
    for (const c of phonemes('en-us')[i]) if (tokens.has(c)) ids.push(0, tokens.get(c));
    ids.push(0, 2);
    const many = session.inputNames.includes('sid');
    const result = await session.run({
      input: ints(ids, [1, ids.length]), input_lengths: ints([ids.length], [1]), scales: floats([noise, length, noiseW], [3]),
      ...(many && { sid: ints([speaker], [1]) }),
    });
    const samples = await vocode(result.latent.data, result.speaker?.data ?? new Float32Array());
    return { samples, voice: many ? `${options.name}/${speaker}` : options.name };
  };
  return { start, speak };
}

async function kokoroEngine() {
  const folder = path.join(options.voices, 'kokoro'), session = await ort.InferenceSession.create(path.join(folder, 'kokoro-quantized.onnx'), oneThread);
  const { vocab } = JSON.parse(fs.readFileSync(path.join(folder, 'tokenizer.json'), 'utf8')).model;
  const names = fs.readdirSync(path.join(folder, 'voices')).filter((f) => /^[ab][fm]_.*\.bin$/.test(f)).sort();
  const styles = names.map((f) => new Float32Array(new Uint8Array(fs.readFileSync(path.join(folder, 'voices', f))).buffer));
  const symbols = { r: 'ɹ', x: 'k', ʲ: 'j', ɬ: 'l' };                  // espeak-ng's IPA to the symbols of Kokoro's training
  const speak = async (i, phonemes, rnd) => {
    const v = Math.floor(rnd() * names.length), speed = 0.8 + 0.45 * rnd();
    const said = phonemes(names[v][0] === 'b' ? 'en-gb' : 'en-us')[i].normalize('NFC').replace(/t͡ʃ/g, 'ʧ').replace(/[rxʲɬ]/g, (c) => symbols[c]);
    const ids = [...said].map((c) => vocab[c]).filter((id) => id !== undefined);
    const style = styles[v].slice(ids.length * 256, ids.length * 256 + 256);    // a voice has a style for each length
    const result = await session.run({
      input_ids: ints([0, ...ids, 0], [1, ids.length + 2]), style: floats(style, [1, 256]), speed: floats([speed], [1]),
    });
    return { samples: result[session.outputNames[0]].data, voice: `kokoro/${names[v].slice(0, -4)}` };
  };
  return { start: async () => {}, speak };
}
const { start, speak } = await (kokoro ? kokoroEngine() : piper());

/** Converts samples at RATE_IN to int16 at 16 kHz, with a peak of 0.7. */
function pcmOf(samples) {
  const y = resample(samples);
  let peak = 1e-9;
  for (const v of y) peak = Math.max(peak, Math.abs(v));
  return Int16Array.from(y, (v) => Math.round((v / peak) * 22938));
}

const texts = fs.readFileSync(options.texts, 'utf8').split('\n').filter(Boolean).map((line) => line.split('\t'));
const size = Number(options.shard), last = Math.min(Number(options.to ?? texts.length), texts.length);
const began = Date.now();
let seconds = 0;
fs.mkdirSync(options.out, { recursive: true });
for (let base = Number(options.from); base < last; base += size) {
  const name = path.join(options.out, `s${options.seed}-${String(base).padStart(7, '0')}`);
  if (fs.existsSync(name + '.tsv')) continue;
  const some = texts.slice(base, Math.min(base + size, last)), said = {};
  const phonemes = (accent) => (said[accent] ??= ipa(some.map((t) => t[1]), accent));
  const clips = [], rows = [];
  await start(Math.floor(base / size));
  let at = 0;
  for (let i = 0; i < some.length; i++) {
    const { samples, voice } = await speak(i, phonemes, random(Number(options.seed) * 0x9e3779b1 + base + i)), pcm = pcmOf(samples);
    clips.push(Buffer.from(pcm.buffer));
    rows.push([at, pcm.length, some[i][0], some[i][1], voice].join('\t'));
    at += pcm.length;
  }
  fs.writeFileSync(name + '.s16', Buffer.concat(clips));
  fs.writeFileSync(name + '.part', rows.join('\n') + '\n');
  fs.renameSync(name + '.part', name + '.tsv');
  seconds += at / RATE_OUT;
  const rate = seconds / ((Date.now() - began) / 1000), left = ((last - base - size) / size) * (at / RATE_OUT) / rate;
  console.error(`${path.basename(name)}: ${(seconds / 3600).toFixed(2)} h made, ${rate.toFixed(1)} times real time, about ${Math.max(0, left / 60).toFixed(0)} min left`);
}
