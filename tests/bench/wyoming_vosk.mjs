// SPDX-License-Identifier: Apache-2.0
// wyoming_vosk.mjs PEERS SOCKET SENTENCES: a server of the Wyoming protocol with Vosk, for tests/bench/wyoming to compare with: as wyoming-vosk in
// its limited mode, it recognises the sentences of a file, one on each line, takes sound as it comes, and answers at audio-stop. PEERS is
// the folder made by tests/accuracy/peers/setup. Takes mono sound of 16 bits only, always of the same rate.
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { lines } from "../accuracy/peers/wav.mjs";

const [peers, socket, sentences] = process.argv.slice(2);
const koffi = createRequire(join(peers, "node_modules/"))("koffi");
const vosk = koffi.load(join(peers, "node_modules/vosk/lib/linux-x86_64/libvosk.so"));
const setLogLevel = vosk.func("void vosk_set_log_level(int level)");
const newModel = vosk.func("void *vosk_model_new(const char *path)");
const newRecognizer = vosk.func("void *vosk_recognizer_new_grm(void *model, float rate, const char *grammar)");
const accept = vosk.func("int vosk_recognizer_accept_waveform(void *recognizer, const uint8_t *samples, int bytes)");
const result = vosk.func("const char *vosk_recognizer_result(void *recognizer)");
const finalResult = vosk.func("const char *vosk_recognizer_final_result(void *recognizer)");
const reset = vosk.func("void vosk_recognizer_reset(void *recognizer)");

setLogLevel(-1);
const model = newModel(join(peers, "vosk-english/model/english"));
const grammar = JSON.stringify(lines(sentences));
const idle = []; // recognisers, because making one with a large grammar takes longer than a command

/** Takes an event out of what was received; returns null if it is not complete. */
function next(connection) {
  const end = connection.received.indexOf("\n");
  if (end < 0) return null;
  const header = JSON.parse(connection.received.subarray(0, end));
  const data = end + 1 + (header.data_length || 0);
  const over = data + (header.payload_length || 0);
  if (connection.received.length < over) return null;
  const more = data > end + 1 ? JSON.parse(connection.received.subarray(end + 1, data)) : {};
  const payload = connection.received.subarray(data, over);
  connection.received = connection.received.subarray(over);
  return { type: header.type, data: { ...header.data, ...more }, payload };
}

function take(connection, { type, data: { rate }, payload }) {
  if (type === "audio-start") {
    connection.recognizer ??= idle.pop() ?? newRecognizer(model, rate, grammar);
    reset(connection.recognizer);
    connection.heard = [];
  } else if (type === "audio-chunk") {
    if (accept(connection.recognizer, payload, payload.length)) connection.heard.push(JSON.parse(result(connection.recognizer)).text);
  } else if (type === "audio-stop") {
    connection.heard.push(JSON.parse(finalResult(connection.recognizer)).text);
    const data = Buffer.from(JSON.stringify({ text: connection.heard.filter((text) => text && text !== "[unk]").join(" ") }));
    connection.write(`{"type": "transcript", "data_length": ${data.length}}\n`);
    connection.write(data);
  }
}

createServer((connection) => {
  connection.received = Buffer.alloc(0);
  connection.on("data", (bytes) => {
    connection.received = Buffer.concat([connection.received, bytes]);
    for (let event = next(connection); event; event = next(connection)) take(connection, event);
  });
  connection.on("error", () => {});
  connection.on("close", () => connection.recognizer && idle.push(connection.recognizer));
}).listen(socket);
