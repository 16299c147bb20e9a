#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zsh_offers.py FOLDER HOME: types command lines into an interactive zsh with the completions of FOLDER, and prints what it lists. HOME is an
empty folder.

Reads command lines from standard input; prints each as a line "LINE<TAB>WORD WORD ...".
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

PATIENCE_S = 20


class Shell:
    def __init__(self, folder, home):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=home, TERM="dumb", PS1="", LC_ALL="C.UTF-8", ZDOTDIR=home)
            os.execvp("zsh", ["zsh", "-f", "-i"])
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 1000, 400, 0, 0))
        self.n = 0
        self.run(f"PROMPT=; RPROMPT=; unsetopt prompt_sp prompt_cr zle_bracketed_paste; setopt no_beep; cd {home}")
        self.run(f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=100000")
        self.run("zstyle ':completion:*' verbose no")
        self.run("list-offers() { zle list-choices; zle -R; print -n LIST''ED >/dev/tty }; zle -N list-offers; bindkey '^X?' list-offers; bindkey '^U' kill-whole-line")

    def send(self, text):
        os.write(self.master, text.encode())

    def until(self, mark):
        seen = ""
        while mark not in seen:
            if not select.select([self.master], [], [], PATIENCE_S)[0]:
                sys.exit(f"zsh did not print {mark}: {seen!r}")
            seen += os.read(self.master, 65536).decode(errors="replace")
        return seen[: seen.index(mark)]

    def run(self, command):
        """Runs a command and returns the output since the last one."""
        self.n += 1
        self.send(command + f"; echo END$((1000+{self.n}))\n")
        return self.until(f"END{1000 + self.n}")

    def offers(self, line):
        self.send(line + "\x18?")
        seen = self.until("LISTED")  # zsh lists nothing if more is typed meanwhile
        self.send("\x15")
        seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", seen + self.run(":")).replace("\r", "\n")
        rows = [row for row in seen.split("\n") if not row.startswith((line, ":;"))]  # the line itself, and the next command
        return " ".join(rows).split()


def main():
    shell = Shell(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    for line in sys.stdin.read().splitlines():
        print(line + "\t" + " ".join(sorted(shell.offers(line))))


main()
