"""What goes with a transfer to or from another institution, and from which amount on (R-AML-07).

There is no amount below which nothing is sent: from HK$8,000 the full set of data, below it the short one.
The threshold is in Hong Kong dollars, so the amount is converted at a rate with a source and a date, rounded
up, which errs on the side of saying more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.ledger import checks

__all__ = [
    "FULL",
    "SHORT",
    "THRESHOLD",
    "Beneficiary",
    "Counterparty",
    "FxRate",
    "Originator",
    "Transfer",
    "hkd_equivalent",
    "missing",
]

THRESHOLD = Decimal(8000)
"""Hong Kong dollars. At and above it the full set is sent (R-AML-07)."""

FULL, SHORT = "full", "short"
_CENT = Decimal("0.01")
_HKD = "HKD"


@dataclass(frozen=True, slots=True)
class FxRate:
    """Hong Kong dollars for one unit of `currency`, as `source` published it for the instant `as_of`.

    Raises InvalidInput for a rate that isn't a Decimal above zero.
    """

    currency: str
    hkd: Decimal
    source: str
    as_of: datetime

    def __post_init__(self) -> None:
        checks.currency_code(self.currency)
        checks.one_line(self.source, what="source of the rate")
        checks.aware(self.as_of, what="as_of")
        given: object = self.hkd
        if not isinstance(given, Decimal) or not given.is_finite() or given <= 0:
            raise InvalidInput(f"the rate {self.hkd!r} must be a Decimal above zero")


@dataclass(frozen=True, slots=True)
class Originator:
    """Who sends. `account` is the wallet or the account's reference. Personal data."""

    name: str
    account: str
    address: str = ""
    identification: str = ""
    birth_date: str = ""
    birth_place: str = ""


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Who receives. Personal data."""

    name: str
    account: str


@dataclass(frozen=True, slots=True)
class Counterparty:
    """An institution that sends or receives for its customers, and what is known of it.

    `kind` is `vasp`, `bank` or `custodian`; `has_presence` says that it has a place of business and is
    supervised: one without is a shell. `reviewed` names the due diligence file, `expires_at` is when that
    has to be made again.
    """

    key: str
    name: str
    jurisdiction: str
    kind: str
    licence: str
    has_presence: bool
    reviewed: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is transferred. `id` is the order's, `wallet` the institution's, `channel` how the data travel;
    `price` what one unit is worth in `currency`, for a share: the coin is at par.
    """

    id: str
    chain_id: int
    wallet: str
    amount: Amount
    currency: str
    counterparty: str
    channel: str
    price: Decimal | None = None


def hkd_equivalent(
    amount: Amount, currency: str, rate: FxRate | None, *, price: Decimal | None = None
) -> Decimal:
    """`amount` of a token in Hong Kong dollars, rounded up to the cent: at `price`, else at par with
    `currency`.

    Raises InvalidInput without the rate of that currency.
    """
    worth = amount.value * (Decimal(1) if price is None else price)
    if currency == _HKD:
        return worth.quantize(_CENT, rounding=ROUND_UP)
    if rate is None or rate.currency != currency:
        given = "none" if rate is None else rate.currency
        raise InvalidInput(
            f"the amount is in {currency}, the rate given is of {given}: give HKD for {currency}"
        )
    return (worth * rate.hkd).quantize(_CENT, rounding=ROUND_UP)


def missing(tier: str, originator: Originator, beneficiary: Beneficiary) -> tuple[str, ...]:
    """Which data of the tier's set are wanting (R-AML-07; the set as regulation.md 4.12 has it)."""
    wanted = {
        "originator name": originator.name,
        "originator account": originator.account,
        "recipient name": beneficiary.name,
        "recipient account": beneficiary.account,
    }
    if tier == FULL:
        wanted["originator address"] = originator.address
        wanted["originator identification, or date and place of birth"] = originator.identification or (
            originator.birth_date and originator.birth_place
        )
    return tuple(name for name, value in wanted.items() if not value.strip())
