"""The basket file: what one block of a share class is made of on a day, and custodians' words on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount
from toolkit.chain.hexes import keccak
from toolkit.funds.fields import DecimalText, Document, Model, Text, canonical_json

__all__ = ["Basket", "BasketLine", "Confirmation", "Direction", "quantity"]


class Direction(StrEnum):
    """Which way a block goes."""

    CREATION = "creation"
    REDEMPTION = "redemption"


class BasketLine(Model):
    """`quantity` of an asset for one block, and who has custody of it for the fund.

    A virtual asset names the custody account at a VATP or an authorised institution, the reference of the
    advance notice to the SFC (25EC50, R-PER-07) and is screened on delivery.
    """

    line_id: Text
    asset: Text
    quantity: DecimalText
    custodian: Text
    virtual_asset: bool = False
    custody_account: Text | None = None
    advance_notice: Text | None = None

    @model_validator(mode="after")
    def _deliverable(self) -> Self:
        if self.quantity <= 0:
            raise ValueError(f"line {self.line_id}: a quantity is above zero")
        if self.virtual_asset and (self.custody_account is None or self.advance_notice is None):
            raise ValueError(
                f"line {self.line_id}: a virtual asset names its `custody_account` (VATP or authorised "
                "institution) and the `advance_notice`"
            )
        return self


class Basket(Document):
    """What one block of a share class is made of on a day. Make one with `from_data` or `from_json`.

    `cash` is the cash component of one block in `currency`: positive, a creating dealer pays it.
    """

    schema_version: Literal[1]
    fund: Text
    share_class: Text
    day: date
    version: Annotated[int, Field(ge=1)]
    block_units: DecimalText
    currency: Text
    cash: DecimalText
    lines: Annotated[tuple[BasketLine, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [line.line_id for line in self.lines]
        if len(set(names)) != len(names):
            raise ValueError("a line id stands there twice")
        if self.block_units <= 0:
            raise ValueError("a block has shares: block_units is above zero")
        Amount.money(self.cash, self.currency, signed=True)
        return self

    @classmethod
    def _what(cls) -> str:
        return "basket"

    def to_data(self) -> dict[str, Any]:
        """JSON data: quantities and money as decimal strings."""
        data: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        data["cash"] = str(self.cash_of(1, Direction.CREATION))
        data["block_units"] = f"{self.block_units:f}"
        for item, line in zip(data["lines"], self.lines, strict=True):
            item["quantity"] = f"{line.quantity:f}"
        return data

    @property
    def hash(self) -> bytes:
        """keccak-256 of the canonical JSON, 32 bytes."""
        return keccak(canonical_json(self.to_data()))

    def cash_of(self, blocks: int, direction: Direction) -> Amount:
        """The cash component of `blocks`: positive, the dealer pays it; negative, the fund does."""
        one = Amount.money(self.cash, self.currency, signed=True)
        signed = one.base_units * blocks * (1 if direction is Direction.CREATION else -1)
        return Amount.from_base_units(signed, unit=one.unit, decimals=one.decimals, signed=True)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A custodian's word on a line: what was delivered, under which of its references.

    `screening` is the reference of the screening of the source, needed for a virtual asset.
    """

    line_id: str
    quantity: str
    custodian: str
    reference: str
    screening: str | None = None


def quantity(value: str | Decimal) -> Amount:
    """A quantity of an asset, with at most 18 decimals."""
    return Amount.parse(value, unit="units", decimals=18)
