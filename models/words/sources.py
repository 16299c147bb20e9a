#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the texts of a general English language model, and hold back a part of each to measure it.

sources.py TEXTS OUT

TEXTS is the folder with free/*.txt.xz (SOURCES.md there says what each is) and home-assistant-intents. Writes OUT/train/NAME.txt and
OUT/held/NAME.txt, and OUT/weights: WEIGHT:FILE of each training text, as arguments of `tragus words build`. One block of lines in twenty is held
back; a block is about a document. Sentences of commands, numbers and spelled words are drawn from the same templates as for the acoustic
model (models/training/speech/texts.py), with other random numbers for the part that is held back.
"""

import hashlib
import lzma
import pathlib
import subprocess
import sys

TEXTS_PY = pathlib.Path(__file__).resolve().parents[1] / "training/speech/texts.py"
# How much a sentence counts: what people say to an assistant most, chats on films and old prose least.
WEIGHTS = {"hwu_slurp_requests": 8, "snips_requests": 8, "clinc_queries": 6, "botframework_requests": 6, "web_questions": 3,
           "tatoeba_everyday": 3, "common_voice_prompts": 2, "star_users": 2, "taskmaster_dialogues": 1, "polyai_restaurant_banking": 1,
           "chatterbot_talk": 3, "self_dialogues": 0.6, "fiction_speech": 0.6, "fiction_narrative": 0.4, "state_of_the_union": 0.3,
           "hwu_slurp_slots": 6, "snips_names": 2, "botframework_slots": 6, "usda_foods": 2, "ingredient_names": 6, "corpora_foods": 3,
           "corpora_titles": 2, "corpora_people_things": 2, "chart_songs_artists": 1, "film_titles": 0.5, "films_songs_538": 2,
           "first_names": 1, "common_names_538": 6, "city_names": 1}
DRAWN = {"home": 1, "assistant": 1, "numbers": 1, "letters": 1}
N_DRAWN = {"train": (120000, 11), "held": (4000, 12)}
SMALL, SMALL_BLOCK, BLOCK = 20000, 20, 200


def is_held(name, line, n_lines):
    block = line // (BLOCK if n_lines > SMALL else SMALL_BLOCK)
    return int(hashlib.md5(f"{name} {block}".encode()).hexdigest(), 16) % 20 == 0


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    texts, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for part in ("train", "held"):
        (out / part).mkdir(parents=True, exist_ok=True)
    for name in WEIGHTS:
        lines = lzma.open(texts / "free" / f"{name}.txt.xz", "rt", encoding="utf-8").read().splitlines()
        parts = {"train": [], "held": []}
        for i, line in enumerate(lines):
            parts["held" if is_held(name, i, len(lines)) else "train"].append(line)
        for part, kept in parts.items():
            (out / part / f"{name}.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
    for part, (n, seed) in N_DRAWN.items():
        command = ["/usr/bin/python3", TEXTS_PY, "--n", str(n), "--seed", str(seed), "--templates", texts / "home-assistant-intents"]
        drawn = [line.split("\t", 1) for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()]
        for kind in DRAWN:
            (out / part / f"drawn_{kind}.txt").write_text("".join(text + "\n" for its, text in drawn if its == kind), encoding="utf-8")
    weights = WEIGHTS | {f"drawn_{kind}": weight for kind, weight in DRAWN.items()}
    (out / "weights").write_text("".join(f"{weight}:{out}/train/{name}.txt\n" for name, weight in weights.items()), encoding="utf-8")


if __name__ == "__main__":
    main()
