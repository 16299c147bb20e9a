#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compute the last part of a Piper voice, the HiFi-GAN decoder, in a quarter of the time of onnxruntime.

vocoder.py MODEL.onnx: synthesise.mjs starts it and talks to it by pipes. For each clip it reads two int32, `frames` and `conditions`, then
192 x `frames` float32 (the latent variable, which the first part of the model computes, one row a channel) and `conditions` float32 (the
vector of the speaker, 512 or 0 of them). It writes one int32, the number of samples, and as many float32 samples at the rate of the voice.

These layers take two thirds of the time. Two things make them fast. Time is the height of an image whose channels lie side by side in
memory, so that oneDNN can use its matrix instructions (AVX-512 BF16 or AMX). And neither a dilated nor a transposed convolution is computed
as such: one of dilation d is an ordinary one over an image of d columns, and one that makes s samples of one is an ordinary one with s times
the channels. On a CPU that has bfloat16, it is used: the result differs from that of float32 by noise 44 dB below the voice.

VITS: Kim, Kong and Son, 2021, arXiv 2106.06103. HiFi-GAN: Kong, Kim and Bae, 2020, arXiv 2010.05646.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch.nn import functional

CHANNELS = 192
STEP = 32                                                         # frames; oneDNN compiles a program for each length that it meets


def fast_type():
    """Return bfloat16 if the CPU multiplies it, else float32."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return torch.bfloat16 if "avx512_bf16" in flags or "amx_bf16" in flags else torch.float32


class Convolution:
    """A convolution over time of an ONNX node: x (1, channels, frames, 1) to (1, other channels, frames times `stride`, 1)."""

    def __init__(self, node, values, kind):
        weight = values[node.input[1]]
        bias = values[node.input[2]] if len(node.input) > 2 else None
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        self.dilation, self.stride = attributes["dilations"][0], 1
        if node.op_type == "ConvTranspose":
            self.stride = attributes["strides"][0]
            weight, bias = self.untransposed(weight, attributes["pads"][0]), bias.repeat(self.stride)
        self.padding = (weight.shape[2] - 1) // 2
        self.weight = weight.unsqueeze(-1).to(kind).contiguous(memory_format=torch.channels_last)
        self.bias = None if bias is None else bias.to(kind)

    def untransposed(self, weight, padding):
        """Return the weights (stride x outputs, inputs, 3) of an ordinary convolution that computes `stride` samples of each frame at once."""
        inputs, outputs, taps = weight.shape
        rows = torch.zeros(self.stride, outputs, inputs, 3)
        for sample in range(self.stride):
            for frame in (-1, 0, 1):
                tap = sample + padding - frame * self.stride
                if 0 <= tap < taps:
                    rows[sample, :, :, frame + 1] = weight[:, :, tap].t()
        return rows.reshape(self.stride * outputs, inputs, 3)

    def __call__(self, x):
        frames, rest = x.shape[2], -x.shape[2] % self.dilation
        x = x.permute(0, 2, 3, 1).reshape(1, frames, x.shape[1])
        x = functional.pad(x, (0, 0, 0, rest)) if rest else x
        x = x.view(1, -1, self.dilation, x.shape[2]).permute(0, 3, 1, 2)
        y = functional.conv2d(x, self.weight, self.bias, padding=(self.padding, 0)).permute(0, 2, 3, 1)
        return y.reshape(1, (frames + rest) * self.stride, 1, -1)[:, :frames * self.stride].permute(0, 3, 1, 2)


class Vocoder:
    """The decoder of the voice in the ONNX file `path`."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        values = {i.name: torch.from_numpy(onnx.numpy_helper.to_array(i).copy()) for i in graph.initializer}
        self.kind, self.samples = fast_type(), 1                  # samples: of a frame
        self.layers = {}
        for node in graph.node:
            if node.op_type in ("Conv", "ConvTranspose") and node.name.startswith("/dec/"):
                layer = Convolution(node, values, self.kind)
                self.layers[node.name.split("/", 2)[2].rsplit("/", 1)[0].replace("/", ".")] = layer
                self.samples *= layer.stride

    def speak(self, latent, speaker):
        """Return the samples, float32, of `latent` (192, frames) in the voice `speaker` (512,), an empty array if the model has one voice."""
        frames = latent.shape[1]
        x = functional.pad(torch.from_numpy(latent), (0, -frames % STEP))[None, :, :, None].to(self.kind).contiguous(memory_format=torch.channels_last)
        x = self.layers["conv_pre"](x)
        if speaker.size:
            x = x + self.layers["cond"](torch.from_numpy(speaker).to(self.kind)[None, :, None, None])
        for stage in range(3):
            x = self.layers[f"ups.{stage}"](functional.leaky_relu(x, 0.1))
            base, total = functional.leaky_relu(x, 0.1), 0
            for block in range(3 * stage, 3 * stage + 3):
                y = self.layers[f"resblocks.{block}.convs.0"](base) + x
                y = y.add_(self.layers[f"resblocks.{block}.convs.1"](functional.leaky_relu(y, 0.1)))
                total = total + y
            x = total / 3
        y = torch.tanh(self.layers["conv_post"](functional.leaky_relu(x, 0.01)).float()).flatten()
        return y[:frames * self.samples].numpy()


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    vocoder = Vocoder(sys.argv[1])
    pipe = sys.stdin.buffer
    while head := pipe.read(8):
        frames, conditions = np.frombuffer(head, np.int32)
        latent = np.frombuffer(pipe.read(4 * CHANNELS * frames), np.float32).reshape(CHANNELS, frames).copy()
        samples = vocoder.speak(latent, np.frombuffer(pipe.read(4 * conditions), np.float32).copy())
        sys.stdout.buffer.write(np.int32(samples.size).tobytes() + samples.tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
