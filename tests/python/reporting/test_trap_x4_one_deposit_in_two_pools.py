"""X4: one deposit backs one pool, in one line."""

from __future__ import annotations

from typing import Any

import pytest
from support.reserve_reports import line, report

from toolkit.reporting.reserve_side import require_own_references
from toolkit.reserves import ReserveReport
from toolkit.reserves.errors import DuplicateReference

DEPOSIT = {"custodian": "Bank A", "custodian_reference": "DEP-1", "confirmation": "C-1"}


def pool(token: str, **changes: Any) -> ReserveReport:
    return report(line("deposit", **DEPOSIT | changes), token=token)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"confirmation": "C-2"},
        {"custodian_reference": "DEP-2"},
        {"custodian_reference": None},
        {"custodian": " BANK  a", "custodian_reference": "dep-1 ", "confirmation": None},
        {"market_value": "1.00", "nominal": "1.00"},
    ],
)
def test_x4_one_deposit_in_two_pools_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(DuplicateReference, match="one holding backs one pool"):
        require_own_references(pool("AUSD"), [pool("BUSD", **other)])


def test_x4_pools_with_deposits_of_their_own_pass() -> None:
    own = pool("AUSD")
    same_words_at_another_bank = pool("BUSD", custodian="Bank B")
    others = pool("CUSD", custodian_reference="DEP-2", confirmation="C-2")
    unnamed = pool("DUSD", custodian_reference=None, confirmation=None)
    require_own_references(own, [same_words_at_another_bank, others, unnamed])
    require_own_references(unnamed, [pool("EUSD", custodian_reference=None, confirmation=None)])
    with pytest.raises(DuplicateReference):
        require_own_references(own, [others, own])


@pytest.mark.parametrize(
    "second",
    [{}, {"custodian_reference": "DEP-2"}, {"confirmation": "C-2"}, {"custodian": "bank a", "class": "CASH"}],
)
def test_x4_one_deposit_in_two_lines_is_refused(second: dict[str, Any]) -> None:
    with pytest.raises(DuplicateReference, match="stands in two lines"):
        report(line("a", **DEPOSIT), line("b", **DEPOSIT | second))
