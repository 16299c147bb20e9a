# SPDX-License-Identifier: Apache-2.0
"""The acoustic network as the file's program of integer operations: builds it, writes it, and computes whole sounds with it.

The layout of the file and the meaning of each operation are defined in src/nn/nn.h. `Program.simulate` is written from that
definition alone, on whole sounds instead of streaming ones, so that equality with the C runtime says something about both.

    p = Program(input_multipliers)                                  buffer 0: quantised features, one row a hop
    x = p.conv(0, w, bias, multiplier, shift, stride=3, left=3, relu=True)
    d = p.depthwise(x, w, bias, multiplier, shift, left=7)
    h = p.pointwise(d, w, bias, multiplier, shift, relu=True)
    x = p.add(x, p.pointwise(h, w, bias, multiplier, shift), ma, mb, shift)
    p.logits(x, w, bias, multiplier, shift)
    posteriors = p.simulate(features)
    p.write(path, labels, passport, test_features)
"""

import math
import struct

import numpy as np

from device import store

VERSION = 1
N_FEATURES = 40
OUT_BLOCK, IN_BLOCK, GROUP, ALIGN = 16, 4, 64, 64
CONV, DEPTHWISE, ADD, LOGITS, CONV_S4, SKETCH = 1, 2, 3, 4, 5, 6
MAX_S4_BIAS = 2**31 - 1 - 7 * 127 * 64 * 4096
MAX_OPS, MAX_CHANNELS, MAX_TAPS, MAX_DEPTHWISE_TAPS, MAX_STRIDE, MAX_LABELS, MAX_SKETCH = 64, 4096, 64, 31, 16, 64, 64


def quantise_multiplier(real_scale):
    """A factor >= 0 as (int32 multiplier in [2^30, 2^31), shift in [1, 62]): real ~ multiplier / 2^shift.

    A factor below 2^-31 loses bits of the multiplier (0 becomes (0, 1)); one of 2^30 or more is refused.
    """
    if not math.isfinite(real_scale) or real_scale < 0:
        raise ValueError(f"{real_scale} is not a scale")
    if real_scale == 0:
        return 0, 1
    mantissa, exponent = math.frexp(real_scale)  # mantissa in [0.5, 1)
    multiplier, shift = round(mantissa * 2**31), 31 - exponent
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift - 1
    if shift > 62:
        multiplier, shift = round(math.ldexp(real_scale, 62)), 62
    if shift < 1:
        raise ValueError(f"a scale of {real_scale} is too large for a multiplier and a right shift")
    return multiplier, shift


def quantise_multipliers(real_scales):
    """quantise_multiplier of each element: (int32 array, uint8 array)."""
    pairs = [quantise_multiplier(float(s)) for s in np.ravel(real_scales)]
    return np.array([p[0] for p in pairs], np.int32), np.array([p[1] for p in pairs], np.uint8)


def quantise_add(real_a, real_b):
    """The two factors of an addition as (ma, mb, shift): |m| < 2^22, one shift in [1, 30] for both."""
    largest = max(abs(real_a), abs(real_b))
    shift = 30 if largest == 0 else min(30, 22 - math.frexp(largest)[1])
    if shift >= 1 and round(math.ldexp(largest, shift)) >= 2**22:
        shift -= 1
    if shift < 1:
        raise ValueError(f"a scale of {largest} is too large for an addition")
    return round(math.ldexp(real_a, shift)), round(math.ldexp(real_b, shift)), shift


def round_shift(x, shift):
    """x / 2^shift, half rounded up; int64 in and out; shift >= 1, a number or an array."""
    shift = np.asarray(shift, np.int64)
    return (x + (np.int64(1) << (shift - 1))) >> shift


