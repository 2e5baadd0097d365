"""What each row is paid: par where the assets suffice, else its share of them, in whole minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.amounts import is_whole
from toolkit.errors import InvalidInput

__all__ = ["Shares", "share_out"]


@dataclass(frozen=True, slots=True)
class Shares:
    """`amounts[i]` minor units for row `i`. `residual` is what of the assets no row is due: it stays in the
    reserve. `at_par` says whether the assets covered all.
    """

    amounts: tuple[int, ...]
    residual: int
    at_par: bool


def share_out(units: Sequence[int], assets: int, *, token_decimals: int, money_decimals: int) -> Shares:
    """Shares `assets` (minor units) out among rows of token base units.

    Every share is rounded down, in favour of the reserve: none is above par, and their sum never above the
    assets. Holders' pro-rata claim on the pool: HKMA Guideline 3.3.2. Raises InvalidInput.
    """
    if not units or not is_whole(assets) or assets < 0 or any(not is_whole(u) or u <= 0 for u in units):
        raise InvalidInput("whole positive units and assets of zero or more are shared out, nothing else")
    total, money, token = sum(units), 10**money_decimals, 10**token_decimals
    at_par = assets * token >= total * money
    if at_par:
        amounts = tuple(item * money // token for item in units)
    else:
        amounts = tuple(item * assets // total for item in units)
    return Shares(amounts, assets - sum(amounts), at_par)
