"""The travel rule: a record of every transfer to or from another institution (regulation.md R-AML-07, 08)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from toolkit.chain.addresses import checksum_address
from toolkit.compliance.errors import CounterpartyUnfit, TravelDataMissing
from toolkit.compliance.travel_data import (
    FULL,
    SHORT,
    THRESHOLD,
    Beneficiary,
    Counterparty,
    FxRate,
    Originator,
    Transfer,
    hkd_equivalent,
    missing,
)
from toolkit.errors import InvalidInput
from toolkit.ledger import checks
from toolkit.ledger.canonical import instant
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, Role
from toolkit.ledger.record_words import RecordState
from toolkit.ledger.records import LedgerRecord

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger

__all__ = [
    "THRESHOLD",
    "Beneficiary",
    "Counterparty",
    "FxRate",
    "Originator",
    "Transfer",
    "TravelRule",
    "hkd_equivalent",
    "missing",
]

OUT, IN = "out", "in"


class TravelRule:
    """Records of transfers, and the register of institutions.

    `max_rate_age` is how old a rate may be (policy default: a day). `by` is always a person's id.
    """

    def __init__(self, ledger: Ledger, *, max_rate_age: timedelta = timedelta(days=1)) -> None:
        self._ledger = ledger
        self._max_rate_age = max_rate_age

    # -------------------------------------------------------------------------------------- counterparties

    def propose(self, counterparty: Counterparty, *, by: str) -> LedgerRecord:
        """Puts an institution up for acceptance, or again with newer facts. By maker or compliance."""
        item = counterparty
        if item.kind not in ("vasp", "bank", "custodian"):
            raise InvalidInput(f"kind {item.kind!r} is no institution's: vasp, bank or custodian")
        data = {
            "name": checks.one_line(item.name, what="name"),
            "jurisdiction": checks.country(item.jurisdiction),
            "kind": item.kind,
            "licence": checks.one_line(item.licence, what="licence"),
            "has_presence": item.has_presence,
            "reviewed": checks.one_line(item.reviewed, what="due diligence file"),
            "expires_at": instant(checks.aware(item.expires_at, what="expires_at")),
        }
        role = self._role(by, Role.MAKER, Role.COMPLIANCE)
        return self._ledger.travel.register(item.key, RecordState.PROPOSED, data, actor=by, role=role)

    def accept(self, key: str, *, by: str, rationale: str) -> LedgerRecord:
        """Compliance, another person than proposed it, accepts an institution.

        Raises CounterpartyUnfit for a shell or a review that has lapsed, NotAuthorised, IllegalTransition.
        """
        data = self._ledger.travel.counterparty(key).data
        if not data["has_presence"]:
            raise CounterpartyUnfit(
                f"{key} has no place of business and no supervisor: nothing goes to or comes from a shell",
                counterparty=key,
            )
        if instant(self._ledger.clock.now()) >= data["expires_at"]:
            raise CounterpartyUnfit(
                f"the due diligence on {key} lapsed at {data['expires_at']}: make it again", counterparty=key
            )
        return self._ledger.travel.register(
            key, RecordState.ACCEPTED, actor=by, role=Role.COMPLIANCE, reason=_said(rationale)
        )

    def suspend(self, key: str, *, by: str, rationale: str) -> LedgerRecord:
        """Compliance stops all transfers to and from an institution, those acknowledged included."""
        return self._ledger.travel.register(
            key, RecordState.SUSPENDED, actor=by, role=Role.COMPLIANCE, reason=_said(rationale)
        )

    # ------------------------------------------------------------------------------------------- transfers

    def send(
        self,
        transfer: Transfer,
        originator: Originator,
        beneficiary: Beneficiary,
        *,
        rate: FxRate | None = None,
        by: str,
    ) -> LedgerRecord:
        """Puts on record that the data of a transfer to an institution were sent to it: `sent`.

        Raises TravelDataMissing for a set that isn't complete, CounterpartyUnfit, InvalidInput.
        """
        data, tier = self._data(transfer, OUT, rate)
        self._require_fit(transfer.counterparty)
        _require_complete(tier, originator, beneficiary)
        return self._open(transfer, RecordState.SENT, data, originator, beneficiary, by)

    def receive(
        self,
        transfer: Transfer,
        originator: Originator,
        beneficiary: Beneficiary,
        *,
        rate: FxRate | None = None,
        by: str,
    ) -> LedgerRecord:
        """Puts on record what came with a transfer from an institution: `acked` if it is all there,
        `missing_info` if not, `held` if the institution isn't one the desk deals with.
        """
        data, tier = self._data(transfer, IN, rate)
        wanting = missing(tier, originator, beneficiary)
        data["missing"] = list(wanting)
        state = RecordState.MISSING_INFO if wanting else RecordState.ACKED
        try:
            self._require_fit(transfer.counterparty)
        except CounterpartyUnfit:
            state = RecordState.HELD
        if state is RecordState.ACKED:
            data["acked_at"] = instant(self._ledger.clock.now())
        return self._open(transfer, state, data, originator, beneficiary, by)

    def acknowledge(self, transfer: str, *, by: str, reference: str) -> LedgerRecord:
        """`acked`: the institution has the data and takes the transfer; `reference` is its own answer."""
        self._require_fit(self._ledger.travel.get(transfer).data["counterparty"])
        data = {"acked_at": instant(self._ledger.clock.now()), "reference": _said(reference), "missing": []}
        return self._step(transfer, RecordState.ACKED, by, f"acknowledged as {reference}", data)

    def ask(self, transfer: str, *, by: str, wanting: str) -> LedgerRecord:
        """`missing_info`: the institution asks for more."""
        data = {"missing": [_said(wanting)]}
        return self._step(transfer, RecordState.MISSING_INFO, by, f"wanting: {wanting}", data)

    def supply(
        self, transfer: str, originator: Originator, beneficiary: Beneficiary, *, by: str
    ) -> LedgerRecord:
        """From `missing_info` on with better data: to `sent` for one of ours, to `acked` for one of theirs.

        Raises TravelDataMissing.
        """
        data = self._ledger.travel.get(transfer).data
        _require_complete(data["tier"], originator, beneficiary)
        ours = data["direction"] == OUT
        changed: dict[str, Any] = {"missing": []}
        changed["sent_at" if ours else "acked_at"] = instant(self._ledger.clock.now())
        return self._ledger.travel.step(
            transfer,
            RecordState.SENT if ours else RecordState.ACKED,
            actor=by,
            role=self._desk_role(by),
            reason="the data were completed",
            data=changed,
            parties=_parties(originator, beneficiary),
        )

    def hold(self, transfer: str, *, by: str, rationale: str) -> LedgerRecord:
        """`held`: nothing moves until compliance has decided."""
        return self._step(transfer, RecordState.HELD, by, _said(rationale))

    def give_back(self, transfer: str, *, by: str, rationale: str) -> LedgerRecord:
        """`returned`: the transfer is not made, or what came goes back. For good."""
        return self._step(transfer, RecordState.RETURNED, by, _said(rationale))

    def resume(self, transfer: str, *, by: str, rationale: str) -> LedgerRecord:
        """From `held` back to `sent`, or to `acked` for one that came in complete. By compliance."""
        data = self._ledger.travel.get(transfer).data
        to = RecordState.ACKED if data["direction"] == IN and not data["missing"] else RecordState.SENT
        return self._step(transfer, to, by, _said(rationale))

    def executed(self, transfer: str, *, transaction: str, by: str) -> LedgerRecord:
        """Notes the transaction of an acknowledged transfer."""
        data = {"transaction": checks.hash32(transaction, what="transaction hash")}
        return self._step(transfer, RecordState.ACKED, by, f"executed by {transaction}", data)

    # ------------------------------------------------------------------------------------------------ inside

    def _data(self, transfer: Transfer, direction: str, rate: FxRate | None) -> tuple[dict[str, Any], str]:
        now = self._ledger.clock.now()
        if rate is not None and not timedelta(0) <= now - rate.as_of <= self._max_rate_age:
            raise InvalidInput(
                f"the rate of {instant(rate.as_of)} isn't of the last {self._max_rate_age}: get another"
            )
        self._require_price(transfer)
        hkd = hkd_equivalent(transfer.amount, transfer.currency, rate, price=transfer.price)
        tier = FULL if hkd >= THRESHOLD else SHORT
        return {
            "direction": direction,
            "chain_id": transfer.chain_id,
            "wallet": checksum_address(transfer.wallet, what="wallet"),
            "base_units": str(transfer.amount.base_units),
            "unit": transfer.amount.unit,
            "decimals": transfer.amount.decimals,
            "hkd": str(hkd),
            "fx": "par" if rate is None else f"{rate.hkd} {rate.source} {instant(rate.as_of)}",
            "tier": tier,
            "counterparty": transfer.counterparty,
            "channel": checks.one_line(transfer.channel, what="channel"),
            "sent_at": instant(now),
            "acked_at": None,
            "reference": None,
            "transaction": None,
            "missing": [],
            "screening": self._screening(transfer.id),
            **({} if transfer.price is None else {"price": str(transfer.price)}),
        }, tier

    def _require_price(self, transfer: Transfer) -> None:
        """Shares aren't at par: without their price nobody knows which set of data goes with them."""
        given: object = transfer.price
        if given is not None and (not isinstance(given, Decimal) or not given.is_finite() or given <= 0):
            raise InvalidInput(f"the price {given!r} must be a Decimal above zero")
        try:
            order = self._ledger.orders.get(transfer.id)
        except NotFound:
            return
        if order.kind is OrderKind.FUND_REDEMPTION and given is None:
            raise InvalidInput(
                f"order {order.id} is over shares: give what one is worth in {transfer.currency} (`price`)"
            )

    def _screening(self, order_id: str) -> str | None:
        """The run that looked at the order last."""
        found = self._ledger.screening.last_of(order_id=order_id)
        return None if found is None else found[0].id

    def _require_fit(self, key: str) -> None:
        record = self._ledger.travel.counterparty(key)
        if record.state is not RecordState.ACCEPTED:
            raise CounterpartyUnfit(
                f"the institution {key} is {record.state}: compliance has to accept it first",
                counterparty=key,
            )
        if instant(self._ledger.clock.now()) >= record.data["expires_at"]:
            raise CounterpartyUnfit(
                f"the due diligence on {key} lapsed at {record.data['expires_at']}: renew it",
                counterparty=key,
            )

    def _open(
        self,
        transfer: Transfer,
        state: RecordState,
        data: Mapping[str, Any],
        originator: Originator,
        beneficiary: Beneficiary,
        by: str,
    ) -> LedgerRecord:
        parties = _parties(originator, beneficiary)
        role = self._desk_role(by)
        return self._ledger.travel.open(transfer.id, state, data, parties, actor=by, role=role)

    def _step(
        self, transfer: str, to: RecordState, by: str, reason: str, data: Mapping[str, Any] | None = None
    ) -> LedgerRecord:
        return self._ledger.travel.step(
            transfer, to, actor=by, role=self._desk_role(by), reason=reason, data=data
        )

    def _desk_role(self, by: str) -> Role:
        return self._role(by, Role.COMPLIANCE, Role.MAKER, Role.CHECKER, Role.OPERATOR)

    def _role(self, by: str, *wanted: Role) -> Role:
        """The first of `wanted` that the person holds; the first one if none, for the ledger to refuse."""
        held = self._ledger.persons.get(by).roles
        return next((role for role in wanted if role in held), wanted[0])


def _require_complete(tier: str, originator: Originator, beneficiary: Beneficiary) -> None:
    wanting = missing(tier, originator, beneficiary)
    if wanting:
        raise TravelDataMissing(
            f"the {tier} set lacks {', '.join(wanting)}: nothing was recorded; complete it", missing=wanting
        )


def _parties(originator: Originator, beneficiary: Beneficiary) -> dict[str, Any]:
    return {"originator": asdict(originator), "recipient": asdict(beneficiary)}


def _said(text: str) -> str:
    return checks.one_line(text, what="reason", longest=2_000)
