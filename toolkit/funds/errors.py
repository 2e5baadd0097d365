"""What the fund's room refuses by itself, each as a class of its own. The families are `toolkit.errors`.

`NavStale`, `CutOffPassed` and `GateActive` stand among the families, since the contracts raise them too, and
`NotADealingDay` beside them, since the calendar raises it.
"""

from __future__ import annotations

from typing import ClassVar

from toolkit.errors import InvalidInput, NavStale, NotEligible, Refused

__all__ = [
    "BadProof",
    "BasketChanged",
    "BelowMinimum",
    "DealerNotEligible",
    "DeliveryShort",
    "FutureNav",
    "NavNotPositive",
    "NavOutlier",
    "NavVersionConflict",
    "NotForwardPriced",
    "NothingToPay",
    "RegisterDoesNotAddUp",
    "TooEarlyToSweep",
    "UnknownHolder",
    "WrongCashComponent",
    "WrongCurrency",
    "WrongShareClass",
]


class BelowMinimum(Refused):
    """The order is below the class's minimum, or would leave a holding below it that isn't a full exit."""

    code = "below_minimum"


class WrongShareClass(InvalidInput):
    """The statement is about another fund or share class than the day's."""

    code: ClassVar[str] = "wrong_share_class"


class WrongCurrency(InvalidInput):
    """The statement is in another currency, or with other decimals, than the share class."""

    code: ClassVar[str] = "wrong_currency"


class NavNotPositive(InvalidInput):
    """A net asset value of zero or less prices nothing: obtain a corrected statement."""

    code: ClassVar[str] = "nav_not_positive"


class FutureNav(InvalidInput):
    """The valuation point lies in the future."""

    code: ClassVar[str] = "future_nav"


class NotForwardPriced(NavStale):
    """The valuation point lies before the day's cut-off: a price that was known when orders still came."""

    code = "not_forward_priced"


class NavOutlier(Refused):
    """The value is outside the tolerance: confirm it with evidence, or obtain a corrected statement."""

    code = "nav_outlier"


class NavVersionConflict(InvalidInput):
    """The statement doesn't follow the last version: give version n+1 and the hash of version n."""

    code: ClassVar[str] = "nav_version_conflict"


class UnknownHolder(Refused):
    """A wallet holds shares and belongs to no register account: a break, never a bearer share."""

    code = "unknown_holder"


class RegisterDoesNotAddUp(InvalidInput):
    """The register's units differ from the token's supply, or a balance fell below zero."""

    code: ClassVar[str] = "register_does_not_add_up"


class NothingToPay(Refused):
    """The distribution would pay nobody: no holders, or a rate that rounds to nothing."""

    code = "nothing_to_pay"


class BadProof(InvalidInput):
    """The tree or the proof doesn't recompute, or the value isn't in the tree."""

    code: ClassVar[str] = "bad_proof"


class TooEarlyToSweep(Refused):
    """Claims are still open: what is unclaimed belongs to its holders until the last claim day is over."""

    code = "too_early_to_sweep"


class DealerNotEligible(NotEligible):
    """The dealer is not a participating dealer of the fund."""

    code = "dealer_not_eligible"


class BasketChanged(Refused):
    """The order was made against another version of the basket file: make it again on the current one."""

    code = "basket_changed"


class DeliveryShort(Refused):
    """Not every line of the basket is confirmed by its custodian: cure it, pay cash in lieu, or cancel."""

    code = "delivery_short"


class WrongCashComponent(InvalidInput):
    """The stated cash component differs from the basket's in amount or in sign."""

    code: ClassVar[str] = "wrong_cash_component"
