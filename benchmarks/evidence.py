"""Evidence packs: how long an order's takes to make and to verify, and how a day's grows.

    python benchmarks/evidence.py                      days of 200, 1,000 and 4,000 orders
    python benchmarks/evidence.py --sizes 200 20000

Orders are settled on Anvil by the worker, in batches of 200. Packs are verified by the stand-alone program in
a process of its own, start included, with nothing but Python's standard library. The order alone is one whose
transaction carries nothing else; the order among others is one of a whole batch. Seconds of processor are
what a quiet machine takes; beside them those of the clock.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from desks import ApprovedDesk, settle_all  # noqa: E402

from toolkit import Anvil  # noqa: E402
from toolkit.ledger import OrderKind  # noqa: E402
from toolkit.reporting.evidence import Evidence, verify_pack  # noqa: E402

BATCH = 200


def measured(folder: Path, collect: Callable[[], bytes]) -> dict[str, Any]:
    """Seconds to collect and to verify a pack, of processor and by the clock, and its size in bytes."""
    began, processor = time.perf_counter(), time.process_time()
    pack = collect()
    collected, collect_cpu = time.perf_counter() - began, time.process_time() - processor
    path = folder / "pack.zip"
    path.write_bytes(pack)
    began, processor = time.perf_counter(), _of_children()
    command = [sys.executable, "-I", "-S", verify_pack.__file__, str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    verified, verify_cpu = time.perf_counter() - began, _of_children() - processor
    found = json.loads(done.stdout)
    failed = [item for item in found["findings"] if item["status"] == "FAILED"]
    assert not failed, failed
    return {
        "bytes": len(pack),
        "collect": collected,
        "collect_cpu": collect_cpu,
        "verify": verified,
        "verify_cpu": verify_cpu,
    }


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(name: str, found: dict[str, Any]) -> str:
    times = "".join(f"{found[part]:>12.2f}" for part in ("collect_cpu", "collect", "verify_cpu", "verify"))
    return f"{name:<28}{found['bytes']:>14,}{times}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1_000, 4_000])
    options = parser.parse_args()
    print(f"{'pack':<28}{'bytes':>14}{'collect cpu':>12}{'clock':>12}{'verify cpu':>12}{'clock':>12}")
    with (
        tempfile.TemporaryDirectory() as folder,
        Anvil(accounts=20, extra_args=["--gas-limit", "60000000"]) as node,
    ):
        place = Path(folder)
        desk = ApprovedDesk(node, f"sqlite:///{place / 'desk.db'}")
        evidence = Evidence(desk.desk.ledger, desk.issuance)
        began = datetime.now(UTC) - timedelta(days=1)
        desk.settle_one()
        (alone,) = desk.desk.ledger.orders.find(kind=OrderKind.MINT)
        print(row("one order, alone", measured(place, lambda: evidence.order(alone.id))), flush=True)
        for size in sorted(options.sizes):
            desk.approve(size - desk.made, BATCH)
            settle_all(desk.desk)
            last = desk.desk.ledger.orders.find(kind=OrderKind.MINT)[-1]
            print(row(f"one order of {size:,}", measured(place, lambda last=last: evidence.order(last.id))))
            until = datetime.now(UTC) + timedelta(days=1)
            day = measured(place, lambda until=until: evidence.between(began, until))
            print(row(f"a day of {size:,} orders", day), flush=True)
        desk.close()


if __name__ == "__main__":
    main()
