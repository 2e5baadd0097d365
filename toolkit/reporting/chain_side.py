"""The chain's side of a day: the coin and the share classes, replayed from events and asked at one block."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from typing import TYPE_CHECKING, TypeVar

from toolkit.bindings.contract import IMPLEMENTATION_SLOT
from toolkit.bindings.feed import AttestedFeed
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.hexes import to_hex
from toolkit.chain.node_messages import NodeMessage
from toolkit.errors import NodeRejected
from toolkit.reporting.cutoff import cut_of
from toolkit.reporting.figures import (
    AttestationFigures,
    ChainFigures,
    ClassFigures,
    Flow,
    HeldClass,
    SpecialHolding,
    SupplyFigures,
)
from toolkit.reporting.replay import (
    CoinReplay,
    CoinState,
    CoinWindow,
    Movement,
    TokenReplay,
    TokenState,
    replay,
)

if TYPE_CHECKING:
    from toolkit.bindings.share import FundShare
    from toolkit.chain.client import Block
    from toolkit.funds.register import Register
    from toolkit.issuance import Issuance

__all__ = ["ChainReader", "ShareReader", "SpecialAccount"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpecialAccount:
    """An account that one of the definitions of outstanding sets apart, on whose word, and how much of it:
    None is all that it holds (of a frozen one, all that is frozen).
    """

    account: str
    held_class: HeldClass
    authority: str
    units: int | None = None


class ChainReader:
    """Replays the coin up to a day's last block. `start` is a block number and the state after it."""

    def __init__(
        self,
        issuance: Issuance,
        chain_name: str,
        special: Sequence[SpecialAccount],
        start: tuple[int, CoinState],
    ) -> None:
        self._issuance = issuance
        self._chain_name = chain_name
        self._special = special
        self._after, state = start
        self._replay = CoinReplay(issuance.token.address, issuance.market.address, state)
        self._opening = SupplyFigures(minted=0, burned=0, discharged=0)

    @property
    def state(self) -> CoinState:
        return self._replay.coin

    @property
    def window(self) -> CoinWindow:
        """What happened since the start."""
        return self._replay.window

    def read(self, opening: Block | None, block: Block) -> None:
        """Up to the opening, and on to the cut-off block. Raises NodeError."""
        client, after = self._issuance.client, self._after
        if opening is not None:
            replay(self._replay, client, after=after, block=opening)
            self._opening, after = self.state.supply, opening.number
        replay(self._replay, client, after=after, block=block)

    def figures(self, block: Block, opening: int, omnibus: Collection[str]) -> ChainFigures:
        """The chain's figures at `block`; the day began after block number `opening`."""
        issuance, state, window = self._issuance, self.state, self.window
        balances = state.balances
        held = balances.get(issuance.market.address, 0)

        def today(movements: Sequence[Movement]) -> Flow:
            units = [item.units for item in movements if item.block_number > opening]
            return Flow(units=sum(units), count=len(units))

        return ChainFigures(
            cut=cut_of(issuance.client, block, chain_name=self._chain_name),
            token=issuance.token.address,
            market=issuance.market.address,
            implementation=self._implementation(block),
            opening=self._opening,
            replayed=state.supply,
            called=self._called(block),
            minted_today=today([*window.mints, *window.stray_mints]),
            burned_today=today([*window.burns, *window.by_order, *window.stray_burns]),
            discharged_today=today([*window.payouts, *window.by_order]),
            burned_by_order=state.burned_by_order,
            burned_by_order_today=today(window.by_order),
            recovered_today=today(window.recovered),
            frozen=state.frozen_total,
            special=tuple(self._set_apart()),
            escrowed=state.escrowed,
            unsolicited=max(0, held - state.escrowed),
            holders=state.holders,
            omnibus_holders=sum(1 for wallet in omnibus if balances.get(wallet)),
            top_ten=sum(nlargest(10, balances.values())),
            attestation=self._attestation(block),
        )

    # --------------------------------------------------------------------------------------------- set apart

    def _set_apart(self) -> list[SpecialHolding]:
        """Each special account, and every other frozen amount as frozen until further notice."""
        state, found = self.state, []
        frozen = {account: state.frozen_of(account) for account in state.frozen}
        for item in self._special:
            is_freeze = item.held_class in ("TEMPORARILY_FROZEN", "PERMANENTLY_FROZEN")
            most = frozen.get(item.account, 0) if is_freeze else state.balances.get(item.account, 0)
            units = most if item.units is None else min(most, item.units)
            if is_freeze:
                frozen[item.account] = most - units
            elif item.held_class != "ISSUER_HELD":
                frozen[item.account] = 0  # deducted once, whatever else is true of it
            found.append((item.account, item.held_class, units, item.authority))
        for account, units in frozen.items():
            found.append((account, "TEMPORARILY_FROZEN", units, "frozen on chain"))
        return [
            SpecialHolding(account=account, held_class=held_class, units=units, authority=authority)
            for account, held_class, units, authority in sorted(found)
            if units
        ]

    # ------------------------------------------------------------------------------------------------- calls

    def _called(self, block: Block) -> SupplyFigures | None:
        def ask() -> SupplyFigures:
            supply = self._issuance.token.supply(block=block)
            return SupplyFigures(minted=supply.minted, burned=supply.burned, discharged=supply.discharged)

        return _unless_pruned(ask)

    def _implementation(self, block: Block) -> str | None:
        def ask() -> str:
            slot = self._issuance.client.storage(self._issuance.token.address, IMPLEMENTATION_SLOT, block)
            return address_from_bytes(slot[-20:])

        return _unless_pruned(ask)

    def _attestation(self, block: Block) -> AttestationFigures | None:
        return _unless_pruned(lambda: self._attested(block))

    def _attested(self, block: Block) -> AttestationFigures | None:
        """The last round of the feed that the token reads at this block; None before the first."""
        token = self._issuance.token
        address = token.feed(block=block)
        if address == ZERO_ADDRESS:
            return None
        feed = AttestedFeed(self._issuance.client, address)
        number = feed.latest_round(block=block)
        if not number:
            return None
        last, reading = feed.round(number, block=block), feed.reading(block=block)
        return AttestationFigures(
            feed=address,
            round=number,
            value=last.value,
            as_of=datetime.fromtimestamp(last.as_of, UTC),
            report=to_hex(last.report),
            max_age=feed.max_age(block=block),
            fresh=block.timestamp <= reading.fresh_until,
            discharged_by_then=token.discharged_at(last.as_of, block=block),
            buffer_bps=token.buffer_bps(block=block),
            ceiling=token.ceiling(block=block),
            headroom=token.headroom(block=block),
        )


