"""Evidence packs of a fund's orders."""

from __future__ import annotations

import json

from support.fund_desks import FundBench

from toolkit.reporting.evidence import Evidence, verify_pack


def test_a_funds_order_is_packed_from_its_request_to_its_price(bench: FundBench) -> None:
    investor = bench.investor(1)
    order = bench.subscribed(investor)
    bench.sent(order)
    bench.settled(1)
    bench.funds.run()
    pack = Evidence(bench.desk.ledger, bench.suite.issuance).order(order.id)
    result = verify_pack.verify(pack)
    assert result.status == "ok", verify_pack.render(result)
    files = verify_pack.read_archive(pack)
    name = f"orders/{order.id}.json"
    entry = json.loads(files[name])
    (dealing,) = entry["dealings"]
    dealing["due"] = str(int(dealing["due"]) + 1)
    files[name] = verify_pack.encode(entry)
    manifest = json.loads(files[verify_pack.MANIFEST])
    manifest["files"] = verify_pack.manifest_entries(files)
    files[verify_pack.MANIFEST] = verify_pack.encode(manifest)
    assert verify_pack.verify(verify_pack.write_archive(files)).status == "FAILED"
