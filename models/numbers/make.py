#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes models/numbers/TAG.yaml: how languages say numbers, from CLDR's spell-out rules, as ICU has them (python3-icu).

make.py [FOLDER [TAG...]]: all languages that ICU has rules for, except English, which has its own in models/en/language.yaml.

The rules are taken over as they are, with these changes: only the sets that say whole numbers, decimals and ordinals up to a
billion, and those that they use; a soft hyphen is a hyphen, because that may be a blank or nothing in a template; words that
depend on the plural, `$(cardinal,one{...}other{...})$`, become a set of their own; several forms of a language (zh, zh_Hant) are
in one file. A set that uses more of ICU than src/grammar/numbers.h has is left out, with a line on the standard error.
"""
import os
import re
import sys

try:
    import icu
    import yaml
except ImportError as e:
    sys.exit(f"make.py: needs python3-icu and python3-yaml: {e}")

OTHER_FORMS = {"de": ["de_CH"], "es": ["es_419"], "fr": ["fr_BE", "fr_CH"], "pt": ["pt_PT"], "sr": ["sr_Latn"], "zh": ["zh_Hant"]}
LIMIT = 10**9  # from here on, numbers have no words
# What is written on cheques is not said otherwise; days of the month and years in Japanese are no numbers.
NOT_SAID = re.compile(r"financial|numbering-days|year-latn")
# Letters that CLDR's Romanian has in an old spelling: cedillas for commas.
OLD_LETTERS = {"ro": str.maketrans("şţŞŢ", "șțȘȚ")}
LATIN_I = re.compile("(?<=[а-яў])i|i(?=[а-яў])")  # among Cyrillic letters, in Belarusian
SOFT = re.compile("[\u00ad\u200b]")  # soft hyphen, zero-width space


CARDINAL, ORDINAL = "%spellout-(numbering|cardinal)", "%spellout-ordinal"


class Unsupported(Exception):
    pass


class Form:
    """The rules of a locale, and those of them that are used."""

    def __init__(self, locale, prefix=""):
        self.prefix = prefix  # of our names of its sets
        self.locale = icu.Locale(locale)
        self.format = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, self.locale)
        self.plural = icu.PluralRules.forLocale(self.locale)
        self.sets, self.plurals = {}, {}
        name = None
        for line in re.split(r";?\s*\n", self.format.getRules()):
            if line.startswith("%") and line.endswith(":") and " " not in line:
                name = line[:-1]
                self.sets[name] = []
            elif line.strip():
                base, text = line.split(":", 1)
                self.sets[name].append((base.strip(), text[1:] if text.startswith(" ") else text))

    def name(self, icu_name):
        return self.prefix + re.sub(r"^%(spellout-|%)", "", icu_name)

    def chosen(self, kind):
        """The names of the public sets that say numbers of a kind."""
        return [s for s in self.sets if re.match(kind, s) and not NOT_SAID.search(s)]

    def plural_set(self, text):
        """Returns the name of a set that says the word of `cardinal,one{a}other{b}` for a number."""
        if text in self.plurals:
            return self.plurals[text][0]
        if not text.startswith("cardinal,"):
            raise Unsupported(text)
        words = dict(re.findall(r"(\w+)\{([^}]*)\}", text))
        name = f"plural-{len(self.plurals) + 1}"
        self.plurals[text] = (name, self.plural_rules(name, lambda n: words.get(self.plural.select(n), words["other"])))
        return name

    def plural_rules(self, name, word):
        """Rules for a word that depends on the last two digits of a number, except in the first hundred."""
        def runs(offset):
            return [(n, word(n + offset)) for n in range(100) if n == 0 or word(n + offset) != word(n + offset - 1)]
        if any(word(n) != word(100 + n % 100) for n in list(range(100, 2000)) + list(range(10**6 - 200, 10**6))):
            raise Unsupported(f"the plural of {word(2)}")
        first, later = runs(0), runs(100)
        rules = {name: [(str(n), w) for n, w in first]}
        if len(first) == 1 and first == later:
            return rules
        if first == later:
            rules[name].append(("100", ">>"))
        else:
            rules[name].append(("100", f">{self.name(name + '-later')}>"))
            rules[name + "-later"] = [(str(n), w) for n, w in later]
        return rules

    def convert_text(self, own, text, used):
        """Returns a rule's text in our form, and adds the sets that it uses."""
        if text.startswith("'"):
            text = text[1:]
            text = "'" + text if text.startswith(" ") or text == "" else text
        if re.search(r"[()\[\]{}|;@\\]", re.sub(r"\$\(.*?\)\$", "", text)):
            raise Unsupported(text)
        out = ""
        for part in re.findall(r"\$\(.*?\)\$|<[^<]*<|>>>|>[^>]*>|=[^=]*=|[^$<>=]+|.", text):
            sign, inside = part[0], part[1:-1]
            if part.startswith("$("):
                used.add(self.plural_set(part[2:-2]))
                out += f"<{self.name(self.plural_set(part[2:-2]))}<"
            elif sign in "<>=" and (inside in ("", ">") and sign != "="):
                out += part
            elif sign in "<>=" and len(part) > 2 and inside.startswith("%"):
                if inside not in self.sets:
                    raise Unsupported(text)
                used.add(inside)
                out += sign + sign if inside == own and sign != "=" else f"{sign}{self.name(inside)}{sign}"
            elif sign == "=" and re.fullmatch(r"[#0,.]+", inside):
                return "=#="
            elif sign in "<>=$":
                raise Unsupported(text)
            else:
                out += SOFT.sub("-", part)
        return out

    def joins_digits(self, name):
        """Whether decimals stand without blanks between them. ICU's text of the rules does not tell."""
        if name.startswith("%%"):
            return False
        def words(number):
            return self.format.format(number)
        self.format.setDefaultRuleSet(name)
        return words(2) + words(5) in words(1.25)

    def convert(self, name):
        """Returns the rules of a set in our form, and the sets that they use."""
        rules, used, closed = [], set(), False
        for base, text in self.sets[name]:
            radix = re.fullmatch(r"(\d+)(?:/(\d+))?(>*)", base)
            if radix and radix.group(3):
                raise Unsupported(base)
            if base in ("x,x", "x.x") and any(b == "x,x" for b, t in self.sets[name]):
                if base != "x,x":
                    continue
                base = "x.x"
            if not radix and base not in ("-x", "x.x", "0.x"):
                if base in ("Inf", "NaN"):
                    continue
                raise Unsupported(base)
            if radix and int(radix.group(1)) >= LIMIT:
                closed = True
                continue
            converted = self.convert_text(name, text, used)
            if radix and ">>>" in converted:
                raise Unsupported(text)
            if base in ("x.x", "0.x") and self.joins_digits(name):
                converted = converted.replace(">>", ">>>")
            rules.append((base, converted + "'" if converted.endswith(" ") else converted))
        if closed:
            rules.append((str(LIMIT), "=#="))
        return rules, used

    def is_alias(self, rules, kind):
        """Whether a set only names another one that is chosen, too."""
        rules = [r for r in rules if r[1] != "=#="]
        return len(rules) == 1 and rules[0][0] == "0" and rules[0][1] in [f"={self.name(s)}=" for s in self.chosen(kind)]

    def collect(self, kind):
        """Returns the converted sets that say numbers of a kind, and all that these use."""
        said, sets = [], {}
        for name in self.chosen(kind):
            found, todo = {}, [name]
            try:
                while todo:
                    s = todo.pop()
                    if s in found or s in sets:
                        continue
                    if not s.startswith("%"):
                        plural = next(p[1] for p in self.plurals.values() if p[0] == s)
                        found.update({k: v for k, v in plural.items()})
                        continue
                    found[s], used = self.convert(s)
                    todo += sorted(used)
            except Unsupported as e:
                print(f"{self.locale.getName()}: {name} is left out: {e}", file=sys.stderr)
                continue
            if kind == CARDINAL and any("ordinal" in s for s in found) or self.is_alias({**sets, **found}[name], kind):
                continue
            said.append(name)
            sets.update(found)
        return said, sets


