#!/usr/bin/env python3
"""Writes toolkit/bindings/errors.py: one exception class per Solidity error of the packaged contracts.

    .venv/bin/python scripts/generate_errors.py            write it
    .venv/bin/python scripts/generate_errors.py --check    exit 1 if it would change

Errors and their fields come from the ABIs of all packaged contracts; family and message come from
scripts/error_messages.toml. An error without an entry, an entry without an error, and a message that
names no such field are refused, so that no revert reaches a caller without a sentence and a remedy.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from toolkit import artifacts
from toolkit import errors as families
from toolkit.chain.reverts import DecodedRevert

Abis = Mapping[str, Iterable[Mapping[str, Any]]]

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "scripts" / "error_messages.toml"
TARGET = ROOT / "toolkit" / "bindings" / "errors.py"
PYTHON_TYPES = {"address": "str", "bool": "bool", "string": "str"}
RESERVED = {name for name in dir(DecodedRevert) if not name.startswith("_")} | {
    "data",
    "details",
    "message",
    "template",
}

HEADER = '''"""One exception class per Solidity error of the packaged contracts.

Written by scripts/generate_errors.py from the packaged ABIs and scripts/error_messages.toml: change
those, not this file. Each class is a `ContractReverted` and also belongs to the family of
`toolkit.errors` that says what the caller can do. Amounts are base units and times Unix seconds.
"""

from __future__ import annotations

from functools import cache

from toolkit import artifacts
from toolkit import errors as family
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.reverts import RevertRegistry

'''

FOOTER = '''
ALL: tuple[type[SolidityError], ...] = (
{names}
)
"""Every class of this module, sorted by name."""


@cache
def registry() -> RevertRegistry:
    """What a `Client` is given to decode reverts: these classes, and one made from the ABI for each error
    of a library that no packaged contract declares.
    """
    return RevertRegistry(ALL, [artifacts.all_errors()])
'''


def snake(name: str) -> str:
    """`blockTimestamp` as `block_timestamp`; Python's keywords get a trailing underscore."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return text + "_" if text in {"as", "bool", "bytes", "class", "from", "in", "int", "is", "str"} else text


def errors_of(abis: Abis) -> dict[str, Mapping[str, Any]]:
    """Every error by name; the same name with other fields is refused."""
    found: dict[str, Mapping[str, Any]] = {}
    for contract in sorted(abis):
        for entry in abis[contract]:
            if entry["type"] != "error":
                continue
            known = found.setdefault(entry["name"], entry)
            if selector_text(known) != selector_text(entry):
                sys.exit(
                    f"{contract} declares {selector_text(entry)}, another contract {selector_text(known)}"
                )
    return found


def selector_text(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(field['type'] for field in entry['inputs'])})"


def render_class(entry: Mapping[str, Any], meaning: Mapping[str, str]) -> str:
    name, message = entry["name"], meaning["message"]
    fields = [(snake(field["name"]), field["type"]) for field in entry["inputs"]]
    check(name, fields, message)
    kind = meaning.get("family")
    if kind is not None and not issubclass(getattr(families, kind), families.ToolkitError):
        sys.exit(f"{name}: {kind} is not a class of toolkit/errors.py")
    bases = "SolidityError" + (f", family.{kind}" if kind else "")
    declared = ", ".join(f"{field['type']} {field['name']}" for field in entry["inputs"])
    doc = f"`{name}({declared})`"
    lines = [f"class {name}({bases}):"]
    lines += [f'    """{line}' for line in textwrap.wrap(doc, 100)[:1]]
    lines += [f"    {line}" for line in textwrap.wrap(doc, 100)[1:]]
    lines[-1] += '"""'
    lines += [""]
    lines += [f'    code = "{snake(name)}"', f'    signature = "{selector_text(entry)}"']
    if fields:
        names = ", ".join(quoted(field) for field, _ in fields)
        lines += [f"    fields = ({names}{',' if len(fields) == 1 else ''})"]
    parts = textwrap.wrap(message, 92, drop_whitespace=False, break_long_words=False)
    lines += ["    template = (", *(f"        {quoted(part)}" for part in parts), "    )"]
    if fields:
        lines += ["", *(f"    {field}: {python_type(kind)}" for field, kind in fields)]
    return "\n".join(lines)


def check(name: str, fields: list[tuple[str, str]], message: str) -> None:
    names = {field for field, _ in fields}
    if RESERVED & names or "" in names:
        sys.exit(f"{name}: a field is unnamed or named like an attribute of every error: {sorted(names)}")
    used = {field for _, field, _, _ in Formatter().parse(message) if field is not None}
    if used - names:
        sys.exit(f"{name}: the message uses {sorted(used - names)}, the error has {sorted(names)}")


def python_type(kind: str) -> str:
    return PYTHON_TYPES.get(kind) or ("bytes" if kind.startswith("bytes") else "int")


def quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def render(abis: Abis, table: Mapping[str, Mapping[str, str]]) -> str:
    """The module's text."""
    found = errors_of(abis)
    if missing := sorted(set(found) - set(table)):
        sys.exit(f"{TABLE.name} has no entry for {', '.join(missing)}")
    if stale := sorted(set(table) - set(found)):
        sys.exit(f"{TABLE.name} has entries for errors that no contract declares: {', '.join(stale)}")
    classes = [render_class(found[name], table[name]) for name in sorted(found)]
    exported = "\n".join(f'    "{name}",' for name in sorted(["ALL", "registry", *found]))
    body = HEADER + f"__all__ = [\n{exported}\n]\n\n\n" + "\n\n\n".join(classes) + "\n\n"
    text = body + FOOTER.format(names="\n".join(f"    {name}," for name in sorted(found)))
    return formatted(text)


def formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--fix", "--quiet", "--exit-zero", "--select", "RUF022,I"], ["format"]):
        command = [str(ruff), *arguments, "--stdin-filename", str(TARGET), "-"]
        text = subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout
    return text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is out of date"
    )
    options = parser.parse_args()
    abis = {artifact.name: artifact.abi for artifact in artifacts.all_artifacts()}
    text = render(abis, tomllib.loads(TABLE.read_text()))
    if not options.check:
        TARGET.write_text(text)
    elif not TARGET.exists() or TARGET.read_text() != text:
        sys.exit(f"{TARGET.relative_to(ROOT)} is out of date: run scripts/generate_errors.py")


if __name__ == "__main__":
    main()
