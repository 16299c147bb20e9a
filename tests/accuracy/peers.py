#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares other recognisers with tragus on the same recordings: coffee orders, clean and in the noise of report.py.

peers.py --shared DIR --peers DIR [--build DIR] [--model PATH] [--snr 24 18 12 6] [--only NAME...] [--limit N] --out DIR
peers.py --redraw TSV --out DIR

The recordings, SHARED/corpora/dev/coffee_dev, are written as WAV files once for each noise level. Every recogniser runs on those files
on one thread, and gets the grammar in a form that it can use. PocketSphinx gets the whole grammar as JSGF. Vosk, whose grammar is a list
of sentences, gets SENTENCES random ones. Moonshine takes no grammar; it gets only the speech of each clip, made loud, as its own
program would get it from a voice detector. The speech is located in the clean recording, so that noise has no influence on that.
`peers/setup DIR` fetches the peers; a missing one is not run. streams.py and removed_words.py run those of listeners().

peers/grammar.py scores. Strict: the text itself is a sentence with exactly the labelled slots. Near: the sentence nearest to the text by
characters has exactly the labelled slots. Each recording contains one order: if several utterances are recognised, the one with most
words counts, as in `tragus evaluate`, and the number of such recordings is reported. CPU time is that of the whole process without
loading, divided by the length of the recordings. The loading time is measured by a run on the first clip alone. Memory is the peak of a
run. Writes OUT/peers.md, OUT/peers.json (with each recognised text), OUT/peers.tsv and OUT/peers.png (with matplotlib), and prints the
tables. --redraw draws the plot from a peers.tsv without measuring. Intervals are Wilson's, 95 %.
"""

import argparse
import csv
import dataclasses
import json
import math
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GRAMMAR = HERE.parent / "data" / "grammars" / "coffee.yaml"
PEERS = HERE / "peers"
SENTENCES, SEED = 3000, 1
LEAST_CONFIDENCE = 0.8  # tragus's default
POCKETSPHINX = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
sys.dont_write_bytecode = True
sys.path[:0] = [str(PEERS), str(PEERS.parents[2] / "models" / "training")]

try:
    import numpy as np
    import soundfile

    from trials import figure
    import grammar as sentences
    import report
except ImportError as error:
    sys.exit(f"peers: Python's {error.name} is missing: apt-get install python3-numpy python3-soundfile")


@dataclasses.dataclass
class Recogniser:
    name: str
    version: str
    given: str  # the form of the grammar that it gets
    needs: dict  # path -> how to get it; the first missing one is reported
    weights: list  # paths of files and folders
    command: callable  # (list of clips without .wav, their folder, path of the grammar) -> arguments; runs in that folder
    read: callable  # a line of its output -> path of the clip, its utterances (dictionaries with "text")
    form: callable = None  # (sentences.Grammar) -> its form of the grammar; None: it does not get the grammar that way
    words: callable = set  # -> the words it knows, if it has a form of the grammar
    trimmed: bool = False  # gets the clips cut to their speech
    sure: float = None  # count it a second time with this least confidence

    def missing(self):
        """Returns None, or a sentence that says what is missing."""
        for path, mend in self.needs.items():
            if not pathlib.Path(path).exists():
                return f"{self.name} is not run: there is no {path}; {mend}"
        return None

    def give(self, known, folder):
        """Writes the grammar in its form to folder. Returns the path, or None if it does not get the grammar that way."""
        if not self.form:
            return None
        unknown = known.words() - self.words()
        if unknown:
            print(f"peers: {self.name} gets no sentences with {', '.join(sorted(unknown))}: not in its dictionary", file=sys.stderr)
        left = known.without(unknown)
        if left.tree is None:
            sys.exit(f"peers: {self.name} knows no sentence of the grammar")
        path = folder / "grammar"
        path.write_text(self.form(left), encoding="utf-8")
        return path

    def least(self):
        """Returns the least confidence with which it is counted, by the name of that count."""
        return {self.name: 0} | ({f"{self.name} from {self.sure}": self.sure} if self.sure else {})

    def weights_bytes(self):
        files = [file for path in self.weights for file in ([path] if path.is_file() else path.rglob("*"))]
        return sum(file.stat().st_size for file in files if file.is_file())


def read_tabs(line):
    path, *texts = line.split("\t")
    return path, [{"text": text} for text in texts]


def read_json(line):
    """Reads `tragus transcribe --json`, and what others print like that."""
    told = json.loads(line)
    accepted = [utterance for utterance in told["utterances"] if not utterance.get("rejected")]
    # The words as spoken, as the others give them; the text of tragus has the capitals and digits of the grammar.
    return told["file"], [utterance | {"text": utterance.get("spoken", utterance["text"])} for utterance in accepted]


def read_pocketsphinx(line):
    """Reads the text, which may be empty, and in brackets the clip and its score."""
    text, path = re.fullmatch(r"(.*?) ?\((\S+) -?\d+\)", line).groups()
    return path, [{"text": text}]


def first_words(path):
    """Returns the first word of each line of a file."""
    with open(path, encoding="utf-8") as lines:
        return {line.split()[0] for line in lines if line.strip()}


def package_version(folder):
    """Returns name and version of an npm package."""
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    return f"{package['name'].split('/')[-1]} {package['version']}"


def printed(*command):
    """Returns the output of a command; "" if it does not exist or fails."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def fetched(peers, *paths):
    """Returns the needs of a recogniser that `setup` fetches and node runs."""
    return {shutil.which("node") or "node": "apt-get install nodejs"} | {path: f"run {PEERS / 'setup'} {peers}" for path in paths}


