#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// synthesise.mjs: read texts aloud with a many-voiced Piper VITS model (ONNX) into PCM shards.
//
// usage: synthesise.mjs --voices DIR --texts texts.tsv --out DIR [--from 0] [--to N] [--seed 1] [--shard 500]
//
// DIR holds model.onnx, tokens.txt and node_modules/onnxruntime-node (see setup-voices). Each shard is two files:
// NAME.s16 (16 kHz mono, little-endian, clips end to end) and NAME.tsv (first sample, samples, kind, text, voice).
// A clip's voice, liveliness and speed depend on the seed and the number of its text alone, a finished shard is never made
// again, and a shard appears by renaming: so a run may be stopped anywhere, and several may share the work (--from, --to).
// VITS: Kim, Kong and Son, 2021, arXiv 2106.06103.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const options = { seed: '1', shard: '500', from: '0', speakers: '904' };
for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
for (const name of ['voices', 'texts', 'out'])
  if (!options[name]) { console.error(`synthesise: --${name} is missing; see the head of this file`); process.exit(2); }

const RATE_IN = 22050, RATE_OUT = 16000;            // 320 : 441
const UP = 320, DOWN = 441, ZEROS = 12;             // windowed sinc, 12 zero crossings a side
const ort = createRequire(path.join(path.resolve(options.voices), 'x.js'))('onnxruntime-node');

/** A generator of numbers in [0, 1) from a 32-bit seed (mulberry32). */
function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The polyphase filters of the resampler: UP rows of taps, and where each begins. */
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

/** Resample 22.05 kHz to 16 kHz. */
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

/** IPA of many texts at once; a text that espeak-ng cuts in pieces is asked for again alone. */
function ipa(texts) {
  const ask = (input) => execFileSync('espeak-ng', ['-q', '--ipa', '-b', '1', '-v', 'en-us'], { input, encoding: 'utf8' })
    .split('\n').map((line) => line.trim()).filter(Boolean);
  const lines = ask(texts.map((t) => t + '.\n\n').join(''));
  const each = lines.length === texts.length ? lines : texts.map((t) => ask(t + '.').join(' '));
  return each.map((line) => line.normalize('NFD') + '.');
}

const tokens = new Map(fs.readFileSync(path.join(options.voices, 'tokens.txt'), 'utf8').split('\n').filter(Boolean)
  .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
const session = await ort.InferenceSession.create(path.join(options.voices, 'model.onnx'),
  { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' });
const ints = (values, shape) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);

/** One clip: {pcm, voice}. The synthesis itself adds noise that no seed governs: the words and voice repeat, not the samples. */
async function speak(phonemes, rnd) {
  const speaker = Math.floor(rnd() * Number(options.speakers));
  const noise = 0.3 + 0.5 * rnd(), length = 0.72 + 0.53 * rnd(), noiseW = 0.5 + 0.45 * rnd();
  const ids = [1];
  for (const c of phonemes) if (tokens.has(c)) ids.push(0, tokens.get(c));
  ids.push(0, 2);
  const result = await session.run({
    input: ints(ids, [1, ids.length]), input_lengths: ints([ids.length], [1]),
    scales: new ort.Tensor('float32', [noise, length, noiseW], [3]), sid: ints([speaker], [1]),
  });
  const y = resample(result[session.outputNames[0]].data);
  let peak = 1e-9;
  for (const v of y) peak = Math.max(peak, Math.abs(v));
  return { pcm: Int16Array.from(y, (v) => Math.round((v / peak) * 22938)), voice: `libritts_r/${speaker}` };
}

const texts = fs.readFileSync(options.texts, 'utf8').split('\n').filter(Boolean).map((line) => line.split('\t'));
const size = Number(options.shard), last = Math.min(Number(options.to ?? texts.length), texts.length);
const began = Date.now();
let seconds = 0;
fs.mkdirSync(options.out, { recursive: true });
for (let base = Number(options.from); base < last; base += size) {
  const name = path.join(options.out, `s${options.seed}-${String(base).padStart(7, '0')}`);
  if (fs.existsSync(name + '.tsv')) continue;
  const some = texts.slice(base, Math.min(base + size, last)), phonemes = ipa(some.map((t) => t[1]));
  const clips = [], rows = [];
  let at = 0;
  for (let i = 0; i < some.length; i++) {
    const { pcm, voice } = await speak(phonemes[i], random(Number(options.seed) * 0x9e3779b1 + base + i));
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
