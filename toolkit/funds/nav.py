"""The statement of a share class's net asset value: the document behind a NAV attestation.

A statement is JSON with the value as a string, one valuation point and the sources of its prices; its
canonical form (RFC 8785) has one keccak hash, which is the `report` of the attestation that the class's feed
carries. Versions count up within a dealing day, and each later one names the hash of the one before, so that
a restatement never hides what it restates (regulation.md W16).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount, minor_units
from toolkit.chain.hexes import from_hex, keccak
from toolkit.errors import InvalidInput
from toolkit.funds.errors import (
    FutureNav,
    NavNotPositive,
    NotForwardPriced,
    WrongCurrency,
    WrongShareClass,
)
from toolkit.funds.fields import DecimalText, Document, Instant, Model, Text, canonical_json
from toolkit.funds.nav_cash import CashHolding, require_once

if TYPE_CHECKING:
    from toolkit.dealing_days import DealingCalendar
    from toolkit.deployment.fund_terms import ClassTerms, FundTerms
    from toolkit.reserves.attestation import Attestation

__all__ = ["NavStatement", "PriceSource", "deviation_bps"]


class PriceSource(Model):
    """Where prices came from: who gave them, the document or feed, and as of when."""

    source: Text
    reference: Text
    as_of: Instant


class NavStatement(Document):
    """A net asset value per share of one class for one dealing day. Make one with `from_data` or `from_json`.

    `value` is in `currency` with `decimals` decimals. `supersedes` is the hash (0x and 64 digits) of the
    version before, absent in version 1; a later version says why in `reason`. `prepared_by` is the maker's
    person id. `cash` says where the cash is that the value counts. Raises `NavNotPositive` for zero or less,
    `DuplicateReference` for cash that stands there twice, `InvalidInput` for everything else that is wrong.
    """

    schema_version: Literal[1]
    fund: Text
    share_class: Text
    currency: Text
    decimals: Annotated[int, Field(ge=0, le=18)]
    value: DecimalText
    dealing_day: date
    valuation_point: Instant
    price_sources: Annotated[tuple[PriceSource, ...], Field(min_length=1)]
    cash: Annotated[tuple[CashHolding, ...], Field(min_length=1)] | None = None
    version: Annotated[int, Field(ge=1, lt=2**31)] = 1
    supersedes: Text | None = None
    reason: Text | None = None
    prepared_by: Text

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        minor_units(self.currency)
        # Checks the decimals too: a value is never rounded on the way in.
        if self.amount.is_zero or self.amount.is_negative:
            raise NavNotPositive(
                f"the net asset value of {self.share_class} is {self.value}: it must be above zero",
                nav=self.value,
            )
        require_once(self.cash or ())
        if (self.version > 1) != (self.supersedes is not None) or (self.version > 1) != (
            self.reason is not None
        ):
            raise ValueError(
                "a version after the first names the hash it `supersedes` and the `reason`; version 1 neither"
            )
        if self.supersedes is not None:
            from_hex(self.supersedes, what="supersedes", length=32)
        for source in self.price_sources:
            if source.as_of > self.valuation_point:
                raise ValueError(
                    f"price source {source.source!r} is as of {_utc(source.as_of)}, after the valuation point"
                )
        return self

    @classmethod
    def _what(cls) -> str:
        return "NAV statement"

    @property
    def amount(self) -> Amount:
        """The value with its currency and decimals."""
        return Amount(self.value, self.currency, self.decimals)

    @property
    def base_units(self) -> int:
        """The value as the feed holds it: an integer of `decimals` decimals."""
        return self.amount.base_units

    def to_data(self) -> dict[str, Any]:
        """JSON data: the value in full, instants in UTC, nothing that isn't stated."""
        data: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        data["value"] = str(self.amount)
        data["valuation_point"] = _utc(self.valuation_point)
        for item, source in zip(data["price_sources"], self.price_sources, strict=True):
            item["as_of"] = _utc(source.as_of)
        return data

    @property
    def canonical(self) -> bytes:
        """What is hashed: RFC 8785 of `to_data`, price sources and cash sorted by source or holder, and
        reference.
        """
        data = self.to_data()
        if "cash" in data:
            data["cash"].sort(key=lambda item: (item["holder"], item["reference"]))
        data["price_sources"].sort(key=lambda item: (item["source"], item["reference"], item["as_of"]))
        return canonical_json(data)

    @property
    def hash(self) -> bytes:
        """keccak-256 of `canonical`, 32 bytes: the `report` of the attestation."""
        return keccak(self.canonical)

    def attestation(self) -> Attestation:
        """What the class's attestors sign: the value, the valuation point and the hash."""
        from toolkit.reserves.attestation import Attestation

        return Attestation(self.base_units, int(self.valuation_point.timestamp()), self.hash)

    def restated(self, changes: Mapping[str, Any], *, reason: str, prepared_by: str) -> NavStatement:
        """The next version with `changes` (JSON data), which names this one and says why."""
        return NavStatement.from_data(
            {
                **self.to_data(),
                **changes,
                "version": self.version + 1,
                "supersedes": "0x" + self.hash.hex(),
                "reason": reason,
                "prepared_by": prepared_by,
            }
        )

    def check(
        self,
        terms: FundTerms,
        share_class: ClassTerms,
        calendar: DealingCalendar,
        *,
        day: date,
        now: datetime,
    ) -> None:
        """Refuses a statement that can't price dealing day `day` of the class.

        Raises `WrongShareClass`, `WrongCurrency`, `FutureNav`, `NotForwardPriced` (the valuation point lies
        before the day's cut-off), `NotADealingDay`, `InvalidInput`.
        """
        calendar.require_dealing_day(day)
        if (self.fund, self.share_class) != (terms.fund.code, share_class.code):
            raise WrongShareClass(
                f"the statement is about {self.fund} class {self.share_class}, not {terms.fund.code} class "
                f"{share_class.code}: give the class's own",
                fund=self.fund,
                share_class=self.share_class,
            )
        if (self.currency, self.decimals) != (terms.fund.currency, terms.nav.decimals):
            raise WrongCurrency(
                f"the statement is in {self.currency} with {self.decimals} decimals; the class's NAV is in "
                f"{terms.fund.currency} with {terms.nav.decimals}",
                currency=self.currency,
                decimals=self.decimals,
            )
        if self.dealing_day != day:
            raise InvalidInput(
                f"the statement is for dealing day {self.dealing_day}, not {day}", day=self.dealing_day
            )
        if self.valuation_point > now:
            raise FutureNav(
                f"the valuation point {_utc(self.valuation_point)} lies after now ({_utc(now)})",
                valuation_point=self.valuation_point,
                now=now,
            )
        cut_off = calendar.cut_off_at(day)
        if self.valuation_point < cut_off:
            raise NotForwardPriced(
                f"the valuation point {_utc(self.valuation_point)} lies before the cut-off "
                f"{_utc(cut_off)} of {day}: orders still came at a price that could be known; value it later",
                valuation_point=self.valuation_point,
                cut_off=cut_off,
            )


def _utc(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def deviation_bps(value: int, last: int) -> int:
    """How far `value` lies from `last`, both in base units, in basis points of `last`, rounded up."""
    return -(-abs(value - last) * 10_000 // last)
