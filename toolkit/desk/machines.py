"""The machines of the desk's orders, as the ledger enforces them. See `toolkit.ledger.machines`."""

from toolkit.ledger.machines import MINT, REDEMPTION, Machine, OrderKind, Role, State, Step

__all__ = ["MINT", "REDEMPTION", "Machine", "OrderKind", "Role", "State", "Step"]
