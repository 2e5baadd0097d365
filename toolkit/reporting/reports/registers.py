"""Reports that are lists: freezes (regulation.md 4.6), breaks (4.8), travel-rule records (4.12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.reporting.reports.content import Content, Layout, Table
from toolkit.reporting.reports.values import Duration, Model, Moment, Money, Text, Tokens, require

__all__ = [
    "BreakReport",
    "BreakRow",
    "FreezeRegister",
    "FreezeRow",
    "TravelExtract",
    "TravelRow",
    "break_report",
    "freeze_register",
    "travel_extract",
    "travel_row",
]


class FreezeRow(Model):
    """A wallet, or a part of an omnibus account, that a case froze; `owner_ref` is keyed, never a name."""

    entry_id: Text
    wallet: Text
    sub_account: Text | None
    chains: tuple[int, ...]
    amount_frozen: Text
    token: Text | None
    authority: Text
    document_hash: Text | None
    imposed_at: Moment | None
    imposed_by: Text | None
    second_sign_at: Moment | None
    latency: Duration | None
    review_date: Text | None
    status: Text
    transactions: tuple[Text, ...]
    owner_ref: Text | None


class FreezeRegister(Content):
    """Every freeze that was in force at the cut-off, or ever; amounts in base units, or the whole account."""

    kind: ClassVar[str] = "freeze_register"
    title: ClassVar[str] = "Register of freezes"

    rows: tuple[FreezeRow, ...]
    in_force: int = Field(ge=0)
    unsigned: int = Field(ge=0)
    longest_latency: Duration | None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _unique((row.entry_id for row in self.rows), "entry")
        require(self.in_force == sum(row.imposed_at is not None for row in self.rows), "freezes in force")
        waiting = sum(row.imposed_at is not None and row.second_sign_at is None for row in self.rows)
        require(self.unsigned == waiting, "freezes without a second signature")
        known = [row.latency.seconds for row in self.rows if row.latency is not None]
        longest = Duration.of(max(known)) if known else None
        require(self.longest_latency == longest, "the longest latency")
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject="every entry up to the cut-off",
            figures=(
                ("Imposed", self.in_force),
                ("Waiting for a second signature", self.unsigned),
                ("Longest from authority to freeze", self.longest_latency),
            ),
            blocks=(
                Table(
                    "freezes",
                    "Freezes",
                    (
                        ("Entry", str),
                        ("Wallet", str),
                        ("Frozen", str),
                        ("Authority", str),
                        ("Imposed", Moment),
                        ("Second signature", Moment),
                        ("Latency", Duration),
                        ("Review", str),
                        ("Status", str),
                        ("Owner", str),
                    ),
                    [
                        (
                            row.entry_id,
                            row.wallet,
                            row.amount_frozen if row.token is None else f"{row.amount_frozen} {row.token}",
                            row.authority,
                            row.imposed_at,
                            row.second_sign_at,
                            row.latency,
                            row.review_date,
                            row.status,
                            row.owner_ref,
                        )
                        for row in self.rows
                    ],
                    empty="Nothing is frozen.",
                ),
            ),
        )


def freeze_register(rows: Iterable[Mapping[str, Any]], *, until: datetime) -> FreezeRegister:
    """The register from compliance's rows (4.6), as they stood at `until`: later instants are left out."""
    found = tuple(sorted((_freeze(row, until) for row in rows), key=lambda row: row.entry_id))
    latencies = [row.latency.seconds for row in found if row.latency is not None]
    return FreezeRegister(
        rows=found,
        in_force=sum(row.imposed_at is not None for row in found),
        unsigned=sum(row.imposed_at is not None and row.second_sign_at is None for row in found),
        longest_latency=Duration.of(max(latencies)) if latencies else None,
    )


