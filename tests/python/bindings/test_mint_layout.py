"""The fixed layouts of the hot path, against the general encoder and decoder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import artifacts
from toolkit.bindings.mint_layout import encode_mint
from toolkit.bindings.structs import MintBatch, MintOrder, Signature
from toolkit.chain.abi import encode_call, find_entry, selector
from toolkit.chain.addresses import address_from_bytes
from toolkit.errors import InvalidInput

ENTRY = find_entry(artifacts.load("PrimaryMarket").abi, "mint")
ADDRESS = st.binary(min_size=20, max_size=20).filter(any).map(address_from_bytes)
WORD = st.integers(0, 2**256 - 1)

ORDERS = st.builds(MintOrder, number=WORD, to=ADDRESS, amount=WORD, expiry=st.integers(0, 2**64 - 1))
SIGNATURES = st.builds(Signature, signer=ADDRESS, data=st.binary(max_size=130))
BATCHES = st.builds(
    MintBatch,
    orders=st.lists(ORDERS, max_size=4).map(tuple),
    approvals=st.lists(SIGNATURES, max_size=3).map(tuple),
    skipped=WORD,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(BATCHES, max_size=3))
def test_a_call_is_what_the_general_encoder_makes_of_it(batches: list[MintBatch]) -> None:
    general = [
        (
            [(order.number, order.to, order.amount, order.expiry) for order in batch.orders],
            [(item.signer, item.data) for item in batch.approvals],
            batch.skipped,
        )
        for batch in batches
    ]
    assert encode_mint(selector(ENTRY), batches) == encode_call([ENTRY], "mint", [general])


ONE = address_from_bytes(bytes(19) + b"\1")


@pytest.mark.parametrize(
    "order",
    [
        MintOrder(-1, ONE, 1, 1),
        MintOrder(2**256, ONE, 1, 1),
        MintOrder(1, ONE, 2**256, 1),
        MintOrder(1, ONE, True, 1),
        MintOrder(1, ONE, 1, 2**64),
        MintOrder(1, "0x" + "00" * 20, 1, 1),
    ],
)
def test_what_does_not_fit_its_type_is_refused(order: MintOrder) -> None:
    with pytest.raises(InvalidInput):
        encode_mint(selector(ENTRY), [MintBatch((order,), ())])
