"""docs/audits.md is complete: every row has a test that exists, or says why not."""

from __future__ import annotations

import re

from support.checkout import REPOSITORY

PAGE = (REPOSITORY / "docs" / "audits.md").read_text(encoding="utf-8")
SECURITY = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")

TESTS = frozenset(
    name
    for folder, pattern, opening in (
        ("tests/solidity", "*.t.sol", r"^    function (test\w+)\("),
        ("tests/python/audits", "test_*.py", r"^def (test\w+)\("),
    )
    for path in (REPOSITORY / folder).rglob(pattern)
    for name in re.findall(opening, path.read_text(encoding="utf-8"), re.MULTILINE)
)
BY_ROW = re.compile(r"test(?:Fuzz)?_(?:Row|Sdk|Trap)\d\d_\w+|test_(?:row|sdk|trap)_\d\d_\w+")
PREFIXES = {
    "Funds and security tokens": ("Row", "row", 42),
    "Stablecoins and issuance SDKs": ("Sdk", "sdk", 26),
    "Traps": ("Trap", "trap", 20),
}


def _section(page: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {heading!r}"
    return found.group(1)


def _rows(page: str, heading: str) -> list[list[str]]:
    lines = re.findall(r"^\| (.+) \|$", _section(page, heading), re.MULTILINE)
    table = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    return [row for row in table[1:] if not set(row[0]) <= set("- ")]


def _named(text: str) -> list[str]:
    return re.findall(r"`(test\w+)`", text)


def test_every_row_is_there_and_has_a_test_or_a_reason() -> None:
    for heading, (solidity, python, count) in PREFIXES.items():
        rows = _rows(PAGE, heading)
        assert [row[0] for row in rows] == [str(number) for number in range(1, count + 1)]
        for number, _, answer in rows:
            names = _named(answer)
            if not names:
                assert answer.startswith("does not apply, because "), answer
            of_row = re.compile(
                rf"test(Fuzz)?_{solidity}{int(number):02}_\w+|test_{python}_{int(number):02}_\w+"
            )
            for name in names:
                assert of_row.fullmatch(name), f"{heading} {number} names {name}"


def test_every_test_that_is_named_exists() -> None:
    named = _named(PAGE)
    assert len(named) > 100
    assert set(named) <= TESTS, f"no such tests: {sorted(set(named) - TESTS)}"


def test_every_test_named_by_a_row_is_listed_once() -> None:
    of_rows = {name for name in TESTS if BY_ROW.fullmatch(name)}
    assert len(of_rows) > 80
    assert of_rows <= set(_named(PAGE)), f"not listed: {sorted(of_rows - set(_named(PAGE)))}"
    assert len(_named(PAGE)) == len(set(_named(PAGE)))


def test_every_row_of_the_trust_model_is_played() -> None:
    model = [row[0] for heading in ("Each role alone", "Together") for row in _rows(SECURITY, heading)]
    played = {row[0]: row[1] for row in _rows(PAGE, "The trust model, played")}
    assert len(model) > 15
    assert set(played) == set(model)
    assert all(_named(tests) for tests in played.values())


def test_every_file_of_attacks_is_listed() -> None:
    listed = {row[0].strip("`") for row in _rows(PAGE, "Other attacks")}
    roles = {"RolesAlone.t.sol", "RolesTogether.t.sol"}
    there = {path.name for path in (REPOSITORY / "tests" / "solidity" / "attacks").glob("*.t.sol")}
    assert listed | roles == there
