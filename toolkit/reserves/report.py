"""The reserve report: the document behind a reserve attestation, line by line.

A report is JSON with amounts as strings in the report's currency, one instant, and one canonical form
(RFC 8785) whose keccak is what attestors sign and the chain keeps. The checks made here are those that
need no opinion: it adds up, nothing stands in it twice, everything has its unit. What counts is the
matter of an eligibility profile (`toolkit.reserves.eligibility`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import from_json as parse_json

from toolkit.amounts import MAX_DECIMALS, Amount, minor_units
from toolkit.errors import InvalidInput
from toolkit.reserves.eligibility import Evaluation, evaluate, require_equal
from toolkit.reserves.errors import AllocationExceedsReserve, DuplicateReference, NothingCounts
from toolkit.reserves.positions import (
    Allocation,
    Instant,
    Model,
    MoneyText,
    Position,
    Text,
    Totals,
    Unitemised,
    contract_address,
    folded,
)
from toolkit.reserves.profiles import Profile

if TYPE_CHECKING:
    from toolkit.calendar import Clock
    from toolkit.chain.signers import Signer
    from toolkit.reserves.attestation import AttestationSubject
    from toolkit.reserves.bundle import AttestationBundle

__all__ = ["Allocation", "Position", "ReserveReport", "Totals", "Unitemised"]

_MAX_FILE_BYTES = 16 * 1024 * 1024


class ReserveReport(Model):
    """A reserve report. Make one with `load`, `from_json` or `from_data`; it never changes.

    `tokens_outstanding` is what the source states, not what the chain says. `profile` names the
    eligibility profile and version under which `totals.counted` and the allocations were made.
    `related_issuers` are those of the issuer's group that issue funds or paper, by the names that lines use.
    """

    schema_version: Literal[1]
    source: Text
    notes: Text | None = None
    issuer: Text
    related_issuers: tuple[Text, ...] | None = None
    token: Text
    token_decimals: int = Field(ge=0, le=MAX_DECIMALS)
    currency: Text
    as_of: Instant
    tokens_outstanding: MoneyText
    profile: Text | None = None
    positions: tuple[Position, ...] = ()
    unitemised: Unitemised | None = None
    totals: Totals | None = None
    allocations: tuple[Allocation, ...] = ()

    # -- reading and writing ---------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | Path) -> ReserveReport:
        """The report in a JSON file. Raises `InvalidInput` (or a subclass) for anything wrong in it."""
        try:
            with Path(path).open("rb") as file:
                raw = file.read(_MAX_FILE_BYTES + 1)
        except OSError as error:
            raise InvalidInput(f"reserve report {path} can't be read: {error.strerror}", path=path) from error
        if len(raw) > _MAX_FILE_BYTES:
            raise InvalidInput(f"reserve report {path} is larger than {_MAX_FILE_BYTES} bytes", path=path)
        return cls.from_json(raw)

    @classmethod
    def from_json(cls, text: str | bytes) -> ReserveReport:
        """The report in a JSON text. A key given twice is refused, as readers differ on which one counts."""
        try:
            # Bounds the nesting, which the standard library leaves to the interpreter's stack.
            parse_json(text)
            data = json.loads(text, object_pairs_hook=_unique_keys)
        except ValueError as error:
            raise InvalidInput(f"the reserve report is not JSON: {error}") from error
        return cls.from_data(data)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ReserveReport:
        """The report from JSON data (amounts and times as strings), as `to_data` returns it."""
        if not isinstance(data, Mapping):
            raise InvalidInput(f"a reserve report is a JSON object, not {type(data).__name__}")
        try:
            text = json.dumps(dict(data))
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the reserve report holds something that isn't JSON: {error}") from error
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, item['loc'])) or 'report'}: {item['msg']} (given {item['input']!r:.80})"
                for item in error.errors(include_url=False)
            ]
            raise InvalidInput(
                "the reserve report can't be used, correct: " + "; ".join(problems), problems=problems
            ) from error

    def to_data(self) -> dict[str, Any]:
        """JSON data: amounts as full decimal strings, `as_of` in UTC, nothing that isn't stated."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        data["as_of"] = self.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
        data["tokens_outstanding"] = str(self.tokens_outstanding_amount)
        for name, keys in (
            ("positions", ("nominal", "market_value")),
            ("allocations", ("amount",)),
            ("unitemised", ("amount",)),
            ("totals", ("nominal", "market_value", "counted")),
        ):
            items = data.get(name, [])
            for item in items if isinstance(items, list) else [items]:
                item.update({key: str(self.money(Decimal(item[key]))) for key in keys if key in item})
        return data

    def to_json(self) -> str:
        """The report as indented JSON with a final newline."""
        return json.dumps(self.to_data(), indent=2, ensure_ascii=False) + "\n"

    def save(self, path: str | Path) -> None:
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @property
    def canonical(self) -> bytes:
        """What is hashed: RFC 8785 of `to_data`, lines sorted by id, allocations by chain and contract."""
        import rfc8785

        data = self.to_data()
        data["positions"].sort(key=lambda item: item["line_id"])
        data["allocations"].sort(key=lambda item: (item["chain_id"], item["contract"]))
        return rfc8785.dumps(data)

    @property
    def hash(self) -> bytes:
        """keccak-256 of `canonical`, 32 bytes: the `report` of the attestation."""
        from toolkit.chain.hexes import keccak

        return keccak(self.canonical)

    # -- figures ---------------------------------------------------------------------------------

    def money(self, value: str | int | Decimal) -> Amount:
        """`value` as an amount of the report's currency."""
        return Amount.money(value, self.currency)

    @property
    def tokens_outstanding_amount(self) -> Amount:
        """The stated tokens outstanding, in tokens."""
        return Amount.parse(self.tokens_outstanding, unit=self.token, decimals=self.token_decimals)

    @property
    def nominal_total(self) -> Amount:
        """Sum of the lines' nominal (for reverse repo: notional)."""
        return self._sum(position.nominal for position in self.positions)

    @property
    def market_total(self) -> Amount:
        """Sum of the lines' market value (for reverse repo: collateral)."""
        return self._sum(position.market_value for position in self.positions)

    def evaluate(self, profile: Profile | str | Path = "hong-kong") -> Evaluation:
        """Count the lines under a profile. Raises `InvalidInput` for an unknown profile."""
        return evaluate(self, profile if isinstance(profile, Profile) else Profile.load(profile))

    def allocation_for(self, chain_id: int, contract: str) -> Amount | None:
        """What is allocated to `contract` on `chain_id`, None if nothing is stated."""
        address = contract_address(contract)
        for item in self.allocations:
            if (item.chain_id, item.contract) == (chain_id, address):
                return self.money(item.amount)
        return None

    # -- steps, each giving a new report -----------------------------------------------------------

    def revised(self, **changes: Any) -> ReserveReport:
        """A new report with top-level fields replaced (JSON data, as in the file), checked like any other.

        Whatever was counted or allocated is dropped unless given again, since it was for the old figures.
        """
        data = self.to_data()
        data.pop("profile", None)
        data.pop("allocations", None)
        data.get("totals", {}).pop("counted", None)
        return self.from_data({**data, **changes})

    def with_confirmations(
        self, confirmations: Mapping[str, str], *, custodian: str | None = None
    ) -> ReserveReport:
        """A new report in which the custodian has confirmed lines: `{line_id: its reference}`.

        By confirming, the custodian says that it holds the line for this reserve, unencumbered. So a
        line that names no custodian takes `custodian`, and one that is silent about encumbrance becomes
        unencumbered; a line that says otherwise is refused, as are unknown lines and second
        confirmations.
        """
        data = self.to_data()
        lines = {item["line_id"]: item for item in data["positions"]}
        for line_id, reference in confirmations.items():
            if line_id not in lines:
                raise InvalidInput(
                    f"the report has no line {line_id!r}: it has {', '.join(lines)}", line=line_id
                )
            line = lines[line_id]
            if line.get("confirmation", reference) != reference:
                raise InvalidInput(
                    f"line {line_id} is already confirmed as {line['confirmation']!r}: a second confirmation "
                    f"{reference!r} needs a new report",
                    line=line_id,
                )
            if custodian is not None and line.get("custodian", custodian) != custodian:
                raise InvalidInput(
                    f"line {line_id} is held by {line['custodian']!r}, so {custodian!r} can't confirm it",
                    line=line_id,
                )
            if line.get("encumbered"):
                raise InvalidInput(
                    f"line {line_id} is stated as encumbered: it can't be confirmed", line=line_id
                )
            line["confirmation"], line["encumbered"] = reference, False
            if custodian is not None:
                line["custodian"] = custodian
        return self.revised(positions=data["positions"])

    def allocate(
        self,
        chain_id: int,
        contract: str,
        amount: str | Decimal | Amount | None = None,
        *,
        profile: Profile | str | Path | None = None,
    ) -> ReserveReport:
        """A new report that allocates `amount` (default: all that isn't allocated yet) to one token.

        Replaces an earlier allocation to the same token. The profile is the one that the report was
        counted under, else `hong-kong`. Raises `NothingCounts` if there is nothing to allocate and
        `AllocationExceedsReserve` if all allocations together would exceed the counted total.
        """
        rules = self._profile(profile)
        evaluation = self.evaluate(rules)
        address = contract_address(contract)
        others = [item for item in self.allocations if (item.chain_id, item.contract) != (chain_id, address)]
        free = evaluation.counted_total - self._sum(item.amount for item in others)
        if amount is None and free <= self.money(0):
            reasons = [f"{line.line_id}: {line.reason}" for line in evaluation.lines if not line.eligible]
            raise NothingCounts(
                f"of {self.token}'s report as of {self.as_of.isoformat()} nothing is left to allocate under "
                f"{rules.identity}: {evaluation.counted_total.display()} counts"
                + (" (" + "; ".join(reasons) + ")" if reasons else ""),
                counted=evaluation.counted_total,
                reasons=reasons,
            )
        granted = free if amount is None else self._in_currency(amount)
        data = self.to_data()
        data["profile"] = rules.identity
        data["totals"] = {**data.get("totals", {}), "counted": str(evaluation.counted_total)}
        data["allocations"] = [
            *(
                {"chain_id": o.chain_id, "contract": o.contract, "amount": str(self.money(o.amount))}
                for o in others
            ),
            {"chain_id": chain_id, "contract": address, "amount": str(granted)},
        ]
        allocated = self.from_data(data)
        allocated.check_allocations(evaluation)
        return allocated

    def check_allocations(self, evaluation: Evaluation) -> None:
        """Raise `AllocationExceedsReserve` if the allocations exceed what `evaluation` counts."""
        allocated = self._sum(item.amount for item in self.allocations)
        if allocated > evaluation.counted_total:
            excess = allocated - evaluation.counted_total
            raise AllocationExceedsReserve(
                f"the allocations sum to {allocated.display()}, but only "
                f"{evaluation.counted_total.display()} counts under {evaluation.profile}: reduce them by "
                f"{excess.display()}",
                allocated=allocated,
                counted=evaluation.counted_total,
                excess=excess,
            )

    def attest(
        self,
        subject: AttestationSubject,
        signers: Sequence[Signer] = (),
        *,
        profile: Profile | str | Path | None = None,
        clock: Clock | None = None,
    ) -> AttestationBundle:
        """The attestation of this report for `subject`'s reserve feed, signed by `signers`.

        The value is the report's allocation to the subject's token. See
        `toolkit.reserves.attestation.attest` for what is refused.
        """
        from toolkit.reserves.attestation import attest

        return attest(self, subject, signers, profile=self._profile(profile, stated=True), clock=clock)

    # -- inside ------------------------------------------------------------------------------------

    @model_validator(mode="after")
    def _adds_up(self) -> ReserveReport:
        minor_units(self.currency)
        if not self.positions and self.unitemised is None:
            raise InvalidInput("the reserve report has neither positions nor an un-itemised amount")
        self._refuse_duplicates()
        # `to_data` makes an Amount of every figure, which refuses signs and too many decimals.
        self.to_data()
        totals = self.totals or Totals()
        if totals.nominal is not None:
            require_equal("nominal", self.money(totals.nominal), self.nominal_total)
        if totals.market_value is not None:
            require_equal("market value", self.money(totals.market_value), self.market_total)
        if self.allocations and self.profile is None:
            raise InvalidInput("the report has allocations but no profile: state under which it was counted")
        return self

    def _refuse_duplicates(self) -> None:
        _refuse_twice("line id", [(item.line_id, item.line_id) for item in self.positions])
        _refuse_twice("allocation", [((a.chain_id, a.contract), a.contract) for a in self.allocations])
        for what, name in (("custodian reference", "custodian_reference"), ("confirmation", "confirmation")):
            references = [(item.custodian, getattr(item, name)) for item in self.positions]
            _refuse_twice(
                what, [((folded(who), folded(ref)), ref) for who, ref in references if ref is not None]
            )

    def _sum(self, values: Iterable[Decimal]) -> Amount:
        amounts = (self.money(value) for value in values)
        return Amount.sum(amounts, unit=self.currency, decimals=minor_units(self.currency))

    def _in_currency(self, amount: str | Decimal | Amount) -> Amount:
        if not isinstance(amount, Amount):
            return self.money(amount)
        return self.money(0) + amount  # refuses another unit

    def _profile(self, profile: Profile | str | Path | None, *, stated: bool = False) -> Profile:
        """The profile to count under; `stated` asks for exactly the one that the report names."""
        if profile is None:
            profile = self.profile.split(" ")[0] if self.profile else "hong-kong"
        rules = profile if isinstance(profile, Profile) else Profile.load(profile)
        if self.profile is not None and (stated or self.allocations) and self.profile != rules.identity:
            raise InvalidInput(
                f"the report was counted under profile {self.profile!r}, not {rules.identity!r}: allocate "
                "again from the unallocated report",
                stated=self.profile,
                profile=rules.identity,
            )
        return rules


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise InvalidInput(f"the reserve report gives {', '.join(twice)} twice in one object", keys=twice)
    return result


def _refuse_twice(what: str, items: Sequence[tuple[object, object]]) -> None:
    seen: set[object] = set()
    for key, shown in items:
        if key in seen:
            raise DuplicateReference(
                f"{what} {shown!r} stands in two lines of the report: one holding counts once, remove "
                "the second",
                what=what,
                reference=shown,
            )
        seen.add(key)
