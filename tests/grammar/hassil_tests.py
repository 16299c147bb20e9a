#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs hassil's own recognition tests and gives tragus the same sentences, lists and texts.

    hassil_tests.py BUILD HASSIL     HASSIL: a checkout of OHF-Voice/hassil; needs python3-pytest, and what hassil needs

Prints how many calls agree, as a table for docs/LANGUAGES.md, and each that does not. `recognize_best` must give the first reading of
tragus. `recognize` and `recognize_all` must give one of its readings, because they have no order. With `allow_unmatched_entities`, the
sentence and the slots that it would need must be among those of hassil.
"""
import copy
import functools
import json
import os
import subprocess
import sys
import tempfile

try:
    import pytest
    import yaml
except ImportError as e:
    print(f"skipped: python3-pytest or python3-yaml is not installed ({e})")
    sys.exit(77)

# Where tragus differs on purpose, by test.
REASONS = {
    "test_no_empty_unmatched_entity": "what stands where the name should be is what no list has, even if it may also be \"please\"",
    "test_unmatched_entity_context": "the context that an unknown name may have is not reported as a slot",
    "test_range_rule_sets_calc": "\"nineteen ninety-nine\" is a number: 1999",
    "test_recognize_best": "the caller of hassil chooses a slot or a key of metadata that wins; here it is the slot \"name\", as in Home Assistant",
}


def unparse(e):
    """The template of hassil's tree."""
    kind = type(e).__name__
    if kind == "Sentence":
        return unparse(e.expression)
    if kind == "TextChunk":
        return "".join("\\" + c if c in "()[]{}<>|;\\" else c for c in e.original_text)
    if kind == "Sequence":
        return "".join(unparse(i) for i in e.items)
    if kind == "Alternative":
        return "(" + "|".join(unparse(i) for i in e.items if i.__class__.__name__ != "TextChunk" or i.text) + ")" if not e.is_optional \
            else "[" + "|".join(unparse(i) for i in e.items[:-1]) + "]"
    if kind == "Permutation":
        return "(" + ";".join(unparse(i).strip() for i in e.items) + ")"
    if kind == "ListReference":
        return "{" + e.list_name + (":" + ("@" if e.is_capture else "") + e.slot_name if e.slot_name != e.list_name else "") + "}"
    if kind == "RuleReference":
        return f"<{e.rule_name}>"
    raise TypeError(kind)


def list_of(l):
    kind = type(l).__name__
    if kind == "WildcardSlotList":
        return {"wildcard": True}
    if kind == "RangeSlotList":
        given = {"from": l.start, "to": l.stop, "step": l.step, "multiplier": l.multiplier, "digits": l.digits, "words": l.words,
                 "fractions": l.fraction_type and l.fraction_type.value, "words_language": l.words_language}
        return {"range": {k: v for k, v in given.items() if v is not None}}
    return {"values": [{k: v for k, v in (("in", unparse(v.text_in)), ("out", v.value_out), ("context", v.context)) if v is not None}
                       for v in l.values]}


def plain(values):
    return {k: float(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else v for k, v in values.items()}


class Comparison:
    def __init__(self, build):
        self.program = os.path.join(build, "tragus")
        self.counts, self.different, self.test = {}, [], ""

    def tragus(self, text, intents, slot_lists, expansion_rules, skip_words, context, language, options):
        d = copy.deepcopy(intents.tragus_source)
        d["language"] = language or d["language"]
        d["lists"] = {name: list_of(l) for name, l in {**intents.slot_lists, **(slot_lists or {})}.items()}
        d.setdefault("expansion_rules", {}).update({name: unparse(s) for name, s in (expansion_rules or {}).items()})
        d["skip_words"] = list(skip_words or []) + list(intents.skip_words)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            yaml.safe_dump(d, f, allow_unicode=True, sort_keys=False)
            f.flush()
            for k, v in (context or {}).items():
                v = v.get("value") if isinstance(v, dict) else v
                options = options + (["--context", f"{k}={v}"] if v is not None else [])
            r = subprocess.run([self.program, "match", "--all", "-g", f.name, *options, text], capture_output=True, text=True, check=False)
        return json.loads(r.stdout) if r.stdout else {"intent": None, "readings": []}

    def compare(self, name, function, text, intents, slot_lists=None, expansion_rules=None, skip_words=None, intent_context=None,
                default_response="default", allow_unmatched_entities=False, language=None, **best):
        result = function(text, intents, slot_lists=slot_lists, expansion_rules=expansion_rules, skip_words=skip_words,
                          intent_context=intent_context, default_response=default_response,
                          allow_unmatched_entities=allow_unmatched_entities, language=language, **best)
        results = list(result) if name == "recognize_all" else [] if result is None else [result]
        ours = self.tragus(text, intents, slot_lists, expansion_rules, skip_words, intent_context, language,
                           ["--unmatched"] if allow_unmatched_entities else [])
        theirs = [(r.intent.name, plain({k: e.value for k, e in r.entities.items()}), sorted(r.unmatched_entities)) for r in results]
        readings = [(r["intent"], plain(r["slots"]), []) for r in ours["readings"] if r["intent"] is not None]
        if "unmatched" in ours:
            readings = [(ours["would_be"], None, sorted(u["slot"] for u in ours["unmatched"]))]
        if allow_unmatched_entities and readings and readings[0][2]:
            kind, same = "unmatched", any((i, u) == (readings[0][0], readings[0][2]) for i, _, u in theirs)
        elif name == "recognize_best":
            kind, same = "best", theirs[:1] == readings[:1]
        else:
            kind, same = "all", all(t in readings for t in theirs if not t[2]) and bool(readings) == any(not t[2] for t in theirs)
        self.counts.setdefault(kind, [0, 0])[0 if same else 1] += 1
        if not same:
            self.different.append((self.test, kind, text, theirs, readings))
        return iter(results) if name == "recognize_all" else result

    # pytest's hooks
    def pytest_collection_modifyitems(self, items):
        for module in {item.module for item in items}:
            for name in ("recognize", "recognize_all", "recognize_best"):
                if hasattr(module, name):
                    setattr(module, name, functools.partial(self.compare, name, getattr(module, name)))

    def pytest_runtest_setup(self, item):
        self.test = item.name


def main(build, hassil):
    sys.path.insert(0, hassil)
    from hassil.intents import Intents
    from_dict = Intents.from_dict

    def remember(input_dict):
        intents = from_dict(input_dict)
        intents.tragus_source = copy.deepcopy(input_dict)
        return intents
    Intents.from_dict = staticmethod(remember)
    comparison = Comparison(os.path.abspath(build))
    failed = pytest.main(["-q", "-p", "no:cacheprovider", os.path.join(hassil, "tests", "test_recognize.py")], plugins=[comparison])
    print("\n| calls | agree | differ, with a reason | differ |\n|---|---|---|---|")
    for kind, (same, other) in sorted(comparison.counts.items()):
        explained = sum(d[1] == kind and d[0] in REASONS for d in comparison.different)
        print(f"| {kind} | {same} | {explained} | {other - explained} |")
    unexplained = 0
    for test, kind, text, theirs, ours in comparison.different:
        unexplained += test not in REASONS
        print(f"{test}: \"{text}\" ({kind}): {REASONS.get(test, 'no reason is known')}\n    hassil {theirs}\n    tragus {ours}")
    return 1 if failed or unexplained else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
