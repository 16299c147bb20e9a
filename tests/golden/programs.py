#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests that every program in models/training, and those in tests/accuracy that use its packages, can print its help in any directory."""
import importlib.util
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
NEEDED = ("numpy", "scipy", "torch", "soundfile", "yaml")


def main():
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing or os.environ.get("EMULATOR"):
        print(f"skipped: Python's {missing[0]} is not installed" if missing else "skipped: it is of the machine that trains")
        return 77
    failed = 0
    for path in sorted([*TOP.glob("models/training/*/*.py"), *TOP.glob("tests/accuracy/*.py")]):
        text = path.read_text(encoding="utf-8")
        if "argparse.ArgumentParser(" not in text or '__name__ == "__main__"' not in text:
            continue
        done = subprocess.run([sys.executable, "-B", path, "--help"], cwd="/", capture_output=True, text=True, check=False)
        if done.returncode or "usage:" not in done.stdout:
            print(f"{path.relative_to(TOP)}: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
