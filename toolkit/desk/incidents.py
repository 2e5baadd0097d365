"""What stops minting until a person has looked: a final block that is gone.

Finality is a promise. Where the chain breaks it, orders that were settled, and money that was paid on
them, have lost their ground; nothing here mints again on its own account, nor takes anything back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.approvals import ACCEPTANCE
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.errors import FinalityViolated, NodeBehind
from toolkit.errors import NodeRejected
from toolkit.ledger.agenda import SETTLED_UP_TO
from toolkit.ledger.machines import Role, State
from toolkit.ledger.records import Flight, Incident, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.desk.report import RunLog
    from toolkit.ledger.agenda import Due
    from toolkit.ledger.records import Cursor

__all__ = ["Incidents"]

_FINALITY = "finality_violated"


@dataclass(frozen=True, slots=True)
class Incidents:
    """Looks for broken promises, and for the person who answers for going on."""

    context: DeskContext

    def may_mint(self, due: Due, log: RunLog) -> bool:
        """Whether the chain still has what the desk settled, and no incident waits for a person.

        Opens an incident if a block that was final is gone; its alarm stays in every report until it is
        acknowledged. A node that hasn't got that far yet is an alarm too, and may be asked again.
        """
        cursor, are_waiting = due.settled, due.incidents
        if cursor is not None:
            try:
                block = self.context.client.block(cursor.block_number)
            except NodeRejected:
                log.alarms.append(_behind(cursor))
                return False
            if block.hash != from_hex(cursor.block_hash):
                self._open(cursor, log)
                are_waiting = True
        waiting = self.context.ledger.incidents.find(acknowledged=False) if are_waiting else ()
        log.alarms.extend(_alarm(incident) for incident in waiting)
        return not waiting

    def acknowledge(self, incident_id: str, *, by: str, note: str) -> Incident:
        """See `Desk.acknowledge_incident`."""
        with self.context.ledger.transaction() as tx:
            incident = tx.incidents.acknowledge(incident_id, by=by, note=note)
            tx.transactions.reopen(incident.details["transactions"])
        return incident

    def _open(self, cursor: Cursor, log: RunLog) -> None:
        gone = list(self._gone())
        orders = [order_id for flight, _ in gone for order_id in flight.order_ids]
        burns = [
            order_id for flight, _ in gone if flight.purpose == ACCEPTANCE for order_id in flight.order_ids
        ]
        unpaid, paid = self._burns_at_risk(burns)
        tokens = self.context.tokens(sum(order.base_units for order in paid))
        head = self.context.client.finalized_block()
        details: dict[str, Any] = {
            "block_number": cursor.block_number,
            "block_hash": cursor.block_hash,
            "transactions": [tx_hash for _, tx_hash in gone],
            "orders": orders,
            "amount_at_risk": str(tokens),
        }
        reason = f"the burn was final and is gone with block {cursor.block_number}"
        blocks = self._blocks_gone()
        with self.context.ledger.transaction() as tx:
            tx.incidents.open(
                _FINALITY,
                f"block {cursor.block_number} ({cursor.block_hash}) was final and is no longer part of the "
                f"chain; {len(orders)} orders are gone with it, {tokens.display()} of them paid out",
                details,
            )
            tx.orders.step_all(
                [order.id for order in unpaid],
                State.APPROVED,
                actor=WORKER,
                role=Role.OPERATOR,
                reason=reason,
            )
            tx.chain_events.orphan(blocks)
            tx.cursors.set(SETTLED_UP_TO, block_number=head.number, block_hash=to_hex(head.hash))
        log.changed([order.id for order in unpaid], State.APPROVED, reason)

    def _gone(self) -> Iterable[tuple[Flight, str]]:
        """The landed flights whose transaction isn't in the chain any more, newest first."""
        ledger, client = self.context.ledger, self.context.client
        head, intact = client.block("latest").number, -1
        for flight in reversed(ledger.flights.find(state="landed")):
            for record in ledger.transactions.find(flight_id=flight.id, state="mined"):
                number, block_hash = record.block_number, record.block_hash
                if number is None or block_hash is None or number <= intact:
                    continue
                if number <= head and client.block(number).hash == from_hex(block_hash):
                    intact = number  # and so are all the blocks before it
                elif client.receipt(from_hex(record.hash)) is None:
                    yield flight, record.hash

    def _blocks_gone(self) -> list[str]:
        """The hashes of the blocks whose events are on record and that aren't in the chain any more."""
        client, gone = self.context.client, []
        head = client.block("latest").number
        for number, block_hash in self.context.ledger.chain_events.blocks():
            if number <= head and client.block(number).hash == from_hex(block_hash):
                break  # and so are all the blocks before it
            gone.append(block_hash)
        return gone

    def _burns_at_risk(self, order_ids: Iterable[str]) -> tuple[list[RedemptionOrder], list[RedemptionOrder]]:
        """Redemptions whose burn is gone: those that nobody has paid, and those that somebody has."""
        found = self.context.ledger.orders.many(list(dict.fromkeys(order_ids)))
        burned = [order for order in found if isinstance(order, RedemptionOrder)]
        unpaid = [order for order in burned if order.state is State.BURNED]
        return unpaid, [order for order in burned if order.state in (State.PAID, State.SETTLED)]


def _alarm(incident: Incident) -> FinalityViolated:
    return FinalityViolated(
        f"incident {incident.id}: {incident.summary}. Nothing is minted until somebody of compliance has "
        "acknowledged it",
        incident=incident.id,
        **incident.details,
    )


def _behind(cursor: Cursor) -> NodeBehind:
    return NodeBehind(
        f"the ledger has settled orders in block {cursor.block_number}, which the node hasn't got: nothing "
        "is minted until it has caught up; if it never does, it is another chain",
        settled=cursor.block_number,
    )
