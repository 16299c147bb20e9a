#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the letter-to-sound model of a language from its pronouncing dictionary.

A word and its pronunciation form one sequence of graphones, pairs of a letter and phones (joint-sequence model: Bisani and Ney, 2008).
Expectation maximisation finds the pairs and the best segmentation of each word. An n-gram model over graphones (modified Kneser-Ney,
interpolated: Chen and Goodman, 1999) is estimated on the segmentations, pruned by the loss of likelihood (weighted difference: Seymore
and Rosenfeld, 1996) and written as integers. src/lexicon/g2p.c reads the file and searches.

    g2p.py --dictionary cmudict-en-us.dict --exclude tests/data/g2p_heldout.dict --output models/en/g2p.tragus
    g2p.py --dictionary cmudict-en-us.dict --hold-out-words 300 --seed 2 --hold-out-list tests/data/g2p_heldout.dict
    g2p.py --dictionary cmudict-en-us.dict --hold-out 0.05 --hold-out-list heldout.dict --output evaluation.tragus
    tests/unit/lexicon/score_g2p evaluation.tragus heldout.dict

Takes one thread less than a minute. The same inputs and options give the same bytes. The first command made the model, the second the
list of held-out words that `make check` tests; the last two measure the method on one word in twenty.
"""
import argparse
import collections
import os
import pathlib
import re
import struct
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from device import store  # noqa: E402

PHONES = ("AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH").split()
PHONE_NUMBER = {name: number for number, name in enumerate(PHONES, 1)}
# The most phones of a graphone, which has one letter: "x" has two, and the "h" of "sh" is silent. On held-out words, graphones with pairs
# of letters give the same errors at the same number of n-grams.
MAX_PHONES = 2
N_PHONE_CODES = 1 + 39 + 39 * 39
START, END = 0, 1  # symbols before the graphones
NATS = 16  # costs are in 1/16 nat
VERSION = 1


def read_dictionary(path):
    """word -> list of tuples of phone numbers, variants in the order of the file; only words of the letters a to z."""
    words = collections.OrderedDict()
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.split("#")[0].split()
            if not fields:
                continue
            word = re.sub(r"\(\d+\)$", "", fields[0].lower())
            if re.fullmatch("[a-z]{2,}", word):
                words.setdefault(word, []).append(tuple(PHONE_NUMBER[phone] for phone in fields[1:]))
    return words


def letter_names(path):
    """letter -> phones, to recognise words that are spelled aloud."""
    names = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields and re.fullmatch(r"[a-z]\.", fields[0]):
                names[fields[0][0]] = tuple(PHONE_NUMBER[phone] for phone in fields[1:])
    return names


def training_pairs(words, names):
    """(letters, phones) of every pronunciation except those of spelled acronyms, whose letters do not correspond to sounds."""
    pairs = []
    for word, sounds in words.items():
        spelled = tuple(phone for letter in word for phone in names[letter])
        pairs += [(word, sound) for sound in sounds if sound != spelled and len(sound) <= MAX_PHONES * len(word)]
    return pairs


class Group:
    """Words with the same numbers of letters and of phones, whose alignment lattices share one array."""

    def __init__(self, pairs, graphone_of_key):
        self.n_letters, self.n_phones = len(pairs[0][1][0]), len(pairs[0][1][1])
        self.indices = np.array([index for index, _ in pairs])
        letters = np.array([[ord(c) - 97 for c in word] for _, (word, _) in pairs], dtype=np.int64)
        phones = np.array([sound for _, (_, sound) in pairs], dtype=np.int64)
        self.arcs = []  # (i, j, n_phones, graphone of each word): letter i takes phones j to j + n_phones; sorted by start
        for i in range(self.n_letters):
            for j in range(min(self.n_phones, MAX_PHONES * i) + 1):
                for n in range(min(MAX_PHONES, self.n_phones - j) + 1):
                    if self.n_phones - j - n > MAX_PHONES * (self.n_letters - i - 1):
                        continue  # too many phones for the remaining letters
                    sound = 0 if n == 0 else phones[:, j] if n == 1 else 39 * phones[:, j] + phones[:, j + 1]
                    self.arcs.append((i, j, n, graphone_of_key(letters[:, i] * N_PHONE_CODES + sound)))

    def expect(self, probability, counts):
        """Adds the expected counts of the graphones; returns the log-likelihood."""
        n = len(self.indices)
        shape = (self.n_letters + 1, self.n_phones + 1, n)
        alpha, beta = np.zeros(shape), np.zeros(shape)
        alpha[0, 0] = 1
        beta[-1, -1] = 1
        for i, j, n_phones, graphone in self.arcs:
            alpha[i + 1, j + n_phones] += alpha[i, j] * probability[graphone]
        total = alpha[-1, -1]
        scale = np.divide(1, total, out=np.zeros(n), where=total > 0)
        for i, j, n_phones, graphone in reversed(self.arcs):
            after = beta[i + 1, j + n_phones] * probability[graphone]
            beta[i, j] += after
            counts += np.bincount(graphone, weights=alpha[i, j] * after * scale, minlength=len(counts))
        return np.log(total[total > 0]).sum()

    def best(self, log_probability):
        """Yields (index, graphones) of the best segmentation of each word that has one."""
        n = len(self.indices)
        score = np.full((self.n_letters + 1, self.n_phones + 1, n), -np.inf)
        back = np.full(score.shape, -1, dtype=np.int32)
        score[0, 0] = 0
        for number, (i, j, n_phones, graphone) in enumerate(self.arcs):
            candidate = score[i, j] + log_probability[graphone]
            better = candidate > score[i + 1, j + n_phones]
            score[i + 1, j + n_phones][better] = candidate[better]
            back[i + 1, j + n_phones][better] = number
        for k in range(n):
            if score[-1, -1, k] == -np.inf:
                continue
            i, j, path = self.n_letters, self.n_phones, []
            while i > 0:
                arc = self.arcs[back[i, j, k]]
                path.append(arc[3][k])
                i, j = arc[0], arc[1]
            yield self.indices[k], path[::-1]


def align(pairs, n_iterations, least_count):
    """Return the best segmentations of the pairs, a list of arrays of graphone keys, without the pairs that have none."""
    sizes = collections.defaultdict(list)
    for index, pair in enumerate(pairs):
        sizes[len(pair[0]), len(pair[1])].append((index, pair))
    numbers = np.full(26 * N_PHONE_CODES, -1, dtype=np.int32)
    keys = []

    def graphone_of_key(wanted):
        new = np.unique(wanted[numbers[wanted] < 0])
        numbers[new] = np.arange(len(keys), len(keys) + len(new))
        keys.extend(new.tolist())
        return numbers[wanted]

    groups = [Group(sizes[size], graphone_of_key) for size in sorted(sizes)]
    probability = np.full(len(keys), 1 / len(keys))
    for iteration in range(n_iterations):
        counts = np.zeros(len(keys))
        likelihood = sum(group.expect(probability, counts) for group in groups)
        if iteration >= 3:  # drop rare graphones, and so the outliers among the words that need one
            counts[counts < least_count] = 0
        probability = counts / counts.sum()
        print(f"alignment {iteration + 1}: log-likelihood a pair {likelihood / len(pairs):.4f}, "
              f"{np.count_nonzero(counts)} graphones", flush=True)
    with np.errstate(divide="ignore"):
        log_probability = np.log(probability)
    keys = np.array(keys)
    paths = [None] * len(pairs)
    for group in groups:
        for index, path in group.best(log_probability):
            paths[index] = keys[path]
    return [path for path in paths if path is not None]


class Order:
    """The n-grams of one order: arrays with one entry per n-gram.

    context, suffix: index of the n-gram of the next lower order with which it begins and ends; symbol: its last symbol; raw: its count;
    starts: whether it begins with START. estimate() adds p, the probability of the symbol, and gamma, its weight as a context;
    prune() adds keep.
    """


def count(sequences, n_symbols, order):
    """All n-grams of orders 1 to `order` of the sequences (arrays of symbols without START and END)."""
    tokens = np.concatenate([np.concatenate(([START], s, [END])) for s in sequences])
    begins = np.flatnonzero(tokens == START)
    position = np.arange(len(tokens)) - np.repeat(begins, np.diff(np.append(begins, len(tokens))))
    orders = [None]
    node = tokens.copy()  # the n-gram that ends at each position; for order 1 the symbol
    first = Order()
    first.context = np.zeros(n_symbols, dtype=np.int64)
    first.symbol = np.arange(n_symbols)
    first.suffix = np.zeros(n_symbols, dtype=np.int64)
    first.raw = np.bincount(tokens, minlength=n_symbols)
    first.starts = first.symbol == START
    orders.append(first)
    for k in range(2, order + 1):
        ends = np.flatnonzero(position >= k - 1)
        pair = node[ends - 1].astype(np.int64) * n_symbols + tokens[ends]
        unique, sample, inverse, raw = np.unique(pair, return_index=True, return_inverse=True, return_counts=True)
        this = Order()
        this.context, this.symbol = unique // n_symbols, unique % n_symbols
        this.suffix = node[ends][sample]
        this.raw = raw
        this.starts = orders[k - 1].starts[this.context]
        orders.append(this)
        node = np.full(len(tokens), -1, dtype=np.int64)
        node[ends] = inverse
    return orders


def estimate(orders, n_symbols):
    """Modified Kneser-Ney: sets `p`, the interpolated probability, of each n-gram, and `gamma`, its weight as a context."""
    top = len(orders) - 1
    for k in range(1, top + 1):
        this = orders[k]
        used = this.raw.astype(float)
        if k < top:
            left = np.bincount(orders[k + 1].suffix, minlength=len(this.raw))
            used = np.where(this.starts, used, left)
        used[this.symbol == START] = 0
        n = [np.count_nonzero(used == c) for c in range(5)]
        y = n[1] / (n[1] + 2 * n[2])
        discounts = np.array([0] + [max(0.0, c - (c + 1) * y * n[c + 1] / max(n[c], 1)) for c in (1, 2, 3)])
        discount = discounts[np.minimum(used, 3).astype(int)]
        n_contexts = 1 if k == 1 else len(orders[k - 1].raw)
        total = np.bincount(this.context, weights=used, minlength=n_contexts)
        gamma = np.bincount(this.context, weights=discount, minlength=n_contexts)
        gamma = np.divide(gamma, total, out=np.ones(n_contexts), where=total > 0)
        lower = 1 / (n_symbols - 1) if k == 1 else orders[k - 1].p[this.suffix]
        this.p = np.divide(used - discount, total[this.context], out=np.zeros(len(used)), where=used > 0) + gamma[this.context] * lower
        if k > 1:
            orders[k - 1].gamma = gamma
    orders[top].gamma = np.ones(len(orders[top].raw))


def prune(orders, n_keep):
    """Marks in `keep` about n_keep n-grams, those whose removal would reduce the likelihood most, with their contexts and suffixes."""
    worths = []
    for k in range(2, len(orders)):
        this = orders[k]
        backed_off = orders[k - 1].gamma[this.context] * orders[k - 1].p[this.suffix]
        this.worth = this.raw * (np.log(this.p) - np.log(backed_off))
        worths.append(this.worth)

    def mark(threshold):
        needed = np.zeros(len(orders[-1].raw), dtype=bool)
        n = 0
        for k in range(len(orders) - 1, 1, -1):
            this = orders[k]
            this.keep = needed | (this.worth > threshold)
            needed = np.zeros(len(orders[k - 1].raw), dtype=bool)
            needed[this.context[this.keep]] = True
            needed[this.suffix[this.keep]] = True
            n += np.count_nonzero(this.keep)
        orders[1].keep = np.ones(len(orders[1].raw), dtype=bool)
        return n

    low, high = 0.0, 1000.0
    for _ in range(40):
        middle = (low + high) / 2
        if mark(middle) > n_keep:
            low = middle
        else:
            high = middle
    mark(high)
    return high


def lay_out(orders):
    """The pruned n-grams as one trie, breadth first: symbols, costs, weights and the start of each node's children."""
    symbols, costs, weights = [np.zeros(1, dtype=np.int64)], [np.zeros(1)], []
    children = []
    place = np.zeros(1, dtype=np.int64)  # trie node of each n-gram of the next lower order
    n_nodes = 1
    for k in range(1, len(orders)):
        this = orders[k]
        kept = np.flatnonzero(this.keep)
        kept = kept[np.lexsort((this.symbol[kept], place[this.context[kept]]))]
        symbols.append(this.symbol[kept])
        with np.errstate(divide="ignore"):
            costs.append(-np.log(this.p[kept]))
        # The back-off weight distributes the probability left by the kept n-grams in the proportions of the lower order.
        n_contexts = len(place)
        sums = np.bincount(this.context[kept], weights=this.p[kept], minlength=n_contexts)
        lower = orders[k - 1].p[this.suffix[kept]] if k > 1 else np.zeros(len(kept))
        lower_sums = np.bincount(this.context[kept], weights=lower, minlength=n_contexts)
        weight = np.log(np.maximum(1 - sums, 1e-6) / np.maximum(1 - lower_sums, 1e-6))
        n_children = np.bincount(this.context[kept], minlength=n_contexts)
        ordered = np.flatnonzero(place >= 0)
        ordered = ordered[np.argsort(place[ordered])]
        weights.append(np.where(n_children > 0, weight, 0)[ordered])
        begins = n_nodes + np.concatenate(([0], np.cumsum(n_children[ordered])))
        children.append(begins[:-1])
        n_nodes += len(kept)
        place = np.full(len(this.raw), -1, dtype=np.int64)
        place[kept] = n_nodes - len(kept) + np.arange(len(kept))
    children.append(np.array([n_nodes]))
    return np.concatenate(symbols), np.concatenate(costs), np.concatenate(weights), np.concatenate(children)


