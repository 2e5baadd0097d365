"""Packs of a desk's orders, from a real node: complete, the same for the same facts, and true."""

from __future__ import annotations

import time

from toolkit.reporting.evidence import verify_pack


def test_x(settled) -> None:
    for what in ("mint", "redemption", "requested"):
        order = getattr(settled, what)
        t = time.time()
        pack = settled.evidence.order(order.id)
        t1 = time.time()
        result = verify_pack.verify(pack)
        print(what, len(pack), t1 - t, time.time() - t1, order.state)
        print(verify_pack.render(result))
        for n, d in verify_pack.read_archive(pack).items():
            print(len(d), n)

    t = time.time()
    now = settled.bench.desk.ledger.clock.now()
    from datetime import timedelta

    pack = settled.evidence.between(now - timedelta(hours=12), now + timedelta(hours=1))
    print("day", len(pack), time.time() - t)
    t = time.time()
    print(verify_pack.render(verify_pack.verify(pack)), time.time() - t)
