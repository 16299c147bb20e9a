#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make the texts that the synthetic voices read.

The acoustic model learns only from sounds that occur in its training data, so there are many texts of
many kinds: home commands from Home Assistant's sentence templates with all sorts of names; numbers,
times and dates; spelled letters; single words and short sequences drawn evenly from the pronouncing
dictionary, for phone pairs that are rare in prose; common words, alone and beside words that sound
similar; requests to an assistant; and prose from WordNet. Every word of a text is in the dictionary.

Usage: texts.py --n N --seed S --templates DIR --dictionary FILE --wordnet DIR > texts.tsv
Output: one text per line, `kind<TAB>text`, lower case, words only. The same arguments give the same lines.
"""

import argparse
import collections
import pathlib
import random
import re
import sys

import yaml

# The share of each kind among the texts, in percent.
SHARES = {"home": 26, "assistant": 18, "prose": 18, "words": 10, "common": 12, "numbers": 9, "letters": 7}

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen").split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
            "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth "
            "twentieth").split()
MONTHS = ("january february march april may june july august september october november "
          "december").split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight".split()
UNITS = "second minute hour day week month year".split()


def number_words(n, rng):
    """Return one of the usual spoken forms of an integer 0 <= n < 1,000,000."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        if n % 100 and rng.random() < 0.15:                       # "three twenty five"
            tail = n % 100
            head = ONES[n // 100]
            return head + (" oh " + ONES[tail] if tail < 10 else " " + number_words(tail, rng))
        head = ("a" if n < 200 and rng.random() < 0.3 else ONES[n // 100]) + " hundred"
        if n % 100 == 0:
            return head
        return head + (" and " if rng.random() < 0.4 else " ") + number_words(n % 100, rng)
    head = number_words(n // 1000, rng) + " thousand"
    return head + (" " + number_words(n % 1000, rng) if n % 1000 else "")


class Templates:
    """Draws random sentences from sentence templates. Not a matcher."""

    def __init__(self, folder, rng):
        self.rng = rng
        self.rules, self.lists, self.sentences = {}, {}, []
        for path in sorted(pathlib.Path(folder).glob("rules/en/*.yaml")):
            self.rules.update(yaml.safe_load(path.read_text()).get("expansion_rules", {}))
        lists = sorted(pathlib.Path(folder).glob("lists/*.yaml"))
        lists += sorted(pathlib.Path(folder).glob("lists/en/*.yaml"))
        for path in lists:
            self.lists.update(yaml.safe_load(path.read_text()).get("lists", {}))
        for path in sorted(pathlib.Path(folder).glob("sentences/en/*/*.yaml")):
            blocks = yaml.safe_load(path.read_text()).get("data", [])
            drawn = [s for block in blocks for s in block.get("sentences", [])]
            if drawn:
                self.sentences.append(drawn)
        self.names = {}

    def draw(self):
        """Return one sentence. The file and then a template in it are drawn uniformly."""
        return self.expand(self.rng.choice(self.rng.choice(self.sentences)), 0)

    def expand(self, template, depth):
        self.text, self.at, keep = template, 0, (getattr(self, "text", ""), getattr(self, "at", 0))
        out = self.group("", depth)
        self.text, self.at = keep
        return out

    def group(self, closing, depth):
        """Parse up to `closing` and return one expansion."""
        choices, items, permuted = [], [""], False
        while self.at < len(self.text) and self.text[self.at] != closing:
            char = self.text[self.at]
            self.at += 1
            if char == "|":
                choices.append(items)
                items = [""]
            elif char == ";":
                items.append("")
                permuted = True
            elif char == "(":
                items[-1] += self.group(")", depth)
            elif char == "[":
                inside = self.group("]", depth)
                items[-1] += inside if self.rng.random() < 0.5 else ""
            elif char in "{<":
                end = self.text.index("}" if char == "{" else ">", self.at)
                name = self.text[self.at:end]
                self.at = end + 1
                items[-1] += self.value(name, depth) if char == "{" else self.rule(name, depth)
            elif char == "\\":
                items[-1] += self.text[self.at]
                self.at += 1
            else:
                items[-1] += char
        self.at += 1
        choices.append(items)
        items = self.rng.choice(choices)
        if permuted:
            self.rng.shuffle(items)
            return " " + " ".join(items) + " "
        return items[0]

    def rule(self, name, depth):
        return self.expand(self.rules[name], depth + 1) if name in self.rules and depth < 12 else ""

    def value(self, name, depth):
        """Return one spoken value of a list; lists that each home fills itself get made-up names."""
        name = name.split(":")[0]
        listed = self.lists.get(name, {})
        if "range" in listed:
            r = listed["range"]
            n = self.rng.randrange(r["from"], r["to"] + 1, r.get("step", 1))
            return ("minus " if n < 0 else "") + number_words(abs(n), self.rng)
        if listed.get("values"):
            value = self.rng.choice(listed["values"])
            return self.expand(str(value["in"] if isinstance(value, dict) else value), depth + 1)
        return self.names[name]() if name in self.names else self.names["name"]()


class Prose:
    """Definitions and examples from WordNet (Fellbaum, 1998), whole or an excerpt of 3 to 14 words."""

    def __init__(self, folder, known, rng):
        self.rng, self.lines, self.counts = rng, [], collections.Counter()
        for path in sorted(pathlib.Path(folder).glob("data.*")):
            for line in open(path, encoding="latin-1"):
                for part in line.rpartition(" | ")[2].split(";") if " | " in line else ():
                    words = re.sub(r"[^a-z' ]+", " ", part.lower()).replace(" '", " ").split()
                    self.counts.update(w for w in words if w in known)
                    if len(words) >= 3 and all(w in known for w in words):
                        self.lines.append(words)

    def draw(self):
        """Return one text of 3 to 14 words."""
        words = self.rng.choice(self.lines)
        n = min(len(words), self.rng.randrange(3, 15))
        start = self.rng.randrange(len(words) - n + 1)
        return " ".join(words[start:start + n])


NAMES = """lamp ceiling light|floor lamp|desk lamp|bedside lamp|reading light|night light|hall light
|strip|spot lights|fairy lights|christmas tree|chandelier|porch light|garden lights|flood light|heater
|radiator|thermostat|air conditioner|ceiling fan|desk fan|extractor fan|humidifier|dehumidifier
|air purifier|kettle|coffee machine|toaster|oven|microwave|dishwasher|washing machine|dryer|fridge
|freezer|television|tv|speaker|sound bar|stereo|radio|projector|computer|printer|router|camera|doorbell
|front door|back door|side gate|garage door|blinds|left curtain|right curtain|shutters|awning|skylight
|window|vacuum|robot|lawn mower|sprinkler|pump|pool heater|hot tub|sauna|towel rail|boiler|water heater
|plug|socket|outlet|switch|dimmer|siren|alarm|sensor|motion sensor|smoke detector|aquarium|terrarium
|bird feeder|cat flap|car charger|electric car|bike charger|solar panel|battery|movie time|good night
|party mode|dinner|relax|morning routine|game console|playstation|media player|record player""".replace("\n", "").split("|")
AREAS = """kitchen|bedroom|living room|dining room|bathroom|hallway|hall|office|study|garage|garden|patio
|porch|basement|attic|loft|nursery|guest room|kids room|playroom|laundry room|utility room|pantry|closet
|stairs|landing|balcony|terrace|conservatory|workshop|shed|barn|pool|gym|library|master bedroom
|upstairs bathroom|entrance|lounge|den|cellar|greenhouse|driveway|backyard|front yard""".replace("\n", "").split("|")
FLOORS = "first floor|second floor|ground floor|upstairs|downstairs|basement|attic|top floor".split("|")
ADJECTIVES = """big|small|large|medium|little|tall|old|new|red|blue|green|white|black|yellow|purple|pink
|orange|brown|grey|dark|light|warm|cold|hot|iced|sweet|bitter|strong|mild|fresh|extra|double|single|triple
|half|full|low|high|fast|slow|soft|loud|quiet|left|right|upper|lower|middle|inner|outer""".replace("\n", "").split("|")
FOOD = """pizza|burger|sandwich|salad|soup|pasta|rice|noodles|chicken|beef|fish|tofu|cheese|bread|bagel|toast
|eggs|bacon|sausage|pancakes|waffles|cereal|oatmeal|yogurt|apples|bananas|oranges|grapes|strawberries
|potatoes|carrots|onions|tomatoes|lettuce|cucumber|mushrooms|garlic|ginger|butter|cream|milk|sugar|flour
|salt|pepper|cinnamon|vanilla|chocolate|caramel|honey|syrup|jam|lemonade|orange juice|apple juice|water
|sparkling water|tea|green tea|coffee|espresso|cocoa|soda|beer|wine|smoothie|milkshake|ice cream|cookies
|brownies|cake|pie|muffin|donut|croissant|batteries|paper towels|toilet paper|soap|shampoo|toothpaste
|dog food|cat litter|light bulbs|trash bags|detergent|sponges|napkins""".replace("\n", "").split("|")
QUANTITIES = """a|an|one|two|three|four|five|six|a few|some|a bottle of|a box of|a bag of|a cup of|two cups of
|a pound of|a dozen|a slice of|a piece of|half a|lots of|a lot of|a little|no|less|more|extra|a can of
|a glass of|a bowl of|a pack of|plenty of|just a bit of|without|with""".replace("\n", "").split("|")

ASSISTANT = [
    "what is the weather [like] {day}", "will it rain {day}", "what time is it [in {place}]",
    "what is the (time|date|temperature) [outside|inside]", "how (far|long) is it to {place}",
    "set (a|an|another|the) {n} minute timer [for the {food}]", "set a timer for {duration}",
    "wake me [up] at {time} [{day}]", "set an alarm for {time} [{day}]", "cancel (the|my|all) (timer|timers|alarm|alarms)",
    "remind me to (call|visit|pay|feed|email|thank|pick up) {person} [at {time}|{day}|in {duration}]",
    "(play|put on|start|queue) {music} [by {person}] [in the {area}]", "(skip|pause|stop|resume|repeat) [this|the] [song|music|track|video|radio]",
    "next [song|track|station|chapter|episode|page]", "(volume|louder|quieter|softer) [up|down|please]",
    "turn (it|the volume|the music|the sound) (up|down) [a little|a lot|by {n} percent]", "set the volume to {n} [percent]",
    "add {quantity} {food} [and {quantity} {food}] to (my|the|our) (shopping|grocery|to do) list",
    "(can i|could i|may i|i would like to|i want to|let me) (have|get|order) {quantity} [{adjective}] {food} [with {quantity} {food}] [please]",
    "(give|get|bring|make|find|order|buy) me {quantity} [{adjective}] {food} [and {quantity} {food}] [with {quantity} {food}]",
    "{quantity} {adjective} {food} with {quantity} {food} and {quantity} {food}",
    "(call|text|message|phone) {person} [on the (mobile|phone)]", "tell {person} [that] (i am|we are) (late|home|busy|on the way|ready)",
    "(read|show|open|close|delete|send) (my|the|this|that) (message|messages|mail|email|news|calendar|list|photo|photos|window|door|file)",
    "what is on my (calendar|list|schedule) [for] {day}", "how do you (say|spell) {word} [in (french|german|spanish|italian)]",
    "what is {n} (plus|minus|times|divided by) {n}", "how many {food} are in {quantity} {food}",
    "who (is|was|wrote|sings|played|invented) {person}", "define {word}", "tell me (a joke|a story|the news|about {word}|more)",
    "(good|hello|hi|hey) [morning|evening|night|afternoon|there] [{person}]", "(thank you|thanks|yes|no|okay|stop|cancel|never mind|help|go|up|down|left|right|on|off)",
    "(start|stop|pause|resume|cancel) [the] (timer|vacuum|washing machine|music|recording|workout|game)",
    "(take|make|drive|go|turn) (left|right|back|a note|a picture|home|slower|faster)", "(lock|unlock|open|close|check) the {name} [in the {area}]",
    "(turn|switch) (on|off) the {name} [in the {area}] [in {duration}]", "(dim|brighten|set) the {area} (light|lights|lamp) to {n} percent",
    "make (it|the {area}) (warmer|cooler|brighter|darker) [please]", "(is|are) the {name} (on|off|open|closed|locked|running)",
    "set the (temperature|thermostat|heating|cooling|{name}) [in the {area}] to {n} [degrees]", "my (name|number|birthday|address) is {word}",
]
PLACES = "london|paris|new york|berlin|tokyo|chicago|boston|sydney|rome|madrid|the office|the airport|school|work|home|the station".split("|")
MUSIC = "some music|jazz|classical music|rock|pop|the radio|the news|my playlist|country|blues|something relaxing|an audio book|a podcast|the next album|christmas songs".split("|")


class Texts:
    """Draws texts of all kinds with one seeded generator."""

    def __init__(self, arguments):
        self.rng = random.Random(arguments.seed)
        self.known, weird = {}, re.compile(r"[^a-z']")
        for line in open(arguments.dictionary, encoding="latin-1"):
            word, *phones = line.split()
            if "(" not in word and not weird.search(word):
                self.known[word.lower()] = tuple(phones)
        self.words = sorted(w for w in self.known if len(w) > 1)
        self.home = Templates(arguments.templates, self.rng)
        fill = {
            "name": self.device, "area": lambda: self.pick(AREAS), "floor": lambda: self.pick(FLOORS),
            "item": lambda: self.pick(FOOD), "n": lambda: number_words(self.rng.randrange(0, 101), self.rng),
            "food": lambda: self.pick(FOOD), "quantity": lambda: self.pick(QUANTITIES),
            "adjective": lambda: self.pick(ADJECTIVES), "person": self.person, "place": lambda: self.pick(PLACES),
            "music": lambda: self.pick(MUSIC), "word": lambda: self.pick(self.words), "day": lambda: self.pick(DAYS),
            "time": self.time, "duration": self.duration,
        }
        self.home.names = fill
        self.prose = Prose(arguments.wordnet, self.known, self.rng)
        self.common = [w for w, n in self.prose.counts.most_common(6000) if len(w) > 1]
        self.common_weights = [self.prose.counts[w] ** 0.4 for w in self.common]
        self.near = collections.defaultdict(set)                    # phones with a wildcard -> common words
        for word in self.common[:3000]:
            for pattern in self.patterns(word):
                self.near[pattern].add(word)

    def pick(self, items):
        return self.rng.choice(items)

    def person(self):
        return " ".join(self.pick(self.words) for _ in range(self.rng.choice((1, 1, 2))))

    def device(self):
        """Return a device name as people use them: a thing, often with a room, a colour, an owner or a number."""
        r, thing = self.rng.random(), self.pick(NAMES)
        if r < 0.3:
            return thing
        if r < 0.55:
            return self.pick(AREAS) + " " + thing
        if r < 0.7:
            return self.pick(ADJECTIVES) + " " + thing
        if r < 0.85:
            return self.pick(self.words) + " " + thing
        return thing + " " + self.pick(ONES[:10])

    def time(self):
        hour, minute = self.rng.randrange(1, 13), self.rng.choice((0, 0, 5, 10, 15, 20, 25, 30, 40, 45, 50, 55, 17, 42))
        r = self.rng.random()
        if minute == 0:
            return ONES[hour] + self.pick((" o'clock", "", " a m", " p m"))
        if r < 0.25 and minute in (15, 30, 45):
            if minute == 45:
                return "quarter to " + ONES[hour % 12 + 1]
            return ("quarter" if minute == 15 else "half") + " past " + ONES[hour]
        said = ("oh " if minute < 10 else "") + number_words(minute, self.rng)
        return ONES[hour] + " " + said + self.pick(("", " a m", " p m"))

    def duration(self):
        n, unit = self.rng.randrange(1, 61), self.pick(UNITS[:3] + UNITS)
        out = number_words(n, self.rng) + " " + unit + ("s" if n > 1 else "")
        if self.rng.random() < 0.15:
            out += self.pick((" and a half", " and " + number_words(self.rng.randrange(1, 60), self.rng) + " seconds"))
        return out

    def numbers(self):
        r, rng = self.rng.random(), self.rng
        if r < 0.3:
            return " ".join(self.pick(ONES[:10] + ["oh"]) for _ in range(rng.randrange(1, 9)))
        if r < 0.5:
            return " ".join(number_words(int(10 ** rng.uniform(0, 5.5)), rng) for _ in range(rng.randrange(1, 3)))
        if r < 0.6:
            return self.time()
        if r < 0.75:
            day = self.pick(ORDINALS) if rng.random() < 0.7 else self.pick(("twenty", "thirty")) + " " + self.pick(ORDINALS[:9])
            year = self.pick(("", " nineteen ", " twenty ")) or ""
            return self.pick(MONTHS) + " " + day + (year + number_words(rng.randrange(10, 100), rng) if year else "")
        if r < 0.87:
            return self.duration()
        return number_words(rng.randrange(0, 101), rng) + " " + self.pick(("percent", "degrees", "dollars", "meters", "miles", "ounces", "pounds", "times", "watts"))

    def letters(self):
        out = []
        for _ in range(self.rng.randrange(1, 10)):
            out.append(self.pick("abcdefghijklmnopqrstuvwxyz"))
        if self.rng.random() < 0.4:
            out[self.rng.randrange(len(out)):] = [self.pick(ONES[:10]) for _ in range(self.rng.randrange(1, 6))]
        return " ".join(out)

    def isolated(self):
        return " ".join(self.pick(self.words) for _ in range(self.rng.choice((1, 1, 2, 2, 3, 4, 5, 6))))

    def patterns(self, word):
        """Return the phones with a wildcard for each phone or at each gap: words with a common pattern differ by one phone at most."""
        phones = self.known[word]
        return [phones[:i] + ("?",) + phones[i + 1:] for i in range(len(phones))] + [phones[:i] + ("?",) + phones[i:] for i in range(len(phones) + 1)]

    def common_words(self):
        """Return one to three common words; half of the time with a word added that could be mistaken for one of them."""
        words = self.rng.choices(self.common, self.common_weights, k=self.rng.choice((1, 1, 2, 3)))
        if self.rng.random() < 0.5:
            near = sorted(set().union(*(self.near[p] for p in self.patterns(words[-1]) if p in self.near)) - {words[-1]})
            if near:
                words.insert(self.rng.randrange(len(words)), self.pick(near))
        return " ".join(words)

    def draw(self):
        """Return (kind, text)."""
        make = {"home": self.home.draw, "assistant": lambda: self.home.expand(self.pick(ASSISTANT), 0),
                "prose": self.prose.draw, "words": self.isolated, "common": self.common_words, "numbers": self.numbers, "letters": self.letters}
        while True:
            kind = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
            text = make[kind]().lower().replace("%", " percent ").replace("°", " degrees ").replace("-", " ").replace("’", "'")
            text = re.sub(r"\d+", lambda m: " " + number_words(int(m[0]) % 1000000, self.rng) + " ", text)
            words = text.split()
            if 1 <= len(words) <= 18 and all(w in self.known for w in words):
                return kind, " ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, required=True, help="how many texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--templates", required=True, help="folder with sentences/, rules/ and lists/")
    parser.add_argument("--dictionary", default="/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict")
    parser.add_argument("--wordnet", default="/usr/share/wordnet", help="folder with data.noun and the like")
    texts = Texts(parser.parse_args())
    for _ in range(parser.parse_args().n):
        sys.stdout.write("\t".join(texts.draw()) + "\n")


if __name__ == "__main__":
    main()
