#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count the phones and pairs of phones in lists of clips or texts: the network does not learn what its training data lacks.

coverage.py FILE... [--least N] [--least-share S]

FILE is a shard's .tsv or a list by texts.py; the text is the fourth of five columns or the second of two. Pairs are counted within and across
words, with the first pronunciation of each word and silence at both ends of a text. The possible pairs are those within words of the
dictionary. The exit status is 1 if a phone occurs less than --least times, or if the pairs that occur at least ten times are less than
--least-share of the possible ones, weighted by the number of words with each.
"""

import argparse
import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the folder of these packages
from clips import corpus  # noqa: E402


def pairs_of(labels):
    """Return the pairs of neighbours in a sequence of labels."""
    return zip(labels[:-1].tolist(), labels[1:].tolist())


def count(paths, dictionary):
    """Return counters of phones and of pairs, and the number of texts."""
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
