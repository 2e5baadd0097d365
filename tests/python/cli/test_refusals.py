"""What ends with 1 (refused), 2 (wrong usage or input) and 3 (unreachable), and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.counter import (
    APPROVER_KEY,
    AUDITOR,
    CHECKER,
    COMPLIANCE,
    HOLDER,
    MAKER,
    REPORT,
    TERMS,
    TREASURER,
    Counter,
    foreign_signature,
)
from support.shell import Shell, parsed

from toolkit.chain.anvil import Anvil
from toolkit.chain.signers import dev_signer

UNREACHABLE = "http://127.0.0.1:1"


def mint(counter: Counter, amount: str, **changes: object) -> list[object]:
    options = {
        "wallet": counter.wallet,
        "idempotency-key": "SUB-77",
        "maker": MAKER,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    named = [item for name, value in options.items() for item in (f"--{name}", value)]
    return ["mint", "request", counter.investor, amount, *named]


# ------------------------------------------------------------------------------------------- 2: wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["orders", "--bogus"],
        ["orders"],
        ["reserve"],
        ["mint", "request"],
        ["mint", "sign", "batch"],
        ["node", "--port", "70000"],
        ["node", "--block-time", "0"],
        ["investor", "renew", "0x00", "--verified-until", "tomorrow"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line(shell: Shell, arguments: list[str]) -> None:
    shell.usage(*arguments)


def test_a_missing_option_names_its_variable(shell: Shell) -> None:
    assert "ISSUANCE_RECORD" in shell.usage("status", "--rpc", UNREACHABLE, "--ledger", "sqlite:///desk.db")


# ------------------------------------------------------------------------------------------- 2: wrong input


@pytest.mark.parametrize("amount", ["1e5", "1,000", "1.0000001", "0.005", "0", "abc", "", "nan"])
def test_an_amount_is_written_out(busy: Counter, amount: str) -> None:
    assert amount in busy.shell.refusal(2, *mint(busy, amount))


def test_an_address_needs_its_checksum(busy: Counter) -> None:
    wrong = busy.wallet.lower()
    assert wrong in busy.shell.refusal(2, *mint(busy, "1.00", wallet=wrong))
    message = busy.shell.refusal(2, "freeze", wrong)
    assert wrong in message
    assert busy.wallet in message, "the remedy: how the address is written"


def test_a_record_that_is_not_there_or_no_record(counter: Counter) -> None:
    nowhere = counter.folder / "nowhere.json"
    message = counter.shell.refusal(2, "reserve", "status", "--record", nowhere)
    assert str(nowhere) in message
    assert "issuance deploy apply" in message
    counter.shell.refusal(2, "reserve", "status", "--record", REPORT)


def test_terms_for_another_chain(counter: Counter, tmp_path: Path) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text(TERMS.read_text().replace("id = 31337", "id = 1337"))
    message = counter.shell.refusal(2, "deploy", "plan", terms)
    assert "1337" in message
    assert "31337" in message


def test_files_that_are_not_there(counter: Counter, tmp_path: Path) -> None:
    shell, nowhere = counter.shell, tmp_path / "nowhere"
    for arguments in (
        ["deploy", "plan", nowhere],
        ["reserve", "report", nowhere],
        ["investor", "prove", nowhere, "--signer", "anvil:1"],
        ["mint", "import", nowhere, "--maker", MAKER],
        ["reserve", "report", REPORT, "--profile", nowhere],
        ["reserve", "attest", REPORT, "--signer", f"keystore:{nowhere}", "--out", nowhere],
    ):
        assert "nowhere" in shell.refusal(2, *arguments)


def test_places_that_cannot_be_written(busy: Counter, tmp_path: Path) -> None:
    shell, blocked = busy.shell, tmp_path / "file"
    blocked.write_text("not a folder")
    inside = blocked / "out.json"
    order = busy.valid()
    for arguments in (
        ["investor", "challenge", busy.investor, busy.wallet, "--out", inside],
        ["reserve", "allocate", busy.folder / "confirmed.json", "--out", inside],
        ["reserve", "attest", busy.folder / "report.json", "--signer", f"anvil:{AUDITOR}", "--out", inside],
        ["redeem", "authorise", order, "--out", inside],
        ["mint", "propose", order, "--out", inside],
        ["deploy", "apply", TERMS, "--record", inside],
        ["demo", "--keep", inside],
    ):
        assert str(blocked) in shell.refusal(2, *arguments)


def test_names_that_nobody_has(busy: Counter) -> None:
    shell, nobody = busy.shell, "0x" + "12" * 16
    challenge = busy.folder / "c.json"
    for arguments, value in (
        (["orders", "no-such-order"], "no-such-order"),
        (["orders", "--state", "finished"], "finished"),
        (["orders", "--kind", "burn"], "burn"),
        (["investor", "person", "x", "--role", "boss"], "boss"),
        (["investor", "challenge", nobody, busy.wallet, "--out", challenge], nobody),
        (["mint", "dissolve", "no-such-batch"], "no-such-batch"),
        (["reserve", "report", REPORT, "--profile", "atlantis"], "atlantis"),
        (["reserve", "confirm", REPORT, "--line", "gold-1=X", "--out", challenge], "gold-1"),
        (["reserve", "confirm", REPORT, "--line", "repo-1", "--out", challenge], "repo-1"),
        (["run", "--key", "janitor=anvil:1"], "janitor"),
        (["run", "--key", "operator"], "operator"),
        (["run", "--key", "operator=trezor:1"], "trezor:1"),
    ):
        assert value in shell.refusal(2, *arguments)


def test_a_missing_key_is_asked_for_in_the_words_of_the_command_line(busy: Counter) -> None:
    del busy.shell.environment["ISSUANCE_TERMS"]
    assert "--key operator=" in busy.shell.refusal(2, *mint(busy, "1.00"))
    assert "--terms" in busy.shell.refusal(2, "freeze", busy.wallet)
    assert busy.shell.json(*mint(busy, "1.00"), "--key", "operator=anvil:1")["state"] == "requested"


def test_a_proof_is_signed_here_or_elsewhere(counter: Counter) -> None:
    counter.onboard()
    file = counter.challenge(counter.wallet)
    counter.shell.refusal(2, "investor", "prove", file)
    counter.shell.refusal(2, "investor", "prove", file, "--signer", "anvil:1", "--signature", "0x")
    assert "starts with 0x" in counter.shell.refusal(2, "investor", "prove", file, "--signature", "abc")
    assert "challenge" in counter.shell.refusal(2, "investor", "prove", REPORT, "--signer", "anvil:1")


def test_an_escrow_takes_the_orders_own_authorisation(busy: Counter) -> None:
    shell, order, other = busy.shell, busy.valid("1.00", "RED-1"), busy.valid("1.00", "RED-2")
    file = busy.folder / "authorisation.json"
    shell.json("redeem", "authorise", order, "--out", file)
    data = json.loads(file.read_text())
    signed = ["--signature", foreign_signature(data["typed_data"], HOLDER)]
    shell.refusal(2, "redeem", "escrow", order)
    shell.refusal(2, "redeem", "escrow", order, "--authorization", file)
    shell.refusal(2, "redeem", "escrow", order, "--signer", "anvil:13", *signed)
    assert order in shell.refusal(2, "redeem", "escrow", other, "--authorization", file, *signed)
    for changed in (
        {**data, "salt": "0x00"},
        {**data, "typed_data": {**data["typed_data"], "types": {}}},
        {"order": order},
    ):
        file.write_text(json.dumps(changed))
        shell.refusal(2, "redeem", "escrow", order, "--authorization", file, *signed)


def test_lines_of_a_csv_file_fail_one_by_one(busy: Counter) -> None:
    file = busy.folder / "orders.csv"
    file.write_text(
        "client_order_id,investor,wallet,amount\n"
        f"S-1,harbour,{busy.wallet},10.00\n"
        f"S-2,harbour,{busy.wallet},1e5\n"
        f"S-3,harbour,{busy.wallet}\n"
        f"S-4,peak,{busy.wallet},10.00\n"
    )
    command = ["mint", "import", file, "--maker", MAKER]
    said = busy.shell(*command)
    assert said.status == 2
    assert "10.000000 tUSD" in said.out
    assert [line.partition(":")[2].split(":")[0] for line in said.err.splitlines()] == [
        f" orders.csv, line {number}" for number in (3, 4, 5)
    ]
    document = busy.shell(*command, "--json")
    assert (document.status, document.err) == (2, "")
    report = parsed(document.out)
    assert len(report["orders"]) == 1
    assert [item["line"] for item in report["errors"]] == [3, 4, 5]


def test_a_csv_file_without_its_columns(busy: Counter) -> None:
    file = busy.folder / "orders.csv"
    file.write_text("id,amount\n1,2\n")
    assert "client_order_id" in busy.shell.refusal(2, "mint", "import", file, "--maker", MAKER)


# ------------------------------------------------------------------------------------------------ 1: refused


def test_a_line_that_is_refused_and_none_malformed(busy: Counter) -> None:
    file = busy.folder / "orders.csv"
    file.write_text(f"client_order_id,investor,wallet,amount\nS-1,harbour,{busy.wallet},60000000.00\n")
    assert busy.shell("mint", "import", file, "--maker", MAKER).status == 1


def test_orders_that_a_rule_refuses(busy: Counter) -> None:
    shell = busy.shell
    assert "50" in shell.refusal(1, *mint(busy, "50000000.01"))
    assert COMPLIANCE in shell.refusal(1, *mint(busy, "1.00", maker=COMPLIANCE))
    order = busy.request("10.00", "SUB-1")
    assert "SUB-1" in shell.refusal(1, *mint(busy, "11.00", idempotency_key="SUB-1"))
    signer = ["--signer", f"anvil:{APPROVER_KEY}"]
    assert "funded" in shell.refusal(1, "mint", "approve", order, *signer)
    pay = ["mint", "fund", order, "--amount", "10.00", "--by", TREASURER, "--payer"]
    assert shell.refusal(1, *pay, "somebody-else", "--receipt", "FPS-1")
    assert shell.refusal(1, "redeem", "validate", busy.valid("1.00"), "--by", CHECKER)
    assert shell.refusal(1, "mint", "hold", order, "--by", CHECKER, "--reason", "a hunch")


def test_four_eyes(busy: Counter) -> None:
    order = busy.request("10.00", "SUB-1")
    busy.fund(order, "FPS-1", "10.00")
    approver = dev_signer(APPROVER_KEY).address
    busy.do("investor", "person", "stranger", "--role", "maker", "--address", dev_signer(15).address)
    for index, value in ((1, dev_signer(1).address), (15, "stranger")):
        assert value in busy.shell.refusal(1, "mint", "approve", order, "--signer", f"anvil:{index}")
    busy.do("mint", "propose", order, "--out", busy.folder / "to-sign")
    (file,) = (busy.folder / "to-sign").iterdir()
    forged = foreign_signature(json.loads(file.read_text()), 15)
    message = busy.shell.refusal(2, "mint", "sign", file.stem, "--signer", approver, "--signature", forged)
    assert dev_signer(15).address in message
    assert busy.state(order) == "funded"


def test_a_mint_without_an_attested_reserve(counter: Counter) -> None:
    counter.staff()
    counter.customer()
    order = counter.request("10.00")
    counter.fund(order, "FPS-1", "10.00")
    message = counter.shell.refusal(1, "mint", "approve", order, "--signer", f"anvil:{APPROVER_KEY}")
    assert "publish a newer attestation" in message


def test_an_attestation_that_too_few_signed(counter: Counter) -> None:
    report = counter.report()
    file = counter.attested(report)[0]
    counter.shell.refusal(1, "reserve", "publish", report, "--signature", file, "--sender", "anvil:0")
    stranger = ["--signer", "anvil:15", "--out", counter.folder / "x.json"]
    assert dev_signer(15).address in counter.shell.refusal(2, "reserve", "attest", report, *stranger)
    assert "PYUSD" in counter.shell.refusal(2, "reserve", "attest", REPORT, *stranger)


def test_nothing_counts_until_it_is_confirmed(counter: Counter) -> None:
    message = counter.shell.refusal(2, "reserve", "allocate", REPORT, "--out", counter.folder / "x.json")
    assert "nothing is left to allocate" in message


def test_a_record_of_another_node(counter: Counter) -> None:
    with Anvil(accounts=20) as other:
        message = counter.shell.refusal(1, "reserve", "status", "--rpc", other.ipc_path)
        assert other.instance_id in message
        assert "issuance deploy apply" in message
        assert counter.shell.json("deploy", "plan", TERMS, "--rpc", other.ipc_path)


def test_a_ledger_of_another_deployment(busy: Counter, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    with Anvil(accounts=20) as other:
        busy.shell.json("deploy", "apply", TERMS, "--rpc", other.ipc_path, "--record", record)
        busy.shell.refusal(1, "status", "--rpc", other.ipc_path, "--record", record)


def test_terms_that_the_chain_does_not_follow(counter: Counter, tmp_path: Path) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text(TERMS.read_text().replace("buffer_bps = 100", "buffer_bps = 200"))
    assert "200" in counter.shell.refusal(1, "deploy", "verify", terms)
    assert "200" in counter.shell.text("deploy", "plan", terms)


def test_books_that_differ(busy: Counter) -> None:
    """A ledger that knows nothing of the mint on the chain."""
    ledger = ["--ledger", f"sqlite:///{busy.folder / 'empty.db'}"]
    said = busy.shell("status", *ledger)
    assert (said.status, said.err) == (1, "")
    assert "CHAIN AND LEDGER DIFFER" in said.out
    document = busy.shell("status", *ledger, "--json")
    assert document.status == 1
    assert parsed(document.out)["agrees"] is False


# ------------------------------------------------------------------------------------------- 3: unreachable


@pytest.mark.parametrize(
    "command", [["reserve", "status"], ["status"], ["orders"], ["deploy", "plan", TERMS]]
)
def test_no_node(counter: Counter, command: list[object]) -> None:
    assert "127.0.0.1:1" in counter.shell.refusal(3, *command, "--rpc", UNREACHABLE)


def test_no_node_at_the_socket(counter: Counter) -> None:
    socket = counter.folder / "nowhere.ipc"
    assert str(socket) in counter.shell.refusal(3, "reserve", "status", "--rpc", socket)


def test_a_ledger_in_a_folder_that_is_not_there(counter: Counter) -> None:
    ledger = f"sqlite:///{counter.folder}/nowhere/desk.db"
    assert "nowhere" in counter.shell.refusal(3, "status", "--ledger", ledger)


def test_a_ledger_url_that_is_none(counter: Counter) -> None:
    assert "desk.db" in counter.shell.refusal(2, "status", "--ledger", "desk.db")


def test_no_anvil(shell: Shell) -> None:
    shell.environment["ISSUANCE_ANVIL"] = "/nowhere/anvil"
    assert "/nowhere/anvil" in shell.refusal(3, "node")
