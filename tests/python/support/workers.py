"""Workers in processes of their own, to be killed and paused."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from support.desks import Bench

from toolkit.chain.fees import FeePolicy
from toolkit.chain.signers import Signer, dev_signer
from toolkit.desk.lanes import Lanes
from toolkit.desk.setup import make_context
from toolkit.ledger import Ledger

_BEGINNING = """
import os, signal, sys
from datetime import timedelta
from toolkit.bindings.errors import registry
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.signers import dev_signer
from toolkit.desk import Desk
from toolkit.desk.lanes import Lanes
from toolkit.desk.setup import make_context
from toolkit.errors import LaneBusy, LaneLost
from toolkit.issuance import Issuance

record, rpc, url = sys.argv[1:4]
issuance = Issuance.load(record, Client(rpc, reverts=registry()))

def signers(*operators):
    return {"operator": [dev_signer(index) for index in operators], "treasurer": dev_signer(4)}

def lanes(*operators, **options):
    context = make_context(issuance, url, signers=signers(*operators), clock=None, calendar=None, secret=None,
                           patience=timedelta(seconds=20))
    return Lanes(context, **options)

def say(text):
    print(text, flush=True)

def pay(amount):
    return Call("0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", b"", value=amount, description=f"pay {amount}")
"""

PAYEE = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"


def start(bench: Bench, folder: Path, program: str, *, rpc: str | None = None) -> subprocess.Popen[str]:
    """Runs `program`, which finds `issuance`, `lanes()`, `signers()`, `pay()` and `say()` there."""
    record = folder / "record.json"
    if not record.exists():
        bench.suite.issuance.record.save(record)
    return subprocess.Popen(
        [sys.executable, "-c", _BEGINNING + program, str(record), rpc or bench.suite.node.rpc_url, bench.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str]) -> str:
    """The next line that it says."""
    if process.stdout is None:
        raise AssertionError("nobody listens")
    line = process.stdout.readline()
    if not line and process.stderr is not None:
        raise AssertionError(f"it ended: {process.stderr.read()}")
    return line.strip()


def ended(process: subprocess.Popen[str], *, timeout: float = 240) -> str:
    """What it said until its end, which is a good one."""
    out, err = process.communicate(timeout=timeout)
    if process.returncode != 0:
        raise AssertionError(err)
    return out


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def until_stopped(process: subprocess.Popen[str]) -> None:
    """Waits until it has paused itself."""
    deadline = time.monotonic() + 90
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"it did not pause: {process.communicate()}")
        time.sleep(0.01)


def lanes_of(
    bench: Bench, *operators: int, ledger: str | Ledger | None = None, stall_after: float = 60.0
) -> Lanes:
    """This process's lanes on the bench's ledger, or on another."""
    pool: list[Signer] = [dev_signer(index) for index in operators or (1,)]
    context = make_context(
        bench.suite.issuance,
        ledger or bench.desk.ledger,
        signers={"operator": pool, "guardian": dev_signer(9)},
        clock=None,
        calendar=None,
        secret=None,
        patience=bench.desk._context.patience,
    )
    return Lanes(context, FeePolicy(), patience=0.3, stall_after=stall_after)


def end_leases(ledger: Ledger) -> None:
    """As if their time were over."""
    with ledger._store.writing() as connection:
        connection.execute(
            sa.text("UPDATE lanes SET leased_until = :past WHERE leased_until IS NOT NULL").bindparams(
                sa.bindparam("past", datetime(2020, 1, 1, tzinfo=UTC), sa.DateTime(timezone=True))
            )
        )