def run_node(peers, script):
    """Returns the command of a script."""
    return lambda clips, at, grammar: ["node", PEERS / script, peers, write_list(clips, at, ".wav"), *([grammar] if grammar else [])]


def vosk(peers):
    modules, package = peers / "node_modules", peers / "vosk-english"
    model = package / "model" / "english"

    def words():
        return first_words(model / "graph" / "words.txt")

    def form(known):
        unknown = ["[unk]"] if "[unk]" in words() else []
        return "\n".join(known.draw(SENTENCES, SEED) + unknown) + "\n"

    return Recogniser("Vosk", f"{package_version(modules / 'vosk')}, {package_version(package)}", f"{SENTENCES} sentences of the grammar",
                      fetched(peers, modules / "vosk", modules / "koffi", package), [model], run_node(peers, "vosk.mjs"), read_json, form, words)


def pocketsphinx(program):
    """Returns PocketSphinx without a command. program: the one that is needed."""
    model, dictionary = POCKETSPHINX / "en-us", POCKETSPHINX / "cmudict-en-us.dict"
    return Recogniser("PocketSphinx", printed("dpkg-query", "-W", "-f", "${Version}", "pocketsphinx"), "the grammar",
                      {shutil.which(program) or program: "apt-get install pocketsphinx", model: "apt-get install pocketsphinx-en-us"},
                      [model, dictionary], None, None, lambda known: known.jsgf(), lambda: first_words(dictionary))


def pocketsphinx_options(grammar):
    return ["-hmm", POCKETSPHINX / "en-us", "-dict", POCKETSPHINX / "cmudict-en-us.dict", "-jsgf", grammar, "-logfn", "/dev/null"]


def recognisers(arguments):
    """Returns all recognisers."""
    peers, tragus = arguments.peers, arguments.build / "tragus"
    build = "build tragus there, or say --build DIR"
    model = arguments.model or arguments.build / "models" / "en"
    about = json.loads(printed(str(tragus), "model", "info", "--json", "-m", str(model)) or "{}")
    onnx, moonshine = peers / "node_modules" / "onnxruntime-node", peers / "moonshine"

    def run_tragus(*options):
        command = [tragus, "transcribe", "-g", GRAMMAR, "-m", model, "--json", *options]
        return lambda clips, at, grammar: command + [f"{clip}.wav" for clip in clips]

    def run_pocketsphinx(clips, at, grammar):
        return ["pocketsphinx_batch", *pocketsphinx_options(grammar), "-ctl", write_list(clips, at, ""), "-cepdir", at, "-cepext", ".wav",
                "-adcin", "yes", "-adchdr", "44", "-hyp", "/dev/stdout"]

    mine = dict(version=f"{printed(str(tragus), '--version').removeprefix('tragus ')}, model {about.get('crc32c')}",
                needs={tragus: build, model: build},
                weights=sorted(model.glob("*.tragus")) if model.is_dir() else [model], read=read_json)
    return [
        Recogniser("tragus", given="the grammar", command=run_tragus("--no-reject"), **mine),
        Recogniser("tragus with rejection", given="the grammar; may answer nothing", command=run_tragus(), **mine),
        vosk(peers),
        dataclasses.replace(pocketsphinx("pocketsphinx_batch"), command=run_pocketsphinx, read=read_pocketsphinx),
        Recogniser("Moonshine tiny", f"{package_version(moonshine)}, {package_version(onnx)}", "nothing; the clip cut to its speech",
                   fetched(peers, onnx, moonshine), [moonshine / "dist" / "model" / "tiny" / "quantized"],
                   run_node(peers, "moonshine.mjs"), read_tabs, trimmed=True),
    ]