@dataclass(frozen=True)
class ShareReader:
    """A fund's share class beside its register. `register` draws it up at a block number, `payable` says what
    the ledger owes its investors and what the vaults hold for them, in the coin's base units.
    """

    share_class: str
    share: FundShare
    first_block: int
    register: Callable[[int], Register]
    payable: Callable[[Block], tuple[int, int]]

    def read(self, block: Block) -> tuple[ClassFigures, str, TokenState]:
        """The class's figures at `block`, the sha256 of the register's version, and the replayed state."""
        reader = TokenReplay(self.share.address)
        replay(reader, self.share.client, after=self.first_block - 1, block=block)
        register = self.register(block.number)
        owed, held = self.payable(block)
        figures = ClassFigures(
            share_class=self.share_class,
            token=self.share.address,
            decimals=register.supply.decimals,
            registered=sum(row.units.base_units for row in register.rows)
            + sum(units.base_units for units in register.unknown.values()),
            replayed=reader.state.supply.outstanding,
            called=_unless_pruned(lambda: self.share.total_supply(block=block)),
            holders=len(register.holders),
            payable_ledger=owed,
            payable_chain=held,
            unknown_holders=tuple(sorted(register.unknown)),
        )
        return figures, hashlib.sha256(register.version_hash).hexdigest(), reader.state


def _unless_pruned(ask: Callable[[], T]) -> T | None:
    """What `ask` reads of the chain's state; None where the node keeps no state that old."""
    try:
        return ask()
    except NodeRejected as error:
        if error.details.get("kind") is NodeMessage.NO_HISTORY:
            return None
        raise