def pack_weights(w):
    """w [k_in, n_out] -> the bytes of nn/kernels/kernels.h: by 16 outputs, by 4 inputs, output-major."""
    k_in, n_out = w.shape
    blocks = w.reshape(k_in // IN_BLOCK, IN_BLOCK, n_out // OUT_BLOCK, OUT_BLOCK)
    return np.ascontiguousarray(blocks.transpose(2, 0, 3, 1), np.int8).tobytes()


def unpack_weights(data, n_out):
    """The inverse of pack_weights: bytes -> int8 [k_in, n_out]."""
    blocks = np.frombuffer(data, np.int8).reshape(n_out // OUT_BLOCK, -1, OUT_BLOCK, IN_BLOCK)
    return np.ascontiguousarray(blocks.transpose(1, 3, 0, 2)).reshape(-1, n_out)


def pack_nibbles(data):
    """Weights in [-7, 7], a multiple of 64 bytes -> half as many: in each group of 64, weight i and weight i + 32 share a byte."""
    groups = np.frombuffer(data, np.int8).reshape(-1, 2, GROUP // 2) + 8
    return (groups[:, 0] | groups[:, 1] << 4).astype(np.uint8).tobytes()


def unpack_nibbles(data):
    """The inverse of pack_nibbles."""
    pairs = np.frombuffer(data, np.uint8).reshape(-1, 1, GROUP // 2)
    return (np.concatenate([pairs & 15, pairs >> 4], 1).astype(np.int8) - 8).tobytes()


def _product(x, w):
    """Exact integer matrix product. float64 holds every partial sum (they are below 2^31, checked when the layer is made), so its
    fast BLAS gives the integer result whatever the order of summation."""
    return (x.astype(np.float64) @ w.astype(np.float64)).astype(np.int64)


_EXP_WHOLE = np.array([round(math.exp(-i) * 2**30) for i in range(22)], np.int64)
_EXP_PART = np.array([round(math.exp(-i / 256) * 2**30) for i in range(256)], np.int64)
_LN = np.array([round(math.log1p(i / 128) * 2**16) for i in range(129)], np.int64)
_LN2_Q16 = 45426


def log_softmax(logits):
    """int16 [steps, n_labels] Q8 of nats -> int16 log-posteriors Q8, by the tables that docs/FIXED-POINT.md defines."""
    down = logits.max(axis=1, keepdims=True).astype(np.int64) - logits
    whole = np.minimum(down >> 8, 21)
    e_q30 = np.where(down >> 8 > 21, 0, (_EXP_WHOLE[whole] * _EXP_PART[down & 255] + 2**29) >> 30)
    total_q30 = e_q30.sum(axis=1)
    octave = np.array([int(t).bit_length() - 31 for t in total_q30], np.int64)
    mantissa_q30 = (total_q30 >> octave) - 2**30
    index, part_q23 = mantissa_q30 >> 23, mantissa_q30 & (2**23 - 1)
    ln_q16 = _LN[index] + (((_LN[index + 1] - _LN[index]) * part_q23 + 2**22) >> 23) + octave * _LN2_Q16
    return np.maximum(-down - ((ln_q16 + 128) >> 8)[:, None], -32768).astype(np.int16)


class Program:
    """A list of operations; operation i (from 0) writes buffer i + 1. Each method checks what the C loader would refuse."""

    def __init__(self, input_multipliers):
        """input_multipliers: int32 [40]; a quantised feature is clamp(round_shift(feature * multiplier, 16), -127, 127)."""
        self.input_multipliers = self._int32(input_multipliers, (N_FEATURES,), "input multipliers")
        self.ops = []  # dicts of the words of struct nn_op, and the arrays
        self.buffers = [(N_FEATURES, 1)]  # channels, hops a row
        self.verifier = None  # bytes of the section "verifier"; only with a sketch

    @staticmethod
    def _int32(values, shape, what, low=-(2**31), high=2**31 - 1):
        values = np.asarray(values)
        if values.shape != shape or not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{what}: integers of shape {shape} expected, not {values.dtype} {values.shape}")
        if values.size and (values.min() < low or values.max() > high):
            raise ValueError(f"{what}: outside {low}..{high}")
        return values.astype(np.int64)

    def _layer(self, kind, source, w, bias, multiplier, shift, **words):
        """Checks what all operations with weights share. w: [sum over .., n_out]-shaped for the bound; returns the buffer."""
        if len(self.ops) == MAX_OPS or any(op["kind"] == LOGITS for op in self.ops):
            raise ValueError(f"nothing may follow the logits, and at most {MAX_OPS} operations are allowed")
        n_out = w.shape[-1]
        w = self._int32(w, w.shape, "weights", -127, 127)
        bias = self._int32(bias, (n_out,), "bias")
        sums = np.abs(w).reshape(-1, n_out).sum(axis=0) * 127 + np.abs(bias)
        if sums.max(initial=0) >= 2**31:
            raise ValueError(f"a sum of products and bias may reach {sums.max()}, too large for int32")
        op = dict(kind=kind, source=source, source_b=0, n_in=self.buffers[source][0], n_out=n_out, taps=1, stride=1, left=0,
                  relu=0, add_shift=0, w=w, bias=bias, multiplier=multiplier, shift=shift)
        op.update(words)
        if not 0 <= op["left"] < op["taps"]:
            raise ValueError(f"left {op['left']} must be 0 to taps - 1")
        self.ops.append(op)
        self.buffers.append((n_out, self.buffers[source][1] * op["stride"]))
        return len(self.ops)

    def conv(self, source, w, bias, multiplier, shift, stride=1, left=0, relu=False, bits=8):
        """y[t] = requantise(bias + sum_{i,c} x[t * stride - left + i, c] w[i, c]). w: int8 [taps, n_in, n_out], n_out a multiple of
        16; bias, multiplier, shift: int [n_out]. bits: 4 packs two weights in a byte, which must be in [-7, 7]. Returns the buffer
        written."""
        w = np.asarray(w)
        taps, n_in, n_out = w.shape
        if n_in != self.buffers[source][0] or n_out % OUT_BLOCK or not 0 < n_out <= MAX_CHANNELS or not 1 <= taps <= MAX_TAPS:
            raise ValueError(f"weights {w.shape} do not fit a buffer of {self.buffers[source][0]} channels")
        if not 1 <= stride <= MAX_STRIDE:
            raise ValueError(f"stride {stride}: 1 to {MAX_STRIDE}")
        multiplier = self._int32(multiplier, (n_out,), "multiplier", 0)
        shift = self._int32(shift, (n_out,), "shift", 1, 62)
        if bits == 4 and (np.abs(w).max(initial=0) > 7 or np.abs(bias).max(initial=0) > MAX_S4_BIAS):
            raise ValueError("weights of four bits must be in [-7, 7], and their biases leave room for the sum of products")
        return self._layer(CONV_S4 if bits == 4 else CONV, source, w, bias, multiplier, shift, taps=taps, stride=stride, left=left, relu=int(relu))

    def pointwise(self, source, w, bias, multiplier, shift, relu=False, bits=8):
        """conv with one tap. w: int8 [n_in, n_out]."""
        return self.conv(source, np.asarray(w)[None], bias, multiplier, shift, relu=relu, bits=bits)

    def depthwise(self, source, w, bias, multiplier, shift, left=0, relu=False):
        """y[t, c] = requantise(bias[c] + sum_i x[t - left + i, c] w[i, c]). w: int8 [taps, channels]. Returns the buffer written."""
        w = np.asarray(w)
        taps, n_out = w.shape
        if n_out != self.buffers[source][0] or n_out % OUT_BLOCK or not 1 <= taps <= MAX_DEPTHWISE_TAPS:
            raise ValueError(f"weights {w.shape} do not fit a buffer of {self.buffers[source][0]} channels")
        multiplier = self._int32(multiplier, (n_out,), "multiplier", 0)
        shift = self._int32(shift, (n_out,), "shift", 1, 62)
        return self._layer(DEPTHWISE, source, w, bias, multiplier, shift, taps=taps, left=left, relu=int(relu))

    def add(self, a, b, ma, mb, shift, relu=False):
        """y = clamp(round_shift(a * ma + b * mb, shift), low, 127): see quantise_add. Returns the buffer written."""
        if self.buffers[a] != self.buffers[b] or self.buffers[a][0] % OUT_BLOCK:
            raise ValueError(f"buffers {a} and {b} (channels, hops: {self.buffers[a]}, {self.buffers[b]}) cannot be added")
        factors = self._int32([ma, mb], (2,), "factors", 1 - 2**22, 2**22 - 1)
        if not 1 <= shift <= 30:
            raise ValueError(f"shift {shift}: 1 to 30")
        none = np.zeros((0, self.buffers[a][0]), np.int64)
        return self._layer(ADD, a, none, none.sum(axis=0), factors, None, source_b=b, relu=int(relu), add_shift=int(shift))

    def logits(self, source, w, bias, multiplier, shift):
        """logits = clamp(round_shift((bias + x w) * multiplier, shift), int16), Q8 of nats. w: int8 [n_in, n_labels]; bias: int
        [n_labels]; multiplier, shift: two integers for all labels. The last operation."""
        w, bias = np.asarray(w), np.asarray(bias)
        if w.shape[0] != self.buffers[source][0] or not 2 <= w.shape[1] <= MAX_LABELS:
            raise ValueError(f"weights {w.shape}: {self.buffers[source][0]} inputs and 2 to {MAX_LABELS} labels expected")
        multiplier = self._int32([multiplier], (1,), "multiplier", 0)
        shift = int(self._int32([shift], (1,), "shift", 1, 62)[0])
        self.n_labels = w.shape[1]
        padding = -self.n_labels % OUT_BLOCK
        return self._layer(LOGITS, source, np.pad(w, ((0, 0), (0, padding))), np.pad(bias, (0, padding)), multiplier, None,
                           add_shift=shift)

    def sketch(self, w, bias, multiplier, shift):
        """Add the sketch of a finished program, or replace it: as pointwise() with a ReLU, of what the logits read. w: int8 [n_in, channels]."""
        logits = self.ops.pop()
        self.buffers.pop()
        if self.ops[-1]["kind"] == SKETCH:
            self.ops.pop()
            self.buffers.pop()
        if w.shape[1] > MAX_SKETCH:
            raise ValueError(f"a sketch of {w.shape[1]} channels: at most {MAX_SKETCH}")
        self.pointwise(logits["source"], w, bias, multiplier, shift, relu=True)
        self.ops[-1]["kind"] = SKETCH
        self.ops.append(logits)
        self.buffers.append((logits["n_out"], self.buffers[logits["source"]][1]))

    @classmethod
    def read(cls, path):
        """The program of a model file, and the file's own test: (Program, int16 features [rows, 40], int16 rows() [steps, row width])."""
        _, sections = store.read(path)
        words = struct.unpack(f"<{len(sections['program']) // 4}I", sections["program"])
        scale, weights, at = sections["scale"], sections["weights"], [0, 0]

        def take(n, kind):
            at[0] += n * np.dtype(kind).itemsize
            return np.frombuffer(scale, kind, n, at[0] - n * np.dtype(kind).itemsize)

        def take_weights(n):
            begin, at[1] = at[1], at[1] + n + -n % ALIGN
            return weights[begin : begin + n]

        made = cls(take(N_FEATURES, "<i4"))
        for i in range(words[4]):
            kind, source, source_b, n_in, n_out, taps, stride, left, relu, add_shift = words[5 + 10 * i : 15 + 10 * i]
            if kind == ADD:
                made.add(source, source_b, *take(2, "<i4"), add_shift, relu=bool(relu))
                continue
            padded = n_out + -n_out % OUT_BLOCK
            bias = take(padded, "<i4")
            if kind == LOGITS:
                w = unpack_weights(take_weights(n_in * padded), padded)
                made.logits(source, w[:, : words[3]], bias[: words[3]], int(take(1, "<i4")[0]), add_shift)
                continue
            multiplier, shift = take(n_out, "<i4"), take(n_out, np.uint8)
            if kind == DEPTHWISE:
                w = np.frombuffer(take_weights(taps * n_out), np.int8).reshape(taps, n_out)
                made.depthwise(source, w, bias, multiplier, shift, left, bool(relu))
            else:
                bits, n = (4, taps * n_in * n_out // 2) if kind == CONV_S4 else (8, taps * n_in * n_out)
                packed = take_weights(n)
                w = unpack_weights(unpack_nibbles(packed) if bits == 4 else packed, n_out).reshape(taps, n_in, n_out)
                made.conv(source, w, bias, multiplier, shift, stride, left, bool(relu), bits)
                made.ops[-1]["kind"] = kind
        made.verifier = sections.get("verifier")
        n_rows, n_steps = struct.unpack_from("<II", sections["test"])
        tested = np.frombuffer(sections["test"], "<i2", offset=8)
        return made, tested[: n_rows * N_FEATURES].reshape(n_rows, -1), tested[n_rows * N_FEATURES :].reshape(n_steps, -1)

    @property
    def step_hops(self):
        return self.buffers[-1][1]

    def simulate(self, features, return_buffers=False):
        """int16 [rows, 40] -> int16 log-posteriors [ceil(rows / step_hops), n_labels] of the whole sound; with return_buffers also
        the list of all buffers (int64), the last of them the logits."""
        features = np.asarray(features)
        if features.ndim != 2 or features.shape[1] != N_FEATURES or features.dtype != np.int16:
            raise ValueError("features: int16 [rows, 40]")
        if not self.ops or self.ops[-1]["kind"] != LOGITS:
            raise ValueError("the program does not end in logits")
        buffers = [np.clip(round_shift(features * self.input_multipliers, 16), -127, 127)]
        for op in self.ops:
            x, low = buffers[op["source"]], 0 if op["relu"] else -127
            if op["kind"] == ADD:
                total = x * op["multiplier"][0] + buffers[op["source_b"]] * op["multiplier"][1]
                buffers.append(np.clip(round_shift(total, op["add_shift"]), low, 127))
                continue
            windows = self._windows(x, op["taps"], op["stride"], op["left"])  # [steps, taps, n_in]
            if op["kind"] == DEPTHWISE:
                total = (windows * op["w"]).sum(axis=1) + op["bias"]
            else:
                total = _product(windows.reshape(len(windows), op["taps"] * op["n_in"]), op["w"].reshape(-1, op["n_out"])) + op["bias"]
            if op["kind"] == LOGITS:
                logits = np.clip(round_shift(total * op["multiplier"], op["add_shift"]), -32768, 32767)
                buffers.append(logits[:, : self.n_labels])
            else:
                buffers.append(np.clip(round_shift(total * op["multiplier"], op["shift"]), low, 127))
        posteriors = log_softmax(buffers[-1])
        return (posteriors, buffers) if return_buffers else posteriors

    def rows(self, features):
        """What the device gives for features: int16 [steps, row width], the posteriors and then the sketch, if there is one."""
        posteriors, buffers = self.simulate(features, return_buffers=True)
        return np.concatenate([posteriors, buffers[-2].astype(np.int16)], 1) if self.has_sketch else posteriors

    @property
    def has_sketch(self):
        return len(self.ops) > 1 and self.ops[-2]["kind"] == SKETCH

    @staticmethod
    def _windows(x, taps, stride, left):
        """x [rows, channels] -> [ceil(rows / stride), taps, channels]; zeros outside the rows."""
        steps = -(-len(x) // stride)
        padded = np.zeros((left + max(len(x), steps * stride) + taps, x.shape[1]), np.int64)
        padded[left : left + len(x)] = x
        return padded[np.arange(steps)[:, None] * stride + np.arange(taps)]

    def sections(self, labels, passport, test_features, float32=None):
        """The sections of the model file: a list for store.pack. float32: bytes of an optional section of that name, the same
        network before its quantisation, which the device skips (tests/float32)."""
        if len(labels) != self.n_labels or labels[0] != "<blank>" or len(set(labels)) != len(labels):
            raise ValueError(f"{self.n_labels} different labels expected, the first <blank>")
        words = [VERSION, N_FEATURES, self.step_hops, self.n_labels, len(self.ops)]
        scale = self.input_multipliers.astype("<i4").tobytes()
        weights = b""
        for op in self.ops:
            words += [op[key] for key in ("kind", "source", "source_b", "n_in", "n_out", "taps", "stride", "left", "relu", "add_shift")]
            if op["kind"] != ADD:
                scale += op["bias"].astype("<i4").tobytes()
            scale += op["multiplier"].astype("<i4").tobytes()
            if op["kind"] in (CONV, CONV_S4, DEPTHWISE, SKETCH):
                scale += op["shift"].astype(np.uint8).tobytes()
            if op["kind"] == DEPTHWISE:
                weights += op["w"].astype(np.int8).tobytes()
            elif op["kind"] != ADD:
                packed = pack_weights(op["w"].reshape(-1, op["n_out"]))
                weights += pack_nibbles(packed) if op["kind"] == CONV_S4 else packed
            weights += b"\0" * (-len(weights) % ALIGN)
        test_features = np.asarray(test_features)
        expected = self.rows(test_features)
        test = struct.pack("<II", len(test_features), len(expected))
        test += test_features.astype("<i2").tobytes() + expected.astype("<i2").tobytes()
        more = [] if self.verifier is None else [("verifier", self.verifier)]
        more += [] if float32 is None else [("float32", float32, store.OPTIONAL)]
        return [
            ("passport", passport.encode()),
            ("labels", b"".join(label.encode() + b"\0" for label in labels)),
            ("program", struct.pack(f"<{len(words)}I", *words)),
            ("scale", scale),
            ("weights", weights),
            ("test", test),
            *more,
        ]

    def write(self, path, labels, passport, test_features, float32=None):
        """Write the model file. labels: names, the first "<blank>"; passport: text of `key: value` lines; test_features: int16
        [rows, 40], about two seconds, stored with their posteriors as the file's own test."""
        store.write(path, store.ACOUSTIC, self.sections(labels, passport, test_features, float32))