def listeners(peers):
    """Returns the installed peers that find utterances in long sound themselves. Says what is missing.

    Each runs with its own defaults. Vosk is also counted with a least confidence, that of tragus, and also runs without the grammar: its
    model has no word for unknown speech, so with a grammar it makes any speech words of the grammar.
    """
    def run_pocketsphinx(clips, at, grammar):
        return [PEERS / "sphinx.py", write_list(clips, at, ".wav"), *pocketsphinx_options(grammar)]

    found = [
        dataclasses.replace(vosk(peers), sure=LEAST_CONFIDENCE),
        dataclasses.replace(vosk(peers), name="Vosk without the grammar", given="nothing", form=None),
        dataclasses.replace(pocketsphinx("pocketsphinx_continuous"), command=run_pocketsphinx, read=read_json),
    ]
    for recogniser in found:
        if recogniser.missing():
            print(f"peers: {recogniser.missing()}", file=sys.stderr)
    return [recogniser for recogniser in found if not recogniser.missing()]


def names(listening):
    """Returns the names under which accepted() counts these peers."""
    return [name for recogniser in listening for name in recogniser.least()]


def accepted(listening, grammars, clips, folder):
    """Yields what the peers accept: name of the peer, name of the grammar, and for each clip the utterances that are sentences of it.

    listening: peers of listeners(); grammars: path of each, by name; clips: WAV files in folder, without .wav.
    """
    for recogniser in listening:
        heard = None
        for name, path in grammars.items():
            known = sentences.read(path)
            if recogniser.form or heard is None:
                heard, *_ = run(recogniser, clips, folder, recogniser.give(known, folder))
            events = {clip: [utterance for utterance in heard[clip] if utterance["text"] in known] for clip in clips}
            for title, least in recogniser.least().items():
                yield title, name, {clip: [u for u in some if u.get("confidence", 1) >= least] for clip, some in events.items()}


def write_list(clips, folder, suffix):
    (folder / "list").write_text("".join(f"{clip}{suffix}\n" for clip in clips), encoding="utf-8")
    return folder / "list"


