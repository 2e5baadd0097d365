"""Evidence packs: everything behind an order, a day or an incident in one archive that checks itself.

The same facts give the same bytes: files are canonical JSON, names are sorted, nothing carries the time of
packing, nothing is compressed. Personal data stay out: parties are references, and a record's document goes
in only if its kind is known to hold none; of any other, its digest.

Records of on-chain and off-chain activity, joined by order id, transaction hash and bank reference: HKMA
Guideline 8.1.1; preserved evidence of incidents: 6.8.8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.errors import InvalidInput
from toolkit.ledger.canonical import instant
from toolkit.ledger.errors import NotFound
from toolkit.reporting.evidence import verify_pack
from toolkit.reporting.evidence.chain_files import ChainFiles, signing_version
from toolkit.reporting.evidence.verify_pack import encode

if TYPE_CHECKING:
    from toolkit.issuance import Issuance
    from toolkit.ledger import Ledger
    from toolkit.ledger.extracts import Json

__all__ = ["DISCLOSED", "Evidence"]

DISCLOSED = frozenset({"day", "nav", "distribution", "list", "exit"})
"""The kinds of record whose documents hold no personal data. Of any other kind only the digest is packed."""

_SENT = frozenset({"submitted", "escrowed", "burned", "settled", "in_batch"})  # evidence is a transaction


@dataclass(frozen=True)
class Evidence:
    """Collects packs from a ledger and its deployment.

    `reports` are reserve reports in their canonical form; a pack holds those that its attestations are of.
    `disclosed` names the kinds of record whose documents are packed.
    """

    ledger: Ledger
    issuance: Issuance
    reports: Sequence[bytes] = ()
    disclosed: frozenset[str] = field(default=DISCLOSED)

    def order(self, order_id: str, *, records: Iterable[str] = ()) -> bytes:
        """The pack of one order, with the ledger's chain from its first event to its last.

        `records` are ids of records to add (lists that it was screened against). Raises NotFound.
        """
        steps = self._steps(order_id)
        packing = _Packing(self)
        packing.add_orders([order_id])
        packing.add_records(records, steps[0]["seq"])
        packing.add_segment(steps[0]["seq"], steps[-1]["seq"])
        return packing.archive("order", {"order": order_id})

    def day(self, day: date) -> bytes:
        """The pack of a Hong Kong calendar day: every order and record that moved on it.

        The chain runs from the first event of the oldest of these orders to the day's last event. Raises
        InvalidInput for a day on which nothing happened.
        """
        hong_kong = ZoneInfo("Asia/Hong_Kong")
        since, until = (
            datetime(item.year, item.month, item.day, tzinfo=hong_kong)
            for item in (day, day + timedelta(days=1))
        )
        return self.between(since, until)

    def between(self, since: datetime, until: datetime) -> bytes:
        """The pack of a stretch of time, `until` left out. Raises InvalidInput."""
        moved = self.ledger.extracts.moved(since, until)
        if moved is None:
            raise InvalidInput(f"nothing happened from {instant(since)} until {instant(until)}")
        first = min([moved.first, *(self._steps(item)[0]["seq"] for item in moved.orders)])
        packing = _Packing(self)
        packing.add_orders(moved.orders)
        packing.add_records(moved.records, first)
        packing.add_segment(first, moved.last)
        packing.add_rounds(since, until)
        return packing.archive("day", {"since": instant(since), "until": instant(until)})

    def incident(self, incident_id: str, *, orders: Iterable[str] = (), records: Iterable[str] = ()) -> bytes:
        """The pack of an incident: a record's id, or that of an incident on the desk's list.

        `orders` and `records` are what it touches; orders that its details name are added. Raises NotFound.
        """
        noted = self._noted(incident_id)
        touched = set(orders)
        involved = set(records)
        if noted is None:
            involved.add(incident_id)
        else:
            touched |= set(self._named(noted["details"]))
        steps = [step for item in sorted(touched | involved) for step in self._steps(item)]
        if not steps:  # the desk's list alone: the chain as it ends now
            end = self.ledger.head().seq
            steps = self.ledger.extracts.events(end, end)
        first = min(step["seq"] for step in steps)
        packing = _Packing(self)
        packing.add_orders(sorted(touched))
        if noted is not None:
            packing.files[verify_pack.INCIDENT] = encode(noted)
        packing.add_records(sorted(involved), first)
        packing.add_segment(first, max(step["seq"] for step in steps))
        subject = {"incident": incident_id, "orders": sorted(touched), "records": sorted(involved)}
        return packing.archive("incident", subject)

    def _steps(self, subject: str) -> list[Json]:
        steps = self.ledger.extracts.history(subject)
        if not steps:
            raise NotFound(f"the ledger has no {subject!r}", subject=subject)
        return steps

    def _noted(self, incident_id: str) -> Json | None:
        for item in self.ledger.incidents.find():
            if item.id == incident_id:
                return {
                    "id": item.id,
                    "kind": item.kind,
                    "opened_at": instant(item.opened_at),
                    "summary": item.summary,
                    "details": item.details,
                    "acknowledged_at": item.acknowledged_at and instant(item.acknowledged_at),
                    "acknowledged_by": item.acknowledged_by,
                    "note": item.note,
                }
        return None

    def _named(self, details: Any) -> list[str]:
        """The orders that an incident's details name, at any depth."""
        if isinstance(details, str):
            return [details] if self.ledger.extracts.history(details) and "/" not in details else []
        items: Iterable[Any] = details.values() if isinstance(details, dict) else details
        return [name for item in items for name in self._named(item)] if _nested(details) else []


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list | tuple)


