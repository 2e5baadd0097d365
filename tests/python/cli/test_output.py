"""How results look."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.counter import Counter

from toolkit import errors
from toolkit.cli.main import exit_status
from toolkit.cli.output import Output
from toolkit.desk import RedemptionAuthorization
from toolkit.errors import InvalidInput, ToolkitError


def test_a_table_is_as_wide_as_its_content(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["name", "amount>", "note"], [["a", "1.00", ""], ["longer", "10.00", "x"]], indent="  ")
    assert capsys.readouterr().out.splitlines() == [
        "  name    amount  note",
        "  ------  ------  ----",
        "  a         1.00",
        "  longer   10.00  x",
    ]


def test_a_label_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["label"], [["\N{ESCAPE}[2Jgone\r\n"]])
    assert capsys.readouterr().out.splitlines()[-1] == "\N{REPLACEMENT CHARACTER}[2Jgone" + "\ufffd" * 2


def test_json_mode_prints_the_document_only(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(json=True)
    output.line("no")
    output.table(["no"], [["no"]])
    output.notice("no")
    output.result({"amount": "1.00"}, lambda: output.line("no"))
    captured = capsys.readouterr()
    assert (json.loads(captured.out), captured.err) == ({"amount": "1.00"}, "")


@pytest.mark.parametrize("name", errors.__all__)
def test_every_family_of_errors_has_its_status(name: str) -> None:
    kind: type[ToolkitError] = getattr(errors, name)
    wrong = (errors.InvalidInput, errors.ConfigurationError, errors.WrongChain)
    away = (errors.NodeError, errors.LedgerUnreachable)
    expected = 2 if issubclass(kind, wrong) else 3 if issubclass(kind, away) else 1
    assert exit_status(kind("x")) == expected


def test_the_statuses_are_those_of_the_readme() -> None:
    text = " ".join((REPOSITORY / "README.md").read_text().split())
    assert "0 for done, 1 for refused, 2 for wrong usage or input, 3 when the node or the ledger" in text


# ------------------------------------------------------------ an authorisation on its way to the holder


def test_an_authorisation_goes_through_a_file_unchanged(busy: Counter) -> None:
    file = busy.folder / "authorisation.json"
    busy.do("redeem", "authorise", busy.valid(), "--out", file)
    data = json.loads(file.read_text())
    read = RedemptionAuthorization.from_json(data)
    assert read.to_json() == data
    assert read.signable.digest == RedemptionAuthorization.from_json(data).signable.digest
    assert {item.name for item in fields(read)} == {
        "order_id",
        "salt",
        "valid_after",
        "valid_before",
        "signable",
    }


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("salt",), "0x" + "11" * 31),
        (("order",), None),
        (("more",), "than that"),
        (("typed_data",), []),
        (("typed_data", "primaryType"), "TransferWithAuthorization"),
        (("typed_data", "domain", "chainId"), "31337"),
        (("typed_data", "message", "value"), 1.5),
        (("typed_data", "message", "value"), "1e6"),
        (("typed_data", "message", "from"), "0x" + "ab" * 20),
        (("typed_data", "message", "nonce"), "0x"),
    ],
    ids=str,
)
def test_another_form_of_it_is_refused(busy: Counter, where: tuple[str, ...], value: Any) -> None:
    data = busy.do("redeem", "authorise", busy.valid(), "--out", busy.folder / "a.json")
    del data["file"]
    part = data
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    with pytest.raises(InvalidInput):
        RedemptionAuthorization.from_json(data)
