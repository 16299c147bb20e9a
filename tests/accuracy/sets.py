# SPDX-License-Identifier: Apache-2.0
"""The sets of recordings for the accuracy tests, and the grammar of each set.

A grammar is a file in tests/data/grammars, or one of the folder that the list names for each recording ("grammars/..."), or is made here
from texts: "own" has all sentences of the folder; "own+1000" has those and 1,000 sentences of the training recordings; "loop" has one to
MOST_WORDS of the words of the folder in any order.
"""

import csv
import dataclasses
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
GRAMMARS = HERE.parent / "data" / "grammars"
MOST_WORDS = 12


def rows_of(listed):
    """Returns the rows of a LIST.tsv as dictionaries."""
    with open(listed, encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def loop(words, most):
    """Returns a grammar of one to `most` of these words in any order, as JSON."""
    sentence = "<word>"
    for _ in range(most - 1):
        sentence = f"<word> [{sentence}]"
    rules = {"word": "(" + "|".join(sorted(words)) + ")"}
    return json.dumps({"language": "en", "intents": {"Words": {"data": [{"sentences": [sentence]}]}}, "expansion_rules": rules})


@dataclasses.dataclass(frozen=True)
class Set:
    name: str
    folder: str  # below corpora/dev, or an absolute path
    grammar: str
    ages: tuple = (0, 200)  # only speakers of these ages, if the list has ages

    def rows(self, corpora):
        """Returns the rows; each `file` is an absolute path."""
        folder = (corpora / "dev" / self.folder).resolve()
        return [{**row, "file": str(folder / row["file"])} for row in rows_of(folder / "LIST.tsv")
                if self.ages[0] <= int(row.get("age") or self.ages[0]) <= self.ages[1] and row.get("grammar", self.grammar) == self.grammar]

    def write_list(self, corpora, folder):
        """Writes the list of the set to folder. Returns its path."""
        rows = self.rows(corpora)
        lines = ["\t".join(rows[0])] + ["\t".join(row.values()) for row in rows]
        path = folder / (self.name.replace(" ", "-") + ".tsv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def grammar_file(self, corpora, folder):
        """Returns the path of the grammar; a generated grammar is written to folder."""
        if (GRAMMARS / self.grammar).exists():
            return GRAMMARS / self.grammar
        if self.grammar.startswith("grammars/"):
            return corpora / "dev" / self.folder / self.grammar
        own = sorted({row["text"] for row in rows_of(corpora / "dev" / self.folder / "LIST.tsv")})
        if self.grammar == "loop":
            text = loop({word for text in own for word in text.split()}, MOST_WORDS)
        else:
            if self.grammar == "own+1000":
                others = sorted({row["text"] for name in ("speechocean", "common_voice") for row in rows_of(corpora / "train" / name / "LIST.tsv")})
                apart = [text for text in others if text not in own]
                own += apart[::max(1, len(apart) // 1000)][:1000]
            text = "\n".join(own) + "\n"
        path = folder / (f"{self.folder}-{self.grammar}" + (".yaml" if self.grammar == "loop" else ".txt"))
        path.write_text(text, encoding="utf-8")
        return path


STRANGERS = ("ask", "yaml"), ("cards", "yaml"), ("digits", "yaml"), ("home", "yaml"), ("move", "yaml"), ("read", "txt"), ("wake", "txt")
SETS = (
    Set("rhasspy_commands", "rhasspy_commands", "rhasspy.txt"),
    Set("coffee_dev", "coffee_dev", "coffee.yaml"),
    Set("view_glass_dev", "view_glass_dev", "wake.txt"),
    Set("other_wake_dev", "other_wake_dev", "wake.txt"),
    Set("digits_8k_dev", "digits_8k_dev", "digits.txt"),
    Set("speech_commands_dev", "speech_commands_dev", "words.txt"),
    Set("an4_dev", "an4_dev", "own"),
    Set("an4_dev words", "an4_dev", "loop"),
    Set("speechocean_dev", "speechocean_dev", "own"),
    Set("speechocean_dev adults", "speechocean_dev", "own+1000", (16, 200)),
    Set("speechocean_dev children", "speechocean_dev", "own+1000", (0, 15)),
    *(Set(f"strangers {name}", "strangers", f"grammars/{name}.{ending}") for name, ending in STRANGERS),
    Set("out_of_grammar_dev", "out_of_grammar_dev", "coffee.yaml"),
    Set("out_of_grammar_dev home", "out_of_grammar_dev", "home.yaml"),
)


def evaluate(program, grammar, listed, reject, model=None, options=()):
    """Returns the report of `tragus evaluate --json` as a dictionary, with `right`: sentences right, or slots right if the list has slots."""
    command = [*program, "evaluate", "--json", *options, "-g", grammar, listed]
    command += (["-m", model] if model else []) + ([] if reject else ["--no-reject"])
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    report["right"] = report["sentences_right"] if report["sentences_right"]["of"] else report["slots_right"]
    return report
