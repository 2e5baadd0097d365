#!/usr/bin/env python3
"""The solver that halmos asks: yices, and z3 beside it when yices has not answered at once. The first answer
counts.

Which of the two finds a proof differs from query to query by three orders of magnitude, and neither is the
quicker one throughout. Both come with halmos. `unknown` is no answer; if neither has one, this prints
`unknown`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import IO

BIN = Path(sysconfig.get_path("scripts"))
YICES = [str(BIN / "yices-smt2"), "--smt2-model-format", "--bvconst-in-decimal"]
Z3 = [str(BIN / "z3")]
HEAD_START = 1.5
# Somewhat more than halmos waits: whoever is left alone here ends all the same.
TIME_LIMIT = 330
ANSWERS = ("sat", "unsat")


def main(query: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the solvers end with this
    running: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
    waiting = [[*YICES, query], [*Z3, query]]
    start_next = 0.0
    began = time.monotonic()
    try:
        while (running or waiting) and time.monotonic() - began < TIME_LIMIT:
            if waiting and (not running or time.monotonic() - began >= start_next):
                running.append(_start(waiting.pop(0)))
                start_next = HEAD_START
            for solver in [each for each in running if each[0].poll() is not None]:
                running.remove(solver)
                answer = _output(solver[1])
                if answer.split("\n", 1)[0].strip() in ANSWERS:
                    sys.stdout.write(answer)
                    return 0
            time.sleep(0.01)
    finally:
        for process, _ in running:
            process.kill()
            process.wait()
    sys.stdout.write("unknown\n")
    return 0


def _start(command: list[str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_output`, or with the process
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT), output


def _output(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
