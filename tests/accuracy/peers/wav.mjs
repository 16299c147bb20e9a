// SPDX-License-Identifier: Apache-2.0
// Reads the WAV files that ../peers.py writes: one channel, 16 kHz, 16 bits.
import { readFileSync } from "node:fs";

/** The samples of a file: a Buffer of int16, little-endian. */
export function samples(path) {
  const file = readFileSync(path);
  let chunk = 12;
  while (file.toString("latin1", chunk, chunk + 4) !== "data") chunk += 8 + file.readUInt32LE(chunk + 4);
  return file.subarray(chunk + 8, chunk + 8 + file.readUInt32LE(chunk + 4));
}

/** Lines of a text file that are not empty. */
export function lines(path) {
  return readFileSync(path, "utf8").split("\n").filter(Boolean);
}
