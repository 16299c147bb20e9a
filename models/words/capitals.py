#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the English words that people write with capitals, by how texts have them within sentences.

capitals.py TEXTS >models/en/capitals.txt

TEXTS is the folder of `make`. The first word of a sentence says nothing, and so does a line without capitals, or with them in most words. A word is
listed in its usual form if it occurs LEAST times and has this form in SHARE of them.
"""

import collections
import lzma
import pathlib
import re
import sys

SOURCES = "tatoeba_everyday", "common_voice_prompts", "self_dialogues", "fiction_speech", "fiction_narrative", "state_of_the_union", "web_questions"
LEAST, SHARE = 8, 0.95


def words_within(line):
    """The words of a line after the first one of each sentence."""
    for sentence in re.split(r"[.!?:;\"“”]+", line.replace("’", "'")):
        yield from re.findall(r"[A-Za-z]+(?:'[A-Za-z]+)*", sentence)[1:]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    forms = collections.defaultdict(collections.Counter)
    for name in SOURCES:
        for line in lzma.open(pathlib.Path(sys.argv[1]) / "free" / f"{name}.txt.xz", "rt", encoding="utf-8"):
            words = list(words_within(line))
            n_capital = sum(word[0].isupper() and word != "I" and not word.startswith("I'") for word in words)
            if re.search("[A-Z]", line) and 2 * n_capital < len(words):
                for word in words:
                    forms[word.lower()][word] += 1
    listed = []
    for word, counts in forms.items():
        form, n = counts.most_common(1)[0]
        if form != word and n >= LEAST and n >= SHARE * sum(counts.values()):
            listed.append(form)
    print("# Words that are written with capitals in free text. Made by models/words/capitals.py.")
    print("\n".join(sorted(listed, key=str.lower)))


if __name__ == "__main__":
    main()