class _Packing:
    """One pack in the making."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._ledger = evidence.ledger
        issuance = evidence.issuance
        self.files: dict[str, bytes] = {}
        self._chain = ChainFiles(evidence.ledger, issuance, self.files)
        self._contracts = {
            "market": issuance.market.address,
            "token": issuance.token.address,
            "feed": issuance.feed.address,
            "manager": issuance.access_manager.address,
        }
        self._sent: set[str] = set()
        self._minted: set[str] = set()
        self._approved: set[str] = set()

    def add_orders(self, order_ids: Iterable[str]) -> None:
        """Orders with the transactions and the batches that their events rest on."""
        extracts = self._ledger.extracts
        for order_id in order_ids:
            entry = extracts.order(order_id)
            self.files[f"orders/{order_id}.json"] = encode(entry)
            for step in extracts.history(order_id):
                evidence = step["evidence"] and f"0x{step['evidence']}"
                if step["to_state"] == "approved" and evidence:
                    self._approved.add(evidence)
                elif evidence and (step["to_state"] in _SENT or step["from_state"] == "recovered"):
                    self._sent.add(evidence)
                    if entry["order"]["kind"] == "mint":
                        self._minted.add(evidence)
        for tx_hash in sorted(self._sent):
            self._chain.add_transaction(tx_hash)

    def add_records(self, record_ids: Iterable[str], first: int) -> None:
        """Records, and those of their events that lie before the segment, which begins at `first`."""
        before: dict[int, Json] = {}
        for record_id in record_ids:
            record = self._ledger.extracts.record(record_id)
            steps = self._ledger.extracts.history(record_id)
            shown = record["kind"] in self._evidence.disclosed
            self.files[f"records/{steps[0]['seq']}.json"] = encode(
                {
                    "id": record_id,
                    "state": record["state"],
                    "data": json.loads(record["data"]) if shown else None,
                    "digest": steps[-1]["evidence"],
                }
            )
            before |= {step["seq"]: step for step in steps if step["seq"] < first}
        if before:
            self.files[verify_pack.OUTSIDE] = encode([before[seq] for seq in sorted(before)])

    def add_segment(self, first: int, last: int) -> None:
        """The chain of events from one link to another."""
        self.files[verify_pack.SEGMENT] = encode(self._ledger.extracts.events(first, last))

    def add_rounds(self, since: datetime, until: datetime) -> None:
        """The attestations published in a stretch of time."""
        self._chain.add_rounds(int(since.timestamp()), int(until.timestamp()))

    def archive(self, kind: str, subject: Json) -> bytes:
        """The whole, with what applied on chain at its mints and acceptances."""
        self._chain.add_upgrades()
        self._add_batches(self._view())
        self._chain.add_attestations(self._minted)
        self._chain.add_settings()
        self._add_reports()
        self.files[verify_pack.VERIFIER] = verify_pack.own_source()
        manifest = {
            "format": verify_pack.FORMAT,
            "kind": kind,
            "subject": subject,
            "chain_id": str(self._evidence.issuance.chain_id),
            "contracts": self._contracts,
            "files": verify_pack.manifest_entries(self.files),
        }
        self.files[verify_pack.MANIFEST] = encode(manifest)
        return verify_pack.write_archive(self.files)

    def _view(self) -> verify_pack.Pack:
        """What is packed so far as the verifier reads it: calls and events decoded."""
        view = verify_pack.Pack(self.files)
        view.chain_id, view.contracts = self._evidence.issuance.chain_id, self._contracts
        verify_pack.check_blocks(view, ())
        verify_pack.check_transactions(view)
        return view

    def _add_batches(self, view: verify_pack.Pack) -> None:
        """What was signed: as the transactions carry it, and as proposed where nothing was sent yet."""
        for tx, call in sorted(view.calls.items()):
            if call.to != self._contracts["market"]:
                continue
            executed = view.events_of("market", "OrderExecuted", tx=tx)
            for orders, approvals, _ in (call.arguments("mint") or [[]])[0]:
                if executed:
                    data = verify_pack.expected_mint(view, orders, verify_pack.version_at(view, executed[0]))
                else:
                    make = partial(verify_pack.expected_mint, view, orders)
                    data = self._signed(make, partial(self._is_signed_by, approvals))
                self._add_batch(data, approvals)
            accepted = view.events_of("market", "RedemptionAccepted", tx=tx)
            arguments = call.arguments("acceptRedemptions")
            if arguments and accepted:
                version = verify_pack.version_at(view, accepted[0])
                self._add_batch(verify_pack.expected_acceptance(view, accepted, version), arguments[1])
        for digest in sorted(self._approved):
            if f"batches/{digest[2:]}.json" not in self.files:
                self._add_proposed(view, digest)

    def _add_batch(self, data: Json, approvals: Iterable[Sequence[Any]]) -> None:
        digest = verify_pack.typed_data_digest(data)
        persons = {
            item["signer"]: item["person_id"] for item in self._ledger.extracts.approvals(to_hex(digest))
        }
        self._put_batch(
            digest,
            data,
            [
                {"person_id": persons.get(signer), "signer": signer, "signature": to_hex(signature)}
                for signer, signature in approvals
            ],
        )

    def _put_batch(self, digest: bytes, data: Json, approvals: list[Json]) -> None:
        name = f"batches/{digest.hex()}.json"
        self.files[name] = encode({"typed_data": data, "approvals": approvals})

    def _add_proposed(self, view: verify_pack.Pack, digest: str) -> None:
        """A batch that hasn't been sent, from the ledger."""
        orders = [
            self._ledger.extracts.order(item)["order"] for item in self._ledger.extracts.batch_orders(digest)
        ]
        if all(order["kind"] == "mint" for order in orders):
            rows = [
                (order["number"], order["wallet"], order["amount"], _expiry(order["expires_at"]))
                for order in orders
            ]
            make = partial(verify_pack.expected_mint, view, rows)
        else:
            make = partial(verify_pack.expected_acceptance, view, [_accepted(order) for order in orders])
        data = self._signed(make, digest.__eq__)
        self._put_batch(verify_pack.typed_data_digest(data), data, self._ledger.extracts.approvals(digest))

    def _signed(self, make: Callable[[str], Json], is_digest: Callable[[str], bool]) -> Json:
        """What was signed and not executed, under the implementation that it was signed for: the newest with
        the digest. What proves that implementation is packed too.
        """
        versions = [signing_version(log) for log in reversed(self._chain.upgrades)]
        made = {version: make(version) for version in versions}
        found = [
            version
            for version, data in made.items()
            if is_digest(to_hex(verify_pack.typed_data_digest(data)))
        ]
        version = (found or versions)[0]
        self._chain.add_upgrades(version)
        return made[version]

    def _is_signed_by(self, approvals: Iterable[Sequence[Any]], digest: str) -> bool:
        """Whether these signatures were given for the digest; the same orders may be signed for each code."""
        given = {(item["signer"], item["signature"]) for item in self._ledger.extracts.approvals(digest)}
        return {(signer, to_hex(signature)) for signer, signature in approvals} <= given

    def _add_reports(self) -> None:
        """The reserve reports behind the attestations, as far as they were given."""
        given = {keccak(report): report for report in self._evidence.reports}
        for name in [item for item in self.files if item.startswith("attestations/")]:
            report = from_hex(verify_pack.parse(self.files[name])["typed_data"]["message"]["report"])
            if report in given:
                self.files[f"reports/{report.hex()}.json"] = given[report]


def _expiry(instant_text: str) -> int:
    return int(datetime.fromisoformat(instant_text).timestamp())


def _accepted(order: Json) -> verify_pack.Event:
    """A redemption as its acceptance will say it."""
    args = {"id": order["number"], "holder": order["wallet"], "amount": order["amount"]}
    return verify_pack.Event((0, 0, 0), "", "market", "RedemptionAccepted", args, "", 0)
