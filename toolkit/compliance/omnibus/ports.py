"""What omnibus accounts ask of whoever holds the keys; the desk's lanes offer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.chain.sender import Mined

__all__ = ["SendingLane"]


class SendingLane(Protocol):
    """Sends a role's calls exactly once and waits for them."""

    def execute(self, role: str, call: Call, *expect: EventExpectation) -> Mined:
        """Sends `call` with a key of `role` (here: `registrar`), waits until it is final and sees that it had
        the expected events. Raises EventMissing, and what sending raises.
        """
        ...
