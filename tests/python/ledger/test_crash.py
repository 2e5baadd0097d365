"""kill -9 in the middle of a transaction."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.ledgers import Fixture

from toolkit.ledger import Ledger, State

# The child works until it is killed; it says `half` between the two halves of a transaction and `done`
# after each commit. Killed at the n-th `half`, n - 1 transactions must be there, whole.
CHILD = """
import sys
from pathlib import Path
from support.ledgers import MAKER, WORKER, address, reference, tokens
from toolkit.ledger import Ledger, Role, State
from datetime import timedelta

url = sys.argv[1]
ledger = Ledger.open(url)
for number in range(1, 100):
    with ledger.transaction() as tx:
        order = tx.orders.request_mint(
            investor=reference(1), wallet=address(1), amount=tokens("1.00"), currency="USD", maker=MAKER,
            idempotency_key=f"crash-{number}", lifetime=timedelta(days=1),
        )
        print("half", number, flush=True)
        sys.stdin.readline()
        tx.orders.step(order.id, State.ON_HOLD, actor=WORKER, role=Role.OPERATOR, reason="crash test")
        print("written", number, flush=True)
        sys.stdin.readline()
    print("done", number, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("point", ["half 1", "written 1", "done 1", "half 3", "written 3"])
def test_kill_9_leaves_whole_transactions_only(desk: Fixture, point: str) -> None:
    committed = int(point.split()[1]) - (0 if point.startswith("done") else 1)
    _run_until(desk.url, point)
    with Ledger.open(desk.url, clock=desk.clock) as reopened:
        orders = reopened.orders.find()
        assert [order.state for order in orders] == [State.ON_HOLD] * committed
        assert reopened.verify().seq == 2 * committed
    assert desk.mint().number == committed + 1
    desk.ledger.verify()


def _run_until(url: str, point: str) -> None:
    tests = Path(__file__).parents[1]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tests.parents[1],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parents[1])])},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if line.strip() == point:
                break
            child.stdin.write("go on\n")
            child.stdin.flush()
    finally:
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        child.stdin.close()
        child.stdout.close()
