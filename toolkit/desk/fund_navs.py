"""Net asset values as the desk keeps them: received, measured, struck by a second person, attested, published,
and if need be corrected (regulation.md W16). `toolkit.funds.nav_book` has the rules; the ledger every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.events import Attested
from toolkit.bindings.structs import Attestation, Signature
from toolkit.chain.hexes import to_hex
from toolkit.desk.errors import DayNotOver
from toolkit.desk.fund_settling import divided
from toolkit.errors import IllegalTransition, InvalidInput, NavStale
from toolkit.funds.corrections import DealtOrder, NavCorrection, OrderSide, correct_orders
from toolkit.funds.nav import NavStatement
from toolkit.funds.nav_book import DayNav, NavEvent, NavState
from toolkit.ledger.errors import NotFound
from toolkit.ledger.fund_machines import RecordKind, RecordState
from toolkit.ledger.machines import OrderKind, Role
from toolkit.reserves.attestation import FeedDomain
from toolkit.reserves.bundle import AttestationBundle
from toolkit.reserves.publication import accepts_signature

if TYPE_CHECKING:
    from toolkit.chain.sender import Mined
    from toolkit.chain.signers import Signer
    from toolkit.desk.fund_book import FundBook
    from toolkit.funds.dealing import DayResult
    from toolkit.ledger.records import FundRecord

__all__ = ["FundNavs"]