def _freeze(row: Mapping[str, Any], until: datetime) -> FreezeRow:
    imposed, second = _moment(row["imposed_at"], until), _moment(row["second_sign_at"], until)
    latency = row["latency_seconds"]
    return FreezeRow(
        entry_id=row["entry_id"],
        wallet=row["wallet"],
        sub_account=row["sub_account"],
        chains=tuple(row["chains"]),
        amount_frozen=row["amount_frozen"],
        token=row["token"],
        authority=row["authority"],
        document_hash=row["document_hash"],
        imposed_at=imposed,
        imposed_by=row["imposed_by"] if imposed else None,
        second_sign_at=second,
        latency=None if latency is None or imposed is None else Duration.of(int(latency)),
        review_date=row["review_date"],
        status=row["status"],
        transactions=tuple(
            item["transaction"] for item in row["transactions"] if item.get("transaction") is not None
        ),
        owner_ref=row["legal_owner_ref"],
    )


class BreakRow(Model):
    """A difference that the reconciliation found, and what became of it."""

    break_id: Text
    break_type: Text
    severity: Text
    amount: Tokens
    first_seen: Moment
    owner: Text | None
    explanation: Text | None
    evidence: Text | None
    notified_at: Moment | None
    closed_at: Moment | None

    @model_validator(mode="after")
    def _explained_if_closed(self) -> Self:
        require(
            self.closed_at is None or self.explanation is not None,
            f"{self.break_id} is closed without an explanation",
        )
        return self


class BreakReport(Content):
    """The breaks of a period: differences between chain, orders, reserve, bank and registers."""

    kind: ClassVar[str] = "breaks"
    title: ClassVar[str] = "Reconciliation breaks"

    rows: tuple[BreakRow, ...]
    open: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _unique((row.break_id for row in self.rows), "break")
        require(self.open == sum(row.closed_at is None for row in self.rows), "the number of open breaks")
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject="every break up to the cut-off",
            figures=(("Open", self.open), ("Closed", len(self.rows) - self.open)),
            blocks=(
                Table(
                    "breaks",
                    "Breaks",
                    (
                        ("Break", str),
                        ("Type", str),
                        ("Severity", str),
                        ("Amount", Tokens),
                        ("First seen", Moment),
                        ("Owner", str),
                        ("Explanation", str),
                        ("Told the regulator", Moment),
                        ("Closed", Moment),
                    ),
                    [
                        (
                            row.break_id,
                            row.break_type,
                            row.severity,
                            row.amount,
                            row.first_seen,
                            row.owner,
                            row.explanation,
                            row.notified_at,
                            row.closed_at,
                        )
                        for row in self.rows
                    ],
                    empty="No break.",
                ),
            ),
        )


def break_report(rows: Sequence[BreakRow], *, until: datetime) -> BreakReport:
    """The breaks that had been seen by `until`, as they stood then."""
    limit = Moment.of(until).utc
    found = [
        row.model_copy(
            update={
                "notified_at": _before(row.notified_at, limit),
                "closed_at": _before(row.closed_at, limit),
            }
        )
        for row in sorted(rows, key=lambda row: row.break_id)
        if row.first_seen.utc <= limit
    ]
    return BreakReport(rows=tuple(found), open=sum(row.closed_at is None for row in found))


class TravelRow(Model):
    """One transfer with what was sent about its parties. Personal data: kept apart from the ledger."""

    transfer_id: Text
    direction: Text
    chain_id: int | None
    transaction: Text | None
    amount: Tokens
    hkd: Money
    fx_source: Text | None
    tier: Text
    originator: dict[str, str]
    recipient: dict[str, str]
    counterparty: Text
    due_diligence: Text | None
    channel: Text
    sent_at: Moment | None
    acked_at: Moment | None
    status: Text
    missing: tuple[Text, ...]

    @model_validator(mode="after")
    def _tier_by_amount(self) -> Self:
        # The full set from HK$8,000 on (R-AML-07).
        expected = "full" if self.hkd.value >= 8_000_00 else "short"
        require(self.tier == expected, f"{self.transfer_id}: {self.hkd.amount} HKD is of the {expected} set")
        return self