def ordinal_signs(locale):
    """Returns what stands behind the digits of an ordinal: "e" for French "2e"."""
    f = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.ORDINAL, locale)
    signs = set()
    for i in range(f.getNumberOfRuleSetNames()):
        for n in range(1, 125):
            f.setDefaultRuleSet(f.getRuleSetName(i))
            m = re.fullmatch(r"(\d+)(\D+)", f.format(n))
            if m and m.group(1) == str(n) and any(c.isalpha() for c in m.group(2)) and " " not in m.group(2):
                signs.add(m.group(2).lower())
    return signs


def also(tag):
    """Returns what also.yaml has: the sets that say more than CLDR's, all further sets, and how times are said."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "also.yaml"), encoding="utf-8") as f:
        sets = yaml.safe_load(f).get(tag, {})
    clock = sets.pop("clock", {})
    text = "".join(sets.values())
    said = [name for name in sets if not any(sign + name + sign in text for sign in "<>=")]
    return said, {name: [tuple(line.split(": ", 1)) for line in rules.splitlines()] for name, rules in sets.items()}, clock


def quoted(texts):
    return "[" + ", ".join('"%s"' % t for t in texts) + "]"


def write(folder, tag):
    forms = [Form(tag)] + [Form(l, l.replace(tag + "_", "").lower() + "-") for l in OTHER_FORMS.get(tag, [])]
    cardinal, ordinal, blocks, signs = [], [], {}, set()
    for form in forms:
        if form is not forms[0] and form.format.getRules() == forms[0].format.getRules():
            continue
        signs |= ordinal_signs(form.locale)
        for kind, names in ((CARDINAL, cardinal), (ORDINAL, ordinal)):
            said, sets = form.collect(kind)
            names += [form.name(s) for s in said]
            for name in list(form.sets) + sorted(set(sets) - set(form.sets)):
                if name in sets:
                    blocks[form.name(name)] = sets[name]
    if not cardinal:
        return
    more, sets, clock = also(tag)
    cardinal += more
    blocks.update(sets)
    cardinal.sort(key=lambda c: c not in ("numbering", "cardinal", "cardinal-masculine"))  # usual first; digits are said in its words
    name = icu.Locale(tag).getDisplayLanguage(icu.Locale("en"))
    with open(os.path.join(folder, tag + ".yaml"), "w", encoding="utf-8") as f:
        f.write("# SPDX-License-Identifier: Unicode-DFS-2016\n")
        f.write(f"# Numbers in {name} words: CLDR's rules, as ICU {icu.ICU_VERSION} has them. Written by models/numbers/make.py.\n")
        f.write(f"language: {tag}\nnumbers:\n")
        f.write(f"  cardinal: {quoted(cardinal)}\n")
        if ordinal:
            f.write(f"  ordinal: {quoted(ordinal)}\n")
            if signs:
                f.write(f"  ordinal_signs: {quoted(sorted(signs))}\n")
        group = icu.DecimalFormatSymbols(icu.Locale(tag)).getSymbol(icu.DecimalFormatSymbols.kGroupingSeparatorSymbol)
        if not group.isspace():
            f.write(f'  group: "{group}"\n')
        f.write("  rules:\n")
        for set_name, rules in blocks.items():
            f.write(f"    {set_name}: |\n")
            for base, text in rules:
                f.write(LATIN_I.sub("і", f"      {base}: {text}".rstrip().translate(OLD_LETTERS.get(tag, {}))) + "\n")
        f.write("clock:\n" if clock else "")
        for minutes, ways in clock.items():
            f.write(f'  "{minutes}": {quoted(ways) if isinstance(ways, list) else quoted([ways])[1:-1]}\n')


def main(folder, *tags):
    if not tags:
        found = sorted({icu.Locale(l).getLanguage() for l in icu.Locale.getAvailableLocales()})
        tags = [t for t in found if t != "en" and Form(t).format.getLocale().getLanguage() == t]
    for tag in tags:
        write(folder, tag)


if __name__ == "__main__":
    main(*(sys.argv[1:] or [os.path.dirname(os.path.abspath(__file__))]))
