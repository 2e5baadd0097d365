"""What the fund's flows work with: one share class, dealt in one coin by one vault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.errors import ConfigurationError, NotAuthorised
from toolkit.funds.announced import Announced
from toolkit.funds.dealing import Scale

if TYPE_CHECKING:
    from toolkit.bindings.contract import Contract
    from toolkit.bindings.distribution import Distribution
    from toolkit.bindings.feed import AttestedFeed
    from toolkit.bindings.share import FundShare
    from toolkit.bindings.vault import FundVault
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.chain.client import BlockRef
    from toolkit.chain.sender import Mined
    from toolkit.dealing_days import DealingCalendar
    from toolkit.deployment.fund_terms import ClassTerms, FundTerms
    from toolkit.desk.context import DeskContext
    from toolkit.desk.lanes import Lanes
    from toolkit.fund import Fund
    from toolkit.ledger.machines import Role

__all__ = ["FundBook"]

DEALING_MANAGER = "dealing_manager"


@dataclass(frozen=True)
class FundBook:
    """A share class, its vault in the desk's coin, and the contracts beside them.

    `calendar` is the terms', with whatever severe-weather days were declared since.
    """

    context: DeskContext
    lanes: Lanes
    terms: FundTerms
    share_class: ClassTerms
    calendar: DealingCalendar
    share: FundShare
    vault: FundVault
    feed: AttestedFeed
    distribution: Distribution
    first_block: int

    @classmethod
    def of(
        cls,
        context: DeskContext,
        lanes: Lanes,
        fund: Fund,
        share_class: str,
        calendar: DealingCalendar | None,
    ) -> FundBook:
        """The book of a class in the desk's coin. Raises ConfigurationError, InvalidInput."""
        if fund.terms is None:
            raise ConfigurationError("the fund was opened without its terms: give Fund.load(..., terms=...)")
        chosen, coin = fund.terms.share_class(share_class), context.unit
        deployed = fund.classes[share_class]
        if coin not in deployed.vaults or fund.coins[coin].address != context.token.address:
            raise ConfigurationError(
                f"class {chosen.code} is dealt in {', '.join(chosen.coins)}, and this desk's coin is {coin} "
                f"at {context.token.address}: open the desk of one of those"
            )
        return cls(
            context=context,
            lanes=lanes,
            terms=fund.terms,
            share_class=chosen,
            calendar=calendar or fund.terms.dealing_calendar(),
            share=deployed.share,
            vault=deployed.vaults[coin],
            feed=deployed.feed,
            distribution=fund.distributions[coin],
            first_block=fund.record.first_block,
        )

    @property
    def name(self) -> str:
        """`FUND/CLASS`, as the ledger calls the class."""
        return f"{self.terms.fund.code}/{self.share_class.code}"

    @cached_property
    def scale(self) -> Scale:
        return Scale(self.context.decimals, self.share_class.decimals, self.terms.nav.decimals)

    def shares(self, base_units: int) -> Amount:
        """What the chain calls `base_units` of the share."""
        return Amount.from_base_units(
            base_units, unit=self.share_class.symbol, decimals=self.share_class.decimals
        )

    def announced(self, *, block: BlockRef = "latest") -> Announced:
        """The days that the chain knows."""
        last = self.vault.progress(block=block).announced
        days = (self.vault.dealing_day(number, block=block) for number in range(1, last + 1))
        return Announced(self.calendar, tuple(day.cut_off for day in days))

    def day_id(self, number: int) -> str:
        """The ledger's name of a dealing day."""
        return f"day/{self.vault.address}/{number:06}"

    # -------------------------------------------------------------------------------------------- who and how

    def require(self, person_id: str, role: Role) -> None:
        """Raises NotAuthorised unless the person holds the role, NotFound."""
        if role not in self.context.ledger.persons.get(person_id).roles:
            raise NotAuthorised(
                f"{person_id} does not hold the role {role}: let somebody act who does", person=person_id
            )

    def execute(
        self, role: str, contract: Contract, call: Call, *expect: EventExpectation, by: str = ""
    ) -> Mined:
        """Sends a call that belongs to no order, and waits until it is final and its events are there.

        The ledger keeps what it does, to which contract, and on whose word. Raises as `Lanes.execute`.
        """
        said = f"{call.description} at {contract.address}" + (f" for {by}" if by else "")
        return self.lanes.execute(role, replace(call, description=said), *expect)

    def finish_sent(self) -> None:
        """Waits for what was sent to the fund's contracts before and has no outcome yet, so that nothing is
        sent twice: after a crash it is sent again, byte for byte. Raises what it came to, StillPending.
        """
        marks = [f" at {item.address}" for item in (self.vault, self.feed, self.distribution)]
        waiting = [
            record
            for record in self.context.ledger.transactions.find(state="recorded")
            if any(mark in record.purpose for mark in marks)
        ]
        if not waiting:
            return
        self.lanes.tend()
        for record in waiting:
            sender = self.lanes.of(record.lane)
            if sender is not None:
                sender.wait(bytes.fromhex(record.hash[2:]), timeout=self.context.patience.total_seconds())
