"""`make chaos`: many random fault schedules, and what has to be true after each.

    python tests/python/chaos/campaign.py --schedules 500
    python tests/python/chaos/campaign.py --seed 17      # one schedule again

Ends with 1 if any schedule found an anomaly, and names its seed. See docs/chaos.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import multiprocessing.synchronize
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from support.chaos.plan import draw  # noqa: E402
from support.chaos.schedule import Result, run  # noqa: E402
from support.chaos.worker import hasten  # noqa: E402
from support.chaos.world import World  # noqa: E402


def campaign(
    seeds: Iterable[int], *, postgresql: bool = True, ledgers: int | None = None
) -> Iterator[Result]:
    """Runs these schedules one after another in this process."""
    # Workers are forked from a process that has imported everything.
    paths = [str(TESTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, paths)))
    multiprocessing.set_forkserver_preload(["support.chaos.warm", "__main__"])
    hasten()
    databases = ("sqlite", "sqlite", "postgresql") if postgresql else ("sqlite",)
    with World(postgresql=postgresql, ledgers=ledgers) as world:
        for seed in seeds:
            yield run(world, draw(seed, databases=databases, ledgers=len(world.prepared)))


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--schedules", type=int, default=500, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this schedule alone, and tell what it is")
    parser.add_argument("--seeds", type=_seeds, help="these schedules, with commas between them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="schedules side by side")
    parser.add_argument("--verbose", action="store_true", help="a line for every schedule")
    parser.add_argument("--until-found", action="store_true", help="stop at the first anomaly")
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return report(campaign([given.seed]), verbose="trail")
    seeds = given.seeds or range(given.first, given.first + given.schedules)
    results = campaign(seeds) if given.jobs == 1 else _side_by_side(seeds, given.jobs)
    return report(results, verbose=given.verbose, until_found=given.until_found)


def _seeds(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _side_by_side(seeds: Sequence[int], jobs: int) -> Iterator[Result]:
    """Each process has a world of its own, and every so many-th schedule."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    lock = context.Lock()
    parts = [context.Process(target=_part, args=(seeds[place::jobs], sender, lock)) for place in range(jobs)]
    for part in parts:
        part.start()
    sender.close()
    try:
        with suppress(EOFError):  # all parts have ended
            while True:
                yield receiver.recv()
    finally:
        for part in parts:
            part.terminate()
            part.join()


def _part(
    seeds: Sequence[int], says: multiprocessing.connection.Connection, lock: multiprocessing.synchronize.Lock
) -> None:
    for result in campaign(seeds):
        with lock:
            says.send(result)


def _until_interrupted(results: Iterable[Result]) -> Iterator[Result]:
    """Ctrl-C ends the campaign, and what it has found until then is told."""
    with suppress(KeyboardInterrupt):
        yield from results


def report(results: Iterable[Result], *, verbose: bool | str, until_found: bool = False) -> int:
    """Prints what the schedules brought. The exit code."""
    started = time.monotonic()
    totals: dict[str, Counter[str]] = {
        name: Counter() for name in ("faults injected", "orders ended", "alarms raised", "errors met")
    }
    wrong: list[Result] = []
    schedules = mints = redemptions = 0
    for result in _until_interrupted(results):
        schedules, mints, redemptions = (
            schedules + 1,
            mints + result.mints,
            redemptions + result.redemptions,
        )
        for counts, more in zip(
            totals.values(), (result.injected, result.orders, result.alarms, result.errors), strict=True
        ):
            counts.update(more)
        if verbose or result.anomalies:
            print(f"{result.plan}; {result.seconds:.1f} s", flush=True)
        for anomaly in result.anomalies:
            print(f"  ANOMALY of seed {result.plan.seed}: {anomaly}", flush=True)
        if result.anomalies or verbose == "trail":
            print("\n".join(f"    {line}" for line in result.trail), flush=True)
        if result.anomalies:
            wrong.append(result)
            if until_found:
                break
    print(f"schedules: {schedules} in {time.monotonic() - started:.0f} s")
    print(f"orders: {mints} to mint, {redemptions} to redeem")
    for title, counts in totals.items():
        print(f"{title}: {sum(counts.values())}")
        for name, count in sorted(counts.items()):
            print(f"  {count:7} {name}")
    print(f"anomalies: {sum(len(result.anomalies) for result in wrong)}")
    if wrong:
        print(f"seeds: {', '.join(str(result.plan.seed) for result in wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
