"""The versions of reports on file: made, signed, published or submitted, and never overwritten.

Every version is a record of the ledger (`report/…/v1`), with its document, or for what is about people only
the document's hash. A correction is the next version with its reason; the one before stays as it was. Whose
reports these are, and so which steps they take, says the shelf that they stand on: the issuer's (`filing`) or
the practitioner's (`attestations`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.signers import recover_address
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord, RecordEvent
from toolkit.reporting.report import Document, Report, SignOff, generator, report_from_data
from toolkit.reporting.reports import content_of
from toolkit.reporting.reports.values import Moment
from toolkit.reporting.signing import signable

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.ledger import Transaction

__all__ = ["OUT", "RequireClosed", "Shelf", "record_kind_of", "require_days_closed"]

OUT = frozenset({RecordState.SIGNED, RecordState.ISSUED, RecordState.PUBLISHED, RecordState.SUBMITTED})
"""The states of a version that stands: every signature is under it, and no other has taken its place."""

_DRAFT = (RecordState.GENERATED, RecordState.REVIEWED)
_SENDERS = (Role.FINANCE, Role.COMPLIANCE)

RequireClosed = Callable[[date], None]
"""Raises `Refused` for a day that isn't reconciled and closed."""


@dataclass(frozen=True)
class Shelf:
    """The reports of one ledger that live as one kind of record.

    `maker` is the role that makes and replaces drafts, `signatories` are the roles that sign, `signed` is the
    state that the last signature leads to. `fields` says by part whose signature is asked for.
    """

    kind: ClassVar[RecordKind]
    maker: ClassVar[Role]
    signatories: ClassVar[tuple[Role, ...]]
    signed: ClassVar[RecordState]
    fields: ClassVar[Mapping[str, str]]

    ledger: Ledger

    # ------------------------------------------------------------------------------------------------ making

    def generate(self, report: Report[Any], *, by: str) -> LedgerRecord:
        """Puts a report on file, made by `by`. The same report again changes nothing.

        A draft that nobody signed is replaced. Raises `InvalidInput` when another content is signed or out
        already (restate it, with a reason) or a version isn't the next one.
        """
        document = report.document
        latest = self._latest(document.report_id)
        if latest is not None and latest.data["sha256"] == document.sha256:
            return latest
        number = 0 if latest is None else latest.data["version"]
        if latest is not None and latest.state in _DRAFT and document.version == number:
            return self._redraft(latest, report, by)
        if latest is not None and document.version == number:
            raise InvalidInput(
                f"{document.report_id}, version {number}, is {latest.state} with other figures: restate it "
                "as the next version and say why",
                report=document.report_id,
            )
        if document.version != number + 1:
            raise InvalidInput(
                f"{document.report_id} has {number} version(s) on file: the next is {number + 1}, not "
                f"{document.version}",
                report=document.report_id,
            )
        if latest is not None:
            self._require_successor(latest, document)
        name = self._name(document.report_id, document.version)
        data = _data(report, by)
        with self.ledger.transaction() as tx:
            tx.record_book.open(name, self.kind, RecordState.DUE, data, actor=by, role=self.maker)
            return tx.record_book.step(
                name, RecordState.GENERATED, actor=by, role=self.maker, reason=document.reason or ""
            )

    def sign(
        self, report_id: str, signature: bytes | str, *, outside: Report[Any] | None = None
    ) -> LedgerRecord:
        """Adds a signature under the latest version, by one of those who have to sign it.

        Whose it is, the registered signing key says. With the last the version is signed, and the one before
        it restated. `outside` is the report itself where it is kept outside of the ledger. Raises
        `NotAuthorised` for anybody else's, a revoked key's, or a second one by the same person.
        """
        record = self._required(report_id)
        report = self.latest(report_id, outside)
        raw = from_hex(signature, what="signature", length=65) if isinstance(signature, str) else signature
        part, signer = self._whose(record, report.document, raw)
        person = record.data[self.fields[part]]
        if any(item["part"] == part for item in record.data["signatures"]):
            raise NotAuthorised(
                f"{person} has signed {record.id} already: one signature a part, each by its own person",
                person=person,
            )
        entry = {
            "part": part,
            "person": person,
            "signer": signer,
            "signature": to_hex(raw),
            "at": Moment.of(self.ledger.clock.now()).model_dump(mode="json"),
        }
        signatures = sorted([*record.data["signatures"], entry], key=lambda item: item["part"])
        to = self.signed if len(signatures) == len(self.fields) else RecordState.REVIEWED
        role = self._role(person, self.signatories)
        with self.ledger.transaction() as tx:
            signed = tx.record_book.step(
                record.id,
                to,
                actor=person,
                role=role,
                data={**record.data, "signatures": signatures},
                expected=record,
            )
            before = record.data["version"] - 1
            if to is self.signed and before:
                tx.record_book.step(
                    self._name(report_id, before),
                    RecordState.RESTATED,
                    actor=person,
                    role=role,
                    reason=report.document.reason or "",
                )
            self._signed(tx, signed, report)
        return signed

    def publish(self, report_id: str, *, url: str, by: str, require_closed: RequireClosed) -> LedgerRecord:
        """Records where the latest version was published. Raises what `require_closed` raises."""
        return self._out(report_id, RecordState.PUBLISHED, "published", url, by, require_closed)

    def submit(self, report_id: str, *, receipt: str, by: str, require_closed: RequireClosed) -> LedgerRecord:
        """Records what the supervisor answered to the latest version. Raises what `require_closed` raises."""
        return self._out(report_id, RecordState.SUBMITTED, "submitted", receipt, by, require_closed)

    # ----------------------------------------------------------------------------------------------- reading

    def get(self, report_id: str, version: int | None = None) -> Report[Any]:
        """A version as it is on file, None: the latest. Raises `NotFound`, and `InvalidInput` for one whose
        document is kept outside of the ledger.
        """
        return self._report(self._required(report_id, version))

    def latest(self, report_id: str, outside: Report[Any] | None = None) -> Report[Any]:
        """The latest version: as it is on file or, of one that is kept outside of the ledger, `outside`.

        Raises as `get`, and `InvalidInput` when `outside` isn't the latest version on file.
        """
        if outside is None:
            return self.get(report_id)
        record = self._required(report_id)
        if record.data["sha256"] != outside.document.sha256:
            raise InvalidInput(
                f"the report given has the sha256 {outside.document.sha256}, and {record.id} has "
                f"{record.data['sha256']} on file: give the file of that version",
                report=report_id,
            )
        return self.signed_off(outside)

    def record(self, report_id: str, version: int | None = None) -> LedgerRecord:
        """The record of a version. Raises `NotFound`."""
        return self._required(report_id, version)

    def versions(self, report_id: str) -> tuple[LedgerRecord, ...]:
        """The records of every version, the first one first."""
        found = self.ledger.record_book.find(self.kind, prefix=f"{self.kind}/{report_id}/v")
        return tuple(sorted(found, key=lambda item: int(item.data["version"])))

    def all(self, kind: str = "") -> tuple[LedgerRecord, ...]:
        """Every version of every report of a kind, oldest first."""
        return self.ledger.record_book.find(self.kind, prefix=f"{self.kind}/{kind}")

    def signed_off(self, report: Report[Any]) -> Report[Any]:
        """A report that is kept outside of the ledger, with the sign-off that the ledger has of it.

        Raises `InvalidInput` when it isn't the document that is on file.
        """
        record = self._required(report.document.report_id, report.document.version)
        if record.data["sha256"] != report.document.sha256:
            raise InvalidInput(f"{record.id} has another sha256 on file: {record.data['sha256']}")
        return report.signed_off(self._sign_off(record))

    # ------------------------------------------------------------------------------------------------ inside

    def _signed(self, tx: Transaction, record: LedgerRecord, report: Report[Any]) -> None:
        """What else a signature brings about, in the same act: nothing, unless a shelf has it otherwise."""

    def _latest(self, report_id: str) -> LedgerRecord | None:
        found = self.versions(report_id)
        return found[-1] if found else None

    def _required(self, report_id: str, version: int | None = None) -> LedgerRecord:
        if version is not None:
            return self.ledger.record_book.get(self._name(report_id, version))
        found = self._latest(report_id)
        if found is None:
            raise NotFound(f"no report {report_id!r} is on file: make it first", report=report_id)
        return found

    def _redraft(self, record: LedgerRecord, report: Report[Any], by: str) -> LedgerRecord:
        return self.ledger.record_book.step(
            record.id,
            RecordState.GENERATED,
            actor=by,
            role=self.maker,
            reason="another draft",
            data=_data(report, by),
            expected=record,
        )

    def _require_successor(self, latest: LedgerRecord, document: Document[Any]) -> None:
        if latest.state not in OUT:
            raise InvalidInput(
                f"{latest.id} is {latest.state}: sign or replace that draft, it needs no restatement",
                report=document.report_id,
            )
        if document.supersedes is None or document.supersedes.sha256 != latest.data["sha256"]:
            raise InvalidInput(
                f"{document.report_id}, version {document.version}, doesn't name the version on file as the "
                f"one that it supersedes: {latest.data['sha256']}",
                report=document.report_id,
            )

    def _whose(self, record: LedgerRecord, document: Document[Any], signature: bytes) -> tuple[str, str]:
        """Which part signed, and with which key."""
        named = [(part, record.data[field]) for part, field in self.fields.items() if record.data[field]]
        for part, person in named:
            signer = recover_address(signable(document, part=part, person=person).digest, signature)
            keys = self.ledger.persons.get(person).signing_keys
            if any(key.address == checksum_address(signer, what="signer") for key in keys):
                owner = self.ledger.persons.by_signer(signer)  # raises for a revoked key
                if owner.person_id == person:
                    return part, signer
        raise NotAuthorised(
            f"the signature is not under {record.id}, or by neither "
            f"{' nor '.join(f'its {part}' for part in self.fields)} "
            f"({', '.join(person for _, person in named)}) with a registered key",
            report=document.report_id,
        )

    def _out(
        self,
        report_id: str,
        to: RecordState,
        kind: str,
        reference: str,
        by: str,
        require_closed: RequireClosed,
    ) -> LedgerRecord:
        record = self._required(report_id)
        require_days_closed(record.data["period"], record.data["closed_days"], require_closed)
        receipt = {
            "kind": kind,
            "reference": reference,
            "at": Moment.of(self.ledger.clock.now()).model_dump(mode="json"),
        }
        if any((item["kind"], item["reference"]) == (kind, reference) for item in record.data["receipts"]):
            return record
        return self.ledger.record_book.step(
            record.id,
            to,
            actor=by,
            role=self._role(by, _SENDERS),
            data={**record.data, "receipts": [*record.data["receipts"], receipt]},
            reason=reference,
            expected=record,
        )

    def _role(self, person: str, among: tuple[Role, ...]) -> Role:
        held = self.ledger.persons.get(person).roles
        role = next((role for role in among if role in held), None)
        if role is None:
            raise NotAuthorised(f"{person} is not of {' or '.join(among)}", person=person)
        return role

    def _name(self, report_id: str, version: int) -> str:
        return f"{self.kind}/{report_id}/v{version}"

    def _report(self, record: LedgerRecord) -> Report[Any]:
        if record.data["document"] is None:
            raise InvalidInput(
                f"{record.id} is kept outside of the ledger, which has its hash {record.data['sha256']}: "
                "give its file",
                report=record.data["report_id"],
            )
        read = report_from_data({"document": record.data["document"], "sign_off": {"generator": generator()}})
        return read.signed_off(self._sign_off(record))

    def _sign_off(self, record: LedgerRecord) -> SignOff:
        data, events = record.data, self.ledger.record_book.history(record.id)
        made = _last(events, RecordState.GENERATED)
        later = self.versions(data["report_id"])[data["version"] :]
        return SignOff.model_validate_json(
            _json(
                {
                    "state": record.state.value,
                    "generator": data["generator"],
                    "generated_at": Moment.of(made.at).model_dump(mode="json"),
                    "prepared_by": data["prepared_by"],
                    "reviewed_by": data["reviewed_by"],
                    "signatures": data["signatures"],
                    "receipts": data["receipts"],
                    "superseded_by": (
                        later[0].data["version"] if later and record.state is RecordState.RESTATED else None
                    ),
                }
            )
        )


