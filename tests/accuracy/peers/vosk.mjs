// SPDX-License-Identifier: Apache-2.0
// vosk.mjs PEERS LIST SENTENCES: recognises each WAV file of LIST (one path per line) with Vosk, and prints PATH and the utterances,
// separated by tabs. PEERS is the folder made by `setup`; SENTENCES is the grammar, one sentence per line. The library is called
// through koffi, because its own Node binding would have to be built.
import { createRequire } from "node:module";
import { join } from "node:path";
import { lines, samples } from "./wav.mjs";

const [peers, list, sentences] = process.argv.slice(2);
const koffi = createRequire(join(peers, "node_modules/"))("koffi");
const vosk = koffi.load(join(peers, "node_modules/vosk/lib/linux-x86_64/libvosk.so"));
const setLogLevel = vosk.func("void vosk_set_log_level(int level)");
const newModel = vosk.func("void *vosk_model_new(const char *path)");
const findWord = vosk.func("int vosk_model_find_word(void *model, const char *word)");
const newRecognizer = vosk.func("void *vosk_recognizer_new_grm(void *model, float rate, const char *grammar)");
const accept = vosk.func("int vosk_recognizer_accept_waveform(void *recognizer, const uint8_t *samples, int bytes)");
const result = vosk.func("const char *vosk_recognizer_result(void *recognizer)");
const finalResult = vosk.func("const char *vosk_recognizer_final_result(void *recognizer)");
const reset = vosk.func("void vosk_recognizer_reset(void *recognizer)");

const QUARTER_SECOND = 8000; // bytes; Vosk looks for the end of an utterance after each piece

setLogLevel(-1);
const model = newModel(join(peers, "vosk-english/model/english"));
const grammar = lines(sentences);
const unknown = [...new Set(grammar.join(" ").split(" "))].filter((word) => findWord(model, word) < 0);
if (unknown.length) throw new Error(`Vosk's dictionary lacks ${unknown.join(", ")}`);
const recognizer = newRecognizer(model, 16000, JSON.stringify(grammar));

for (const path of lines(list)) {
  const sound = samples(path);
  const heard = [];
  reset(recognizer);
  for (let at = 0; at < sound.length; at += QUARTER_SECOND) {
    const piece = sound.subarray(at, at + QUARTER_SECOND);
    if (accept(recognizer, piece, piece.length)) heard.push(JSON.parse(result(recognizer)).text);
  }
  heard.push(JSON.parse(finalResult(recognizer)).text);
  console.log([path, ...heard.filter(Boolean)].join("\t"));
}
