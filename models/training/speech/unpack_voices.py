#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Extract the model of the voices from the file system image of an Emscripten program, and make its noise seedable.

unpack_voices.py PACKAGE OUT: PACKAGE holds sherpa-onnx-wasm-main.js, which names each file's place in ...main.data, or is a model of one
voice (NAME.onnx) beside its tokens.txt. Writes OUT/tokens.txt and OUT/model.onnx. The model draws noise in RandomNormalLike operators without a seed, so the samples of any two runs
differ. This program adds the attribute `seed` with the value SEED_MARK to each operator; synthesise.mjs replaces the value
for each shard.
"""

import hashlib
import pathlib
import re
import sys

import onnx

SHA256 = "acd9425049d887a4d04681010c3b2ed143898b824e5bc1f2ef6ddaee4b11ad0e"
SEED_MARK = 12345678.0                                            # synthesise.mjs looks for it


def with_seeds(model):
    """Return the bytes of an ONNX model with a `seed` for each operator that draws noise."""
    proto = onnx.load_from_string(model)
    noisy = [node for node in proto.graph.node if node.op_type == "RandomNormalLike"]
    if not noisy:
        sys.exit("unpack_voices: the model draws no noise: this is not the model that the recipe was written for")
    for node in noisy:
        node.attribute.append(onnx.helper.make_attribute("seed", SEED_MARK))
    return proto.SerializeToString()


def main():
    package, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if package.suffix == ".onnx":
        (out / "tokens.txt").write_bytes((package.parent / "tokens.txt").read_bytes())
        (out / "model.onnx").write_bytes(with_seeds(package.read_bytes()))
        return
    image = (package / "sherpa-onnx-wasm-main.data").read_bytes()
    index = (package / "sherpa-onnx-wasm-main.js").read_text()
    for name in ("tokens.txt", "model.onnx"):
        place = re.search(rf'filename:\s*"/{re.escape(name)}",\s*start:\s*(\d+),\s*end:\s*(\d+)', index)
        part = image[int(place[1]):int(place[2])]
        if name == "model.onnx":
            if hashlib.sha256(part).hexdigest() != SHA256:
                sys.exit("unpack_voices: this is not the model that the recipe was written for: its SHA-256 differs")
            part = with_seeds(part)
        (out / name).write_bytes(part)


if __name__ == "__main__":
    main()
