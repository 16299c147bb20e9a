// SPDX-License-Identifier: Apache-2.0
// vosk.mjs PEERS LIST [SENTENCES]: recognises each WAV file of LIST (one path per line) with Vosk, and prints a line of JSON for each, as
// `tragus transcribe --json` does. The confidence of an utterance is the least of its words. PEERS is the folder made by `setup`; SENTENCES
// is the grammar, one sentence per line; without it, Vosk uses the language model of its own. The library is called through koffi, because
// its own Node binding would have to be built.
import { createRequire } from "node:module";
import { join } from "node:path";
import { lines, samples } from "./wav.mjs";

const [peers, list, sentences] = process.argv.slice(2);
const koffi = createRequire(join(peers, "node_modules/"))("koffi");
const vosk = koffi.load(join(peers, "node_modules/vosk/lib/linux-x86_64/libvosk.so"));
const setLogLevel = vosk.func("void vosk_set_log_level(int level)");
const newModel = vosk.func("void *vosk_model_new(const char *path)");
const newRecognizer = vosk.func("void *vosk_recognizer_new(void *model, float rate)");
const newRecognizerOf = vosk.func("void *vosk_recognizer_new_grm(void *model, float rate, const char *grammar)");
const setWords = vosk.func("void vosk_recognizer_set_words(void *recognizer, int words)");
const accept = vosk.func("int vosk_recognizer_accept_waveform(void *recognizer, const uint8_t *samples, int bytes)");
const result = vosk.func("const char *vosk_recognizer_result(void *recognizer)");
const finalResult = vosk.func("const char *vosk_recognizer_final_result(void *recognizer)");
const reset = vosk.func("void vosk_recognizer_reset(void *recognizer)");

const QUARTER_SECOND = 8000; // bytes; Vosk looks for the end of an utterance after each piece

setLogLevel(-1);
const model = newModel(join(peers, "vosk-english/model/english"));
const recognizer = sentences ? newRecognizerOf(model, 16000, JSON.stringify(lines(sentences))) : newRecognizer(model, 16000);
setWords(recognizer, 1);

/** The utterance in a result of Vosk, whose times count from `begin` (seconds). */
function utterance({ text, result: words }, begin) {
  const ms = (seconds) => Math.round((seconds - begin) * 1000);
  const confidence = Math.min(...words.map((word) => word.conf));
  return { text, start_ms: ms(words[0].start), end_ms: ms(words.at(-1).end), confidence };
}

let begin = 0; // Vosk counts times through all files
for (const path of lines(list)) {
  const sound = samples(path);
  const heard = [];
  reset(recognizer);
  for (let at = 0; at < sound.length; at += QUARTER_SECOND) {
    const piece = sound.subarray(at, at + QUARTER_SECOND);
    if (accept(recognizer, piece, piece.length)) heard.push(JSON.parse(result(recognizer)));
  }
  heard.push(JSON.parse(finalResult(recognizer)));
  const utterances = heard.filter(({ text }) => text).map((told) => utterance(told, begin));
  console.log(JSON.stringify({ file: path, utterances }));
  begin += sound.length / 32000;
}
