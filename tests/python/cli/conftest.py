from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.counter import TERMS, Counter
from support.shell import Shell

from toolkit.chain.anvil import Anvil


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell ignores SIGINT for what it runs in the background, and so would the commands started here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def shell() -> Shell:
    """The command without any ISSUANCE_ variable."""
    return Shell()


@pytest.fixture(scope="session")
def new_coin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """The demo coin, deployed by the command on a node of its own; its desk's ledger is empty."""
    yield from _deployed(tmp_path_factory.mktemp("new-coin"))


@pytest.fixture(scope="session")
def busy_coin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Another one, with people at the desk, a published reserve and a customer who holds 250,000.00."""
    for counter in _deployed(tmp_path_factory.mktemp("busy-coin")):
        counter.staff()
        counter.customer()
        counter.back()
        counter.minted()
        yield counter


def _deployed(folder: Path) -> Iterator[Counter]:
    with Anvil(accounts=20) as node:
        counter = Counter(node, folder)
        counter.shell.json("deploy", "apply", TERMS)
        yield counter


@pytest.fixture(params=["text", "json"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the commands of a test speak."""
    return str(request.param)


@pytest.fixture
def counter(new_coin: Counter, tmp_path: Path) -> Iterator[Counter]:
    """The new coin; what the test does to it is undone afterwards."""
    yield from _copied(new_coin, tmp_path)


@pytest.fixture
def busy(busy_coin: Counter, tmp_path: Path) -> Iterator[Counter]:
    """The busy coin, likewise."""
    yield from _copied(busy_coin, tmp_path)


def _copied(kept: Counter, tmp_path: Path) -> Iterator[Counter]:
    folder = tmp_path / "counter"
    shutil.copytree(kept.folder, folder)
    snapshot = kept.node.snapshot()
    yield Counter(kept.node, folder, investor=kept.investor)
    kept.node.revert(snapshot)