def record_kind_of(kind: str) -> RecordKind:
    """What a kind of report is in the ledger. Raises `InvalidInput` for a kind that doesn't exist."""
    by_practitioner = "practitioner" in content_of(kind).parts
    return RecordKind.ATTESTATION if by_practitioner else RecordKind.REPORT


def require_days_closed(period: Mapping[str, str], needed: bool, require_closed: RequireClosed) -> None:
    """Asks `require_closed` of every day of a period, where the report rests on closed days."""
    if not needed:
        return
    day, end = date.fromisoformat(period["start"]), date.fromisoformat(period["end"])
    while day <= end:
        require_closed(day)
        day += timedelta(days=1)


def _data(report: Report[Any], by: str) -> dict[str, Any]:
    document = report.document
    data = document.to_data()
    return {
        "report_id": document.report_id,
        "version": document.version,
        "sha256": document.sha256,
        "period": data["period"],
        "closed_days": document.content.closed_days,
        "document": data if document.content.in_ledger else None,
        "generator": report.sign_off.generator,
        "prepared_by": by,
        "reviewed_by": None,
        "signatures": [],
        "receipts": [],
    }


def _last(events: tuple[RecordEvent, ...], state: RecordState) -> RecordEvent:
    return next(event for event in reversed(events) if event.to_state is state)


def _json(data: Mapping[str, Any]) -> str:
    import json

    return json.dumps(data)
