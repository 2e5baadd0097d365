"""What comes from outside becomes an order, or is refused with every wrong field named."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.ledgers import MAKER, Fixture, address, reference, tokens

from toolkit.desk.orders import MintRequest, RedemptionRequest
from toolkit.errors import InvalidInput

FIELDS = {
    "idempotency_key": "key-1",
    "investor": reference(1),
    "wallet": address(1),
    "amount": "100.00",
    "currency": "USD",
}


def test_a_line_of_csv_becomes_one_order(tmp_path: Path) -> None:
    desk = Fixture(tmp_path)
    text = ",".join(FIELDS) + "\n" + ",".join(FIELDS.values()) + "\n"
    (row,) = csv.DictReader(io.StringIO(text))
    request = MintRequest.read(row)
    fields: dict[str, Any] = {"unit": "DUSD", "decimals": 6, "maker": MAKER, "lifetime": timedelta(days=1)}
    order = request.place(desk.ledger, **fields)
    assert order.amount == tokens("100.00")
    with desk.ledger.transaction() as tx:
        assert request.place(tx, **fields) == order
    desk.ledger.close()


def test_a_redemption_names_its_bank_account(tmp_path: Path) -> None:
    desk = Fixture(tmp_path)
    request = RedemptionRequest.read(FIELDS | {"bank_account": "account-1"})
    order = request.place(desk.ledger, unit="DUSD", decimals=6, maker=MAKER)
    assert order.bank_account == "account-1"
    desk.ledger.close()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"amount": 100.0}, "amount"),
        ({"amount": 100}, "amount"),
        ({"wallet": None}, "wallet"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_request_that_can_not_be_read(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=rf"can't be read \({named}: "):
        MintRequest.read(FIELDS | changed)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"idempotency_key: .*; investor: .*; bank_account: "):
        RedemptionRequest.read({"wallet": address(1), "amount": "1.00", "currency": "USD"})


@pytest.mark.parametrize("amount", ["1e3", "1,000.00", "100.0000001", " 1", "-5"])
def test_an_amount_that_is_no_amount(amount: str) -> None:
    request = MintRequest.read(FIELDS | {"amount": amount})
    with pytest.raises(InvalidInput):
        request.tokens(unit="DUSD", decimals=6)
