"""What the rebuild writes by hand, beside what the standard library gives."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from toolkit.ledger import OrderKind
from toolkit.ledger.recovery import recovered_id

NAMES = uuid.UUID("6f3a6c9e-1c64-5b0e-9d0a-5d1f2b6c7e80")


@given(kind=st.sampled_from(OrderKind), number=st.integers(0, 2**62))
def test_a_recovered_orders_id_is_the_uuid_of_its_kind_and_number(kind: OrderKind, number: int) -> None:
    assert recovered_id(kind, number) == str(uuid.uuid5(NAMES, f"{kind}/{number}"))
