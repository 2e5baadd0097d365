#!/usr/bin/env python3
"""slither-check-erc on the coin, for ERC-20 and ERC-2612: fails unless every line is ticked, but for those
below.

It reads what check_slither.py has built.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = "build/slither/out"
TOOL = Path(sysconfig.get_path("scripts")) / "slither-check-erc"
# What stays unticked, and how many lines have to be ticked: a check that looked at less would tick less.
EXPECTED: dict[str, tuple[int, set[str]]] = {
    # increaseAllowance is no part of the standard, and OpenZeppelin took it out again.
    "ERC20": (33, {"Stablecoin is not protected for the ERC20 approval race condition"}),
    "ERC2612": (35, set()),
}


def main() -> int:
    problems = []
    for erc, (ticks, unticked) in EXPECTED.items():
        done = subprocess.run(
            [
                str(TOOL),
                ".",
                "Stablecoin",
                "--erc",
                erc,
                "--ignore-compile",
                f"--foundry-out-directory={BUILT}",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        ticked = sum(line.startswith("[✓]") for line in lines)
        found = {line.removeprefix("[ ]").strip() for line in lines if line.startswith("[ ]")}
        print(f"{erc}: {ticked} ticked, {len(found)} not")
        problems += [f"{erc}: {line}" for line in sorted(found - unticked)]
        problems += [
            f"{erc}: ticked now, so it needs no exception: {line}" for line in sorted(unticked - found)
        ]
        if done.returncode or ticked != ticks:
            problems.append(f"{erc}: {ticked} lines ticked instead of {ticks}, exit code {done.returncode}")
            print("\n".join(lines), file=sys.stderr)
    for problem in problems:
        print(f"check_erc: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
