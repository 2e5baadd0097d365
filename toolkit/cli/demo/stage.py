"""What both parts of the demo do the same way: publish a report, confirm money, approve, move the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo.cast import APPROVERS, AUDITOR, CUSTODIAN

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.desk import Desk
    from toolkit.issuance import Issuance
    from toolkit.ledger.records import MintOrder, Order
    from toolkit.reserves.report import ReserveReport

__all__ = ["approve", "confirm_money", "go_to", "now", "publish_report"]


def publish_report(tell: Narrator, issuance: Issuance, report: ReserveReport, folder: Path) -> None:
    """Two attestors sign files in `folder`; whoever publishes gathers them in any order."""
    from toolkit.chain.hexes import to_hex
    from toolkit.chain.signers import dev_signer

    files = []
    for name, index in (("auditor", AUDITOR), ("custodian", CUSTODIAN)):
        signer = dev_signer(index)
        file = folder / f"{name}-{report.as_of:%Y%m%d}.json"
        report.attest(issuance, signers=[signer]).save_signature(signer.address, file)
        files.append(file)
    bundle = report.attest(issuance)
    for file in files:
        bundle.add_file(file)
    published = issuance.reserve.publish(bundle)
    status = issuance.reserve.status()
    tell.say(
        f"round {published.round}: {status.reserve.display()} as of {report.as_of.isoformat()}, "
        "signed by auditor and custodian",
        **published.to_json(),
    )
    tell.say(f"report {to_hex(report.hash)}")
    tell.backing(status, "publication")


def confirm_money(desk: Desk, order: MintOrder, payer: str) -> None:
    """The treasurer matches the order's money, which came from the account `payer`."""
    desk.confirm_funds(
        order,
        receipt=f"FPS-{order.number:08}",
        amount=str(order.amount.value),
        payer=payer,
        by="treasurer-1",
    )


def approve(desk: Desk, orders: Iterable[Order]) -> None:
    """Both approvers sign."""
    from toolkit.chain.signers import dev_signer

    ids = [order.id for order in orders]
    for index in APPROVERS:
        desk.approve(ids, dev_signer(index))


def now(node: Anvil) -> datetime:
    """The time of the chain's last block."""
    with node.client() as client:
        return datetime.fromtimestamp(client.block("latest").timestamp, UTC)


def go_to(node: Anvil, instant: datetime) -> None:
    """Moves the chain's clock to `instant`."""
    node.advance_time(int((instant - now(node)).total_seconds()))
