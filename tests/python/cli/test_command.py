"""The command as a process: what it loads, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.counter import Counter
from support.shell import ESCAPE, Shell

from toolkit import __version__
from toolkit.chain.client import Client
from toolkit.cli.app import command
from toolkit.errors import NodeUnreachable
from toolkit.issuance import Issuance

# As it is installed. With `python -m`, a Ctrl-C in the middle of an `exec` (each dataclass has one) ends
# Python by the signal, whatever status the program asked for.
COMMAND = [str(Path(sys.executable).with_name("issuance"))]
HEAVY = {"web3", "eth_account", "eth_abi", "sqlalchemy", "alembic", "pydantic", "rich"}
PATIENCE = 240


def started(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ISSUANCE_")},
        "PYTHONUNBUFFERED": "1",
        **options.pop("env", {}),
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], text=True, cwd=REPOSITORY, env=environment, **pipes
    )


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def leaves(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    for key, item in group.commands.items():
        if hasattr(item, "commands"):
            yield from leaves(item, f"{name}{key} ")
        else:
            yield f"{name}{key}", item


# --------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY),
        # Typer reads the arguments of a command with pydantic.
        (["mint", "request", "--help"], HEAVY - {"pydantic"}),
        (["mint", "bogus"], HEAVY - {"pydantic"}),
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    done = python(
        f"import sys; from toolkit.cli.main import main; main({arguments}); "
        f"print(*({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    assert done.stderr.splitlines()[-1] == ""


@pytest.mark.parametrize(("name", "leaf"), list(leaves(command())))
def test_every_command_has_json_and_says_what_it_does(shell: Shell, name: str, leaf: Any) -> None:
    said = shell.text(*name.split(), "--help")
    assert "--json" in said
    assert leaf.get_short_help_str(60).rstrip("."), name
    assert all(item.help for item in leaf.params if item.name != "help"), "every option is explained"


def test_the_version(shell: Shell) -> None:
    assert shell.text("--version") == f"issuance {__version__}\n"


@pytest.mark.parametrize("absent", [("typer", "rich"), ("typer",)])
def test_without_the_extra_it_says_what_to_install(absent: tuple[str, ...]) -> None:
    done = python(
        f"import sys; sys.modules.update(dict.fromkeys({absent})); "
        "from toolkit.cli.main import main; sys.exit(main(['status']))"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'issuance-toolkit[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_desk_without_its_database_package_says_what_to_install(counter: Counter) -> None:
    environment = json.dumps(counter.shell.environment)
    done = python(
        f"import os, sys; os.environ.update({environment}); sys.modules['sqlalchemy'] = None; "
        "from toolkit.cli.main import main; sys.exit(main(['status']))"
    )
    assert done.returncode == 2
    assert "issuance-toolkit[cli]" in done.stderr


def test_compile_check_proves_the_packaged_bytecode(shell: Shell) -> None:
    assert "the sources give the packaged bytecode" in shell.text("compile", "--check")
    found = shell.json("compile", "--check")
    assert found["checked"] is True
    assert "Stablecoin" in found["contracts"]


# --------------------------------------------------------------------------------------------- how it ends


def test_what_nobody_expected_is_not_swallowed(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(Issuance, "load", broken)
    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        counter.shell("reserve", "status")


def test_ctrl_c_in_the_middle(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Issuance, "load", interrupted)
    result = counter.shell("reserve", "status")
    assert (result.status, result.out) == (130, "")


@pytest.mark.parametrize("reads", [False, True])
def test_a_reader_that_goes_away(reads: bool) -> None:
    with started("mint", "request", "--help") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if reads:
            process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(PATIENCE) in (0, 1)
    assert said == ""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_node_ends_with_its_command(number: signal.Signals, status: int) -> None:
    with started("node", "--json", "--start", "2024-01-31T12:00:00") as process:
        assert process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            text += process.stdout.readline()
        facts = json.loads(text)
        with Client(facts["ipc_path"], chain_id=facts["chain_id"]) as client:
            assert client.block(0).timestamp == 1706702400
            assert client.instance_id() == facts["instance_id"]
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (status, "", "")
    assert not Path(facts["ipc_path"]).parent.exists(), "its folder is gone"
    with pytest.raises(NodeUnreachable):
        Client(facts["rpc_url"]).block("latest")


def test_a_node_that_dies_is_reported() -> None:
    with started("node") as process:
        assert process.stdout is not None
        facts = dict(process.stdout.readline().split() for _ in range(4))
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        note = json.loads((Path(facts["ipc_path"]).parent / "node.json").read_text())
        os.kill(note["node"], signal.SIGKILL)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "the node ended by itself with exit status -9" in err


def test_progress_is_for_a_terminal_and_results_stay_clean(counter: Counter) -> None:
    terminal, end = pty.openpty()
    with started("run", env={**counter.shell.environment, "TERM": "xterm"}, stderr=end) as process:
        os.close(end)
        out, _ = process.communicate(timeout=PATIENCE)
    shown = b""
    while chunk := _read(terminal):
        shown += chunk
    os.close(terminal)
    assert (process.returncode, out) == (0, "nothing to do\n")
    assert b"running" in shown
    assert ESCAPE.encode() in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


# ------------------------------------------------------------------------------------------------ the demo


def test_the_demo_for_people() -> None:
    with started("demo") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert ESCAPE not in out
    assert max(map(len, out.splitlines())) < 400
    for said in (
        "1. Deployment to a local chain",
        "refused: a mint without an attested reserve",
        "round 1: 265,432,408.000000 USD",
        "22 orders from mint-orders.csv; importing it again added none",
        "BackingExceeded",
        "OrderAlreadyExecuted",
        "ERC7943CannotSend",
        "PayoutAlreadyRecorded",
        "ReserveStale",
        "chain, ledger and report agree to the last unit",
        "settings and rights are scheduled",
        "investor-32's order is taken for 2026-02-20, the next dealing day",
        "NotForwardPriced",
        "NavOutlier",
        "the gate lets a tenth of the class through",
        "of investor-07 could not be paid and are kept apart",
        "the treasury confirms it; the money is the investor's",
        "register equal to the chain, cash equal to the last unit",
        "AllocationUneven",
        "66.666667 tUSD leave, which is all of theirs",
        "ERC7943InsufficientUnfrozenBalance",
        "OmnibusBreak",
        "it holds, and registry",
        "THE PROOF DOES NOT HOLD",
    ):
        assert said in out


def test_the_demo_as_one_document_kept_in_a_folder(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "demo"
    told = shell.json("demo", "--keep", folder)
    assert told["agree"] is True
    coin = next(item for item in told["acts"] if "books" in item)
    assert coin["books"]["agrees"] is True
    assert {item["act"] for item in told["acts"]} == set(range(1, 26))
    assert {"record.json", "fund.json", "desk.db"} <= {item.name for item in folder.iterdir()}
    assert "name an empty folder" in shell.refusal(2, "demo", "--keep", folder)


def test_the_demo_is_interrupted() -> None:
    with started("demo") as process:
        assert process.stdout is not None
        while "1. Deployment" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")


def test_a_demo_that_is_killed_and_started_again_is_completed(shell: Shell, tmp_path: Path) -> None:
    """SIGKILL after any line that it says, the fund's included; the same command then goes through."""
    folder = tmp_path / "kept"
    chance = random.Random(4)
    for lines in (chance.randrange(3, 40), chance.randrange(40, 110), chance.randrange(150, 190)):
        with started("demo", "--keep", folder) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.kill()
            process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
    assert shell.json("demo", "--keep", folder)["agree"] is True
    assert not (folder / "demo-is-unfinished").exists()
