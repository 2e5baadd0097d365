#!/usr/bin/env python3
"""Run slither with all its detectors, and fail on every finding that scripts/slither_findings.toml doesn't
explain.

An explanation that no finding needs any more fails too. slither.config.json leaves out only what touches
the tests and what touches nothing but dependencies: `filter_paths` would drop a finding as soon as any line
of it lies in the path given, and every function with the access manager's modifier has such a line in
node_modules.

usage: check_slither.py [--list]      (--list prints the findings as they would be explained)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "scripts/slither_findings.toml"
BUILD = ROOT / "build/slither"
SLITHER = Path(sysconfig.get_path("scripts")) / "slither"

Finding = tuple[str, str]  # the detector; the function, variable or contract it is about


def findings() -> Counter[Finding]:
    # slither runs `forge clean` first, so it builds into folders of its own.
    folders = {
        "FOUNDRY_OUT": "build/slither/out",
        "FOUNDRY_CACHE_PATH": "build/slither/cache",
        "FOUNDRY_BUILD_INFO_PATH": "build/slither/out/build-info",
    }
    BUILD.mkdir(parents=True, exist_ok=True)
    result, log = BUILD / "findings.json", BUILD / "log"
    result.unlink(missing_ok=True)
    with log.open("w") as output:
        subprocess.run(
            [str(SLITHER), ".", "--json", str(result)],
            cwd=ROOT,
            env={**os.environ, **folders, "FOUNDRY_DENY": "never"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,  # It ends with the number of findings, which are judged here.
        )
    if not result.exists() or not json.loads(result.read_text())["success"]:
        sys.exit(f"slither gave no result: see {log}")
    if "Impossible to generate IR" in log.read_text():
        sys.exit(f"slither could not read a function and went on without it: see {log}")
    detectors = json.loads(result.read_text())["results"].get("detectors", [])
    return Counter((finding["check"], subject(finding)) for finding in detectors)


def subject(finding: dict) -> str:
    """`Contract.function(types).variable`, as far as it goes, of what the finding is about first."""
    names, element = [], finding["elements"][0]
    while element and element["type"] in ("contract", "function", "variable", "pragma", "struct", "event"):
        fields = element.get("type_specific_fields", {})
        names.append(fields.get("signature") or "".join(fields.get("directive", [])) or element["name"])
        element = fields.get("parent")
    return ".".join(reversed(names))


def main(arguments: list[str]) -> int:
    found = findings()
    if arguments == ["--list"]:
        for check in sorted({check for check, _ in found}):
            print(f"[{check}]\nwhere = [")
            print("".join(f'  "{where}",\n' for name, where in sorted(found) if name == check) + "]\n")
        return 0
    explained = {
        (check, where)
        for check, entry in tomllib.loads(EXPLAINED.read_text()).items()
        for where in entry["where"]
        if entry["why"]
    }
    for check, where in sorted(found.keys() - explained):
        print(
            f"check_slither: {check} in {where}: fix it, or explain it in {EXPLAINED.name}", file=sys.stderr
        )
    for check, where in sorted(explained - found.keys()):
        print(f"check_slither: {EXPLAINED.name} explains {check} in {where}, which is gone", file=sys.stderr)
    print(f"{len(found)} findings, {len(found.keys() - explained)} of them unexplained")
    return 1 if found.keys() ^ explained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
