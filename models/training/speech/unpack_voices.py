#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Extract the model of the voices from the file system image of an Emscripten program, and make its noise seedable.

unpack_voices.py PACKAGE OUT: PACKAGE holds sherpa-onnx-wasm-main.js, which names each file's place in ...main.data, or is a model of one
voice (NAME.onnx) beside its tokens.txt. Writes OUT/tokens.txt, OUT/model.onnx, and OUT/front.onnx, the part of the model before its decoder,
which vocoder.py computes. The model draws noise in RandomNormalLike operators without a seed, so the samples of any two runs differ. This
program adds the attribute `seed` with the value SEED_MARK to each operator; synthesise.mjs replaces the value for each shard.
"""

import hashlib
import pathlib
import re
import sys

import onnx

SHA256 = "acd9425049d887a4d04681010c3b2ed143898b824e5bc1f2ef6ddaee4b11ad0e"
SEED_MARK = 12345678.0                                            # synthesise.mjs looks for it


def with_seeds(proto):
    """Add a `seed` to each operator of an ONNX model that draws noise."""
    noisy = [node for node in proto.graph.node if node.op_type == "RandomNormalLike"]
    if not noisy:
        sys.exit("unpack_voices: the model draws no noise: this is not the model that the recipe was written for")
    for node in noisy:
        node.attribute.append(onnx.helper.make_attribute("seed", SEED_MARK))


def front(proto):
    """Return the part of an ONNX model that computes what vocoder.py reads: the output `latent` and, if there are speakers, `speaker`."""
    makers = {name: node for node in proto.graph.node for name in node.output}
    latent, *speaker = [node.input[0] for node in proto.graph.node if node.name in ("/dec/conv_pre/Conv", "/dec/cond/Conv")]
    needed, left = set(), [latent, *speaker]
    while left:
        name = left.pop()
        if name in makers and name not in needed:
            needed.add(name)
            left += makers[name].input
    part = onnx.ModelProto()
    part.CopyFrom(proto)
    nodes = [node for node in proto.graph.node if needed.intersection(node.output)]
    nodes += [onnx.helper.make_node("Identity", [old], [new]) for old, new in zip([latent, *speaker], ("latent", "speaker"))]
    used = {name for node in nodes for name in node.input}
    weights = [weight for weight in proto.graph.initializer if weight.name in used]
    outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in ("latent", "speaker")[:1 + len(speaker)]]
    for field, values in (("node", nodes), ("initializer", weights), ("output", outputs)):
        part.graph.ClearField(field)
        getattr(part.graph, field).extend(values)
    return part


def write(model, out):
    """Write the model of these bytes and its first part into the folder `out`."""
    proto = onnx.load_from_string(model)
    with_seeds(proto)
    onnx.save(proto, out / "model.onnx")
    onnx.save(front(proto), out / "front.onnx")


def main():
    package, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if package.suffix == ".onnx":
        (out / "tokens.txt").write_bytes((package.parent / "tokens.txt").read_bytes())
        write(package.read_bytes(), out)
        return
    image = (package / "sherpa-onnx-wasm-main.data").read_bytes()
    index = (package / "sherpa-onnx-wasm-main.js").read_text()
    for name in ("tokens.txt", "model.onnx"):
        place = re.search(rf'filename:\s*"/{re.escape(name)}",\s*start:\s*(\d+),\s*end:\s*(\d+)', index)
        part = image[int(place[1]):int(place[2])]
        if name == "model.onnx":
            if hashlib.sha256(part).hexdigest() != SHA256:
                sys.exit("unpack_voices: this is not the model that the recipe was written for: its SHA-256 differs")
            write(part, out)
        else:
            (out / name).write_bytes(part)


if __name__ == "__main__":
    main()