def graphone_bytes(key):
    """A graphone in the format of the file: letter, number of phones, phones, padding."""
    letter, sound = divmod(int(key), N_PHONE_CODES)
    phones = [] if sound == 0 else [sound] if sound <= 39 else [(sound - 40) // 39 + 1, (sound - 40) % 39 + 1]
    return bytes([97 + letter, len(phones), *phones, *[0] * (2 - len(phones))])


def write(path, order, keys, trie):
    symbols, costs, weights, children = trie
    store.write(path, store.G2P, [
        ("info", struct.pack("<6I", VERSION, order, len(keys), len(symbols), len(weights), NATS)),
        ("phones", b"".join(name.encode() + b"\0" for name in PHONES)),
        ("graphones", b"".join(graphone_bytes(key) for key in keys)),
        ("symbols", symbols.astype("<u2").tobytes()),
        ("costs", np.clip(np.rint(costs * NATS), 0, 255).astype(np.uint8).tobytes()),
        ("weights", np.clip(np.rint(-weights * NATS), -128, 127).astype(np.int8).tobytes()),
        ("children", children.astype("<u4").tobytes()),
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dictionary", required=True)
    parser.add_argument("--exclude", help="a dictionary whose words stay out of training")
    parser.add_argument("--hold-out", type=float, default=0, help="share of words to keep out of training")
    parser.add_argument("--hold-out-words", type=int, default=0, help="number of words to keep out of training")
    parser.add_argument("--hold-out-list", help="where to write what was held out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=6)
    parser.add_argument("--n-grams", type=int, default=210000, help="how many to keep")
    parser.add_argument("--iterations", type=int, default=12)
    parser.add_argument("--least-count", type=float, default=3, help="graphones expected less often are dropped")
    parser.add_argument("--output", help="the model; leave out to only write the list of held-out words")
    options = parser.parse_args()

    words = read_dictionary(options.dictionary)
    names = letter_names(options.dictionary)
    n_out = options.hold_out_words or round(options.hold_out * len(words))
    out = set()
    if n_out:
        eligible = sorted(word for word in words if len(word) >= 3 and training_pairs({word: words[word]}, names))
        out = set(np.random.default_rng(options.seed).choice(eligible, n_out, replace=False).tolist())
    if options.hold_out_list:
        with open(options.hold_out_list, "w", encoding="utf-8") as file:
            file.write("# SPDX-License-Identifier: BSD-2-Clause\n# Words of CMUdict that the letter-to-sound model was not trained on, "
                       f"drawn by models/training/lexicon/g2p.py with seed {options.seed}.\n")
            for word in sorted(out):
                for variant, sound in enumerate(words[word], 1):
                    file.write(word + (f"({variant})" if variant > 1 else "") + " " + " ".join(PHONES[p - 1] for p in sound) + "\n")
    if options.exclude:
        out |= set(read_dictionary(options.exclude))
    if not options.output:
        return
    pairs = training_pairs({word: sounds for word, sounds in words.items() if word not in out}, names)
    print(f"{len(pairs)} pronunciations, {len(out)} words held out, seed {options.seed}")

    paths = align(pairs, options.iterations, options.least_count)
    keys = np.unique(np.concatenate(paths))
    print(f"{len(pairs) - len(paths)} pronunciations do not align and are left out; {len(keys)} graphones")
    assert len(set((keys // N_PHONE_CODES).tolist())) == 26, "a letter has no graphone"
    sequences = [np.searchsorted(keys, path) + 2 for path in paths]
    n_symbols = len(keys) + 2
    orders = count(sequences, n_symbols, options.order)
    estimate(orders, n_symbols)
    threshold = prune(orders, options.n_grams)
    for k in range(1, len(orders)):
        print(f"{k}-grams: {len(orders[k].raw)}, kept {np.count_nonzero(orders[k].keep)}")
    print(f"pruning threshold {threshold:.4f}")
    write(options.output, options.order, keys, lay_out(orders))
    print(f"{options.output}: {os.path.getsize(options.output)} bytes")


if __name__ == "__main__":
    main()
