#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which phones and pairs of phones are in lists of clips or of texts, and how often: what was never heard is not learned.

coverage.py FILE... [--least N] [--least-share S]

FILE is a shard's .tsv or a list of texts.py; the last column but one of five, or the last of two, is the text. Pairs are counted within
and across words, first pronunciations, silence at both ends of a text; those that could be said are all that stand within a word of the
dictionary. Exit status 1 where a phone is there less than --least times, or less than --least-share of the dictionary's pairs, each
weighed by how many words have it, at least ten times.
"""

import argparse
import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus  # noqa: E402


def pairs_of(labels):
    """Neighbours in one sequence of labels."""
    return zip(labels[:-1].tolist(), labels[1:].tolist())


def count(paths, dictionary):
    """Counters of phones and of pairs, and how many texts they are from."""
    phones, pairs, n = collections.Counter(), collections.Counter(), 0
    for path in paths:
        for line in open(path, encoding="utf-8"):
            part = line.rstrip("\n").split("\t")
            last = 0
            for word in part[3 if len(part) == 5 else 1].split():
                for said in dictionary.get(word, [])[:1]:
                    phones.update(said.tolist())
                    pairs.update([(last, int(said[0])), *pairs_of(said)])
                    last = int(said[-1])
            pairs[last, 0] += 1
            n += 1
    return phones, pairs, n


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--least", type=int, default=500)
    parser.add_argument("--least-share", type=float, default=0.99)
    parser.add_argument("--dictionary", default=corpus.DICTIONARY)
    arguments = parser.parse_args()
    dictionary = corpus.read_dictionary(arguments.dictionary)
    phones, pairs, n = count(arguments.files, dictionary)
    possible = collections.Counter(pair for said in dictionary.values() for pair in pairs_of(said[0]))
    covered = sum(words for pair, words in possible.items() if pairs[pair] >= 10) / sum(possible.values())
    rarest = sorted(corpus.PHONES, key=lambda p: phones[corpus.PHONE[p]])[:5]
    print(f"{n} texts, {sum(phones.values())} phones; the rarest: " + ", ".join(f"{p} {phones[corpus.PHONE[p]]}" for p in rarest))
    print(f"{sum(1 for pair in possible if pairs[pair] >= 10)} of the dictionary's {len(possible)} pairs ten times or more: "
          f"{100 * covered:.2f} % of the pairs in its words; {sum(1 for pair in possible if not pairs[pair])} pairs never")
    if phones[corpus.PHONE[rarest[0]]] < arguments.least or covered < arguments.least_share:
        sys.exit(f"coverage: too little: at least {arguments.least} of each phone and {100 * arguments.least_share:g} % are wanted")


if __name__ == "__main__":
    main()
