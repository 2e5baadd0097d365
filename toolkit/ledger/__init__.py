"""The ledger: where the desk, the funds and compliance meet.

`Ledger.open("sqlite:///desk.db")` gives the store. `toolkit.ledger.machines` holds the legal lives of
orders, `toolkit.ledger.records` what is read, `toolkit.ledger.errors` what is refused.
"""

from toolkit.ledger.ledger import Ledger, Transaction
from toolkit.ledger.machines import MACHINES, Machine, OrderKind, Role, State, Step
from toolkit.ledger.record_words import RecordState
from toolkit.ledger.records import Deployment, Head, MintOrder, Order, OrderEvent, RedemptionOrder

__all__ = [
    "MACHINES",
    "Deployment",
    "Head",
    "Ledger",
    "Machine",
    "MintOrder",
    "Order",
    "OrderEvent",
    "OrderKind",
    "RecordState",
    "RedemptionOrder",
    "Role",
    "State",
    "Step",
    "Transaction",
]