def run(recogniser, clips, folder, grammar):
    """Returns the utterances recognised in each clip, CPU seconds, and peak memory in MiB. grammar: what give() returned."""
    measured = folder / "measured"
    command = [PEERS / "measure", measured, *recogniser.command(clips, folder, grammar)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    heard = {path.removesuffix(".wav"): utterances for path, utterances in map(recogniser.read, done.stdout.splitlines())}
    if set(heard) != set(clips):
        sys.exit(f"peers: {recogniser.name} answered for {len(heard)} of {len(clips)} clips (exit code {done.returncode}); it said: "
                 + (done.stderr.strip()[-500:] or "nothing"))
    cpu_s, peak_kib = map(float, measured.read_text(encoding="ascii").split())
    return heard, cpu_s, peak_kib / 1024


def speech_in(sound):
    """Returns the first and last sample of the speech in a clean sound: the frames of 20 ms within 25 dB of the loud ones (the level
    that one frame in twenty exceeds, so that a click does not count), and 0.2 s before and after."""
    power = (sound[: len(sound) // 320 * 320].reshape(-1, 320) ** 2).mean(1)
    loud = np.flatnonzero(power > np.quantile(power, 0.95) / 10**2.5)
    margin = report.RATE // 5
    return max(0, loud[0] * 320 - margin), (loud[-1] + 1) * 320 + margin


def make_sounds(source, clips, conditions, folder):
    """Writes the clips of each condition to folder/CONDITION/, and cut to their speech to folder/CONDITION/trimmed/."""
    noises = report.Noises(source.parents[2] / "noise", "dev")
    parts = {}
    for condition, snr_db in conditions.items():
        at = folder / condition
        (at / "trimmed").mkdir(parents=True)
        report.make_noisy(source, noises, snr_db, at)
        for clip in clips:
            sound, _ = report.read(at / f"{clip}.wav")
            first, end = parts.setdefault(clip, speech_in(sound))  # from the first condition, which is clean
            part = sound[first:end]
            soundfile.write(at / "trimmed" / f"{clip}.wav", part * 0.5 / np.abs(part).max(), report.RATE, subtype="PCM_16")


def understanding(tragus):
    """understand() for grammar.score(), with `tragus match`."""
    def understand(texts):
        if not texts:
            return {}
        lines = "".join(f"{text}\n" for text in texts)
        done = subprocess.run([tragus, "match", "-g", GRAMMAR], input=lines, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"peers: tragus match failed: {done.stderr.strip()}")
        read = [json.loads(line) for line in done.stdout.splitlines()]
        return {text: match["slots"] for text, match in zip(texts, read) if match["intent"]}
    return understand


def wilson(n, of):
    """Formats a count, its share, and its 95 % interval."""
    z = 1.96
    share = n / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return {"n": n, "of": of, "share": share, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def compare(recogniser, labels, seconds, conditions, folder, known, judge):
    """Returns all results of a recogniser. seconds: length of each clip; known: the grammar; judge(heard): score of each clip."""
    told = {"version": recogniser.version, "given": recogniser.given, "weights_bytes": recogniser.weights_bytes(), "conditions": {}}
    clips = list(labels)
    total = sum(seconds.values())
    grammar = recogniser.give(known, folder)
    for condition in conditions:
        at = folder / condition / ("trimmed" if recogniser.trimmed else "")
        if not told["conditions"]:
            first_s = run(recogniser, clips[:1], at, grammar)[1]
        heard, cpu_s, peak = run(recogniser, clips, at, grammar)
        heard = {clip: [utterance["text"] for utterance in said] for clip, said in heard.items()}
        if not told["conditions"]:
            factor = (cpu_s - first_s) / (total - seconds[clips[0]])
            told["load_cpu_s"] = max(0.0, cpu_s - factor * total)
        scores = judge({clip: max(said, key=lambda text: len(text.split()), default="") for clip, said in heard.items()})
        told["conditions"][condition] = {
            "strict": wilson(sum(score["strict"] for score in scores.values()), len(clips)),
            "near": wilson(sum(score["near"] for score in scores.values()), len(clips)),
            "nothing_heard": sum(not score["text"] for score in scores.values()),
            "several_heard": sum(len(said) > 1 for said in heard.values()),
            "cpu_realtime_factor": (cpu_s - told["load_cpu_s"]) / total,
            "peak_mib": peak,
            "clips": {clip: {"utterances": heard[clip], **scores[clip]} for clip in clips},
        }
        print(f"{recogniser.name}, {condition}: {told['conditions'][condition]['near']['n']} of {len(clips)}", file=sys.stderr)
    return told


def cell(count):
    return f"{report.share(count)} [{100 * count['low']:.0f}, {100 * count['high']:.0f}]"


def processor():
    """Returns the name of the CPU."""
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found[1] if found else platform.machine()


def markdown(results, conditions, seconds):
    lines = [f"{len(seconds)} recordings, {sum(seconds.values()):.0f} s, one thread of {processor()}.", "",
             "| recogniser | right | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 2) + "|"]
    for rule in ("near", "strict"):
        for name, told in results.items():
            cells = [cell(told["conditions"][c][rule]) for c in conditions] if told else ["not run"] * len(conditions)
            lines.append(f"| {name} | {rule} | " + " | ".join(cells) + " |")
    for name, told in results.items():
        counts = [str(told["conditions"][c]["several_heard"]) if told else "not run" for c in conditions]
        lines.append(f"| {name} | several utterances heard | " + " | ".join(counts) + " |")
    lines += ["", "| recogniser | version | given | CPU by sound (clean; most) | loading, CPU s | peak memory, MiB | weights, MB |",
              "|---" * 7 + "|"]
    for name, told in results.items():
        if not told:
            lines.append(f"| {name} |" + " not run |" * 6)
            continue
        measured = list(told["conditions"].values())
        factors = [m["cpu_realtime_factor"] for m in measured]
        lines.append(f"| {name} | {told['version']} | {told['given']} | {factors[0]:.4f}; {max(factors):.4f} | {told['load_cpu_s']:.2f} "
                     f"| {max(m['peak_mib'] for m in measured):.0f} | {told['weights_bytes'] / 1e6:.1f} |")
    return "\n".join(lines) + "\n"


def save_counts(results, path):
    """What the plot is drawn from, as a table of tabs: a line for each recogniser and condition."""
    with open(path, "w", encoding="utf-8") as out:
        print("recogniser", "condition", "near", "of", sep="\t", file=out)
        for name, told in results.items():
            for condition, counts in (told["conditions"] if told else {}).items():
                print(name, condition, counts["near"]["n"], counts["near"]["of"], sep="\t", file=out)


def plot(path, out):
    """The share of orders right, by the nearest sentence. path: of save_counts()."""
    shares = {}
    with open(path, encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            shares.setdefault(row["recogniser"], {})[row["condition"]] = 100 * int(row["near"]) / int(row["of"])

    def draw(axes):
        ends = []
        for i, (name, by_condition) in enumerate(shares.items()):
            colour, last = figure.COLOURS[i % len(figure.COLOURS)], list(by_condition.values())[-1]
            axes.plot(list(by_condition), list(by_condition.values()), marker="o", color=colour, linewidth=2.5 if i == 0 else 1.5)
            ends.append((last, f"{name} {last:.0f}", colour))
        figure.label_ends(axes, len(by_condition) - 1, ends)
        axes.set(xlabel="signal-to-noise ratio", ylabel="orders with all slots right, nearest sentence, %",
                 title="In loud noise tragus has more orders right than the others")

    figure.save(out, draw)


def write(results, conditions, seconds, out):
    """Writes the files of --out and returns the tables."""
    tables = markdown(results, conditions, seconds)
    (out / "peers.md").write_text(tables, encoding="utf-8")
    (out / "peers.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    save_counts(results, out / "peers.tsv")
    plot(out / "peers.tsv", out / "peers.png")
    return tables


def read_labels(source, limit):
    """Returns the slots of each clip; a clip is named by its file."""
    try:
        with open(source, encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    except FileNotFoundError:
        sys.exit(f"peers: {source} does not exist: give the folder of corpora/ with --shared")
    labels = {row["file"]: {slot: value.strip() for slot, value in json.loads(row["text"])["slots"].items()} for row in rows}
    return dict(list(labels.items())[:limit])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, help="folder with corpora/")
    parser.add_argument("--peers", type=pathlib.Path, help="folder made by peers/setup")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("."), help="build tree with ./tragus")
    parser.add_argument("--model", type=pathlib.Path, help="another model than the one of the build tree")
    parser.add_argument("--snr", type=int, nargs="*", default=[24, 18, 12, 6], help="dB")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these recognisers")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N recordings, 2 or more")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--redraw", type=pathlib.Path, metavar="TSV", help="draw the plot from a peers.tsv and measure nothing")
    arguments = parser.parse_args()
    if arguments.redraw:
        arguments.out.mkdir(parents=True, exist_ok=True)
        plot(arguments.redraw, arguments.out / "peers.png")
        return
    if not arguments.shared or not arguments.peers:
        parser.error("give --shared and --peers, or --redraw")
    for name in ("shared", "peers", "build", "model"):
        if getattr(arguments, name):
            setattr(arguments, name, getattr(arguments, name).resolve())
    if arguments.limit is not None and arguments.limit < 2:
        parser.error("--limit: one recording does not tell loading from recognising; 2 or more")
    tragus = arguments.build / "tragus"
    if not tragus.exists():
        sys.exit(f"peers: {tragus} is missing, and it is needed to read the answers: build it, or give its build tree with --build DIR")
    source = arguments.shared / "corpora" / "dev" / "coffee_dev" / "LIST.tsv"
    labels = read_labels(source, arguments.limit)
    known = sentences.read(GRAMMAR)
    conditions = {"clean": math.inf} | {f"{snr} dB": snr for snr in arguments.snr}
    understand = understanding(tragus)
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        all_of_them = recognisers(arguments)
        unknown = set(arguments.only or []) - {recogniser.name for recogniser in all_of_them}
        if unknown:
            parser.error(f"--only: there is no {', '.join(sorted(unknown))}; there are: {', '.join(r.name for r in all_of_them)}")
        make_sounds(source, labels, conditions, folder)
        seconds = {clip: soundfile.info(folder / "clean" / f"{clip}.wav").duration for clip in labels}
        for recogniser in all_of_them:
            if arguments.only and recogniser.name not in arguments.only:
                continue
            missing = recogniser.missing()
            if missing:
                print(f"peers: {missing}", file=sys.stderr)
            results[recogniser.name] = None if missing else compare(
                recogniser, labels, seconds, conditions, folder, known, lambda heard: sentences.score(heard, labels, known, understand))
            tables = write(results, conditions, seconds, arguments.out)  # write after each recogniser, in case a later one fails
    print(tables, end="")


if __name__ == "__main__":
    main()