class TravelExtract(Content):
    """What went with transfers to and from other institutions. There is no smallest amount."""

    kind: ClassVar[str] = "travel_rule"
    title: ClassVar[str] = "Travel-rule extract"
    in_ledger: ClassVar[bool] = False

    rows: tuple[TravelRow, ...]
    unacknowledged: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _unique((row.transfer_id for row in self.rows), "transfer")
        require(
            self.unacknowledged == sum(row.acked_at is None for row in self.rows), "unacknowledged transfers"
        )
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject="transfers with other institutions",
            figures=(("Transfers", len(self.rows)), ("Not acknowledged", self.unacknowledged)),
            warnings=("Personal data: for the supervisor and compliance alone.",),
            blocks=(
                Table(
                    "transfers",
                    "Transfers",
                    (
                        ("Transfer", str),
                        ("Direction", str),
                        ("Amount", Tokens),
                        ("In HKD", Money),
                        ("Set", str),
                        ("Originator", str),
                        ("Recipient", str),
                        ("Institution", str),
                        ("Sent", Moment),
                        ("Acknowledged", Moment),
                        ("Status", str),
                        ("Missing", str),
                    ),
                    [
                        (
                            row.transfer_id,
                            row.direction,
                            row.amount,
                            row.hkd,
                            row.tier,
                            _party(row.originator),
                            _party(row.recipient),
                            row.counterparty,
                            row.sent_at,
                            row.acked_at,
                            row.status,
                            ", ".join(row.missing),
                        )
                        for row in self.rows
                    ],
                ),
            ),
        )


def travel_extract(rows: Sequence[TravelRow], *, after: datetime, until: datetime) -> TravelExtract:
    """The transfers sent after `after` and up to `until`; those that weren't sent yet are in."""
    first, last = Moment.of(after).utc, Moment.of(until).utc
    found = tuple(
        row
        for row in sorted(rows, key=lambda row: row.transfer_id)
        if row.sent_at is None or first < row.sent_at.utc <= last
    )
    return TravelExtract(rows=found, unacknowledged=sum(row.acked_at is None for row in found))


def travel_row(
    transfer: str,
    status: str,
    data: Mapping[str, Any],
    *,
    originator: Mapping[str, str],
    recipient: Mapping[str, str],
) -> TravelRow:
    """A row from a transfer's record in the ledger (kind `travel`) and its parties, who are kept apart."""
    amount = Amount.from_base_units(int(data["base_units"]), unit=data["unit"], decimals=data["decimals"])

    def moment(text: str | None) -> Moment | None:
        return None if text is None else Moment.of(datetime.fromisoformat(text))

    return TravelRow(
        transfer_id=transfer,
        direction=data["direction"],
        chain_id=data["chain_id"],
        transaction=data["transaction"],
        amount=Tokens.of(amount),
        hkd=Money.of(Amount.money(data["hkd"], "HKD")),
        fx_source=data["fx"],
        tier=data["tier"],
        originator=dict(originator),
        recipient=dict(recipient),
        counterparty=data["counterparty"],
        due_diligence=data.get("due_diligence"),
        channel=data["channel"],
        sent_at=moment(data["sent_at"]),
        acked_at=moment(data["acked_at"]),
        status=status,
        missing=tuple(data["missing"]),
    )


def _party(data: Mapping[str, str]) -> str:
    return "; ".join(f"{key}: {value}" for key, value in sorted(data.items()) if value)


def _moment(text: str | None, until: datetime) -> Moment | None:
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise InvalidInput(f"{text!r} has no time zone: a register's instants are aware")
    return Moment.of(found) if found <= until else None


def _before(moment: Moment | None, limit: str) -> Moment | None:
    return None if moment is None or moment.utc > limit else moment


def _unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        require(name not in seen, f"the {what} {name} is listed twice")
        seen.add(name)
