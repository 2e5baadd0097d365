"""The primary market: what may be minted, and redemption in the order escrow, burn, pay. Design 4.4."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from support.model.arithmetic import leaked
from support.model.feed import Signed
from support.model.refusals import Refusal, refuse, when

from toolkit.bindings import errors
from toolkit.bindings.structs import MintOrder, RedemptionStatus

MOST_TIERS = 4


@dataclass
class Bucket:
    """A rolling limit: what is minted fills it, and the whole limit leaks out in a day."""

    limit: int = 0
    level: int = 0
    updated_at: int = 0

    def level_at(self, now: int) -> int:
        return leaked(self.level, self.limit, now - self.updated_at)

    def available(self, now: int) -> int:
        return max(0, self.limit - self.level_at(now))

    def set_limit(self, now: int, limit: int) -> None:
        """What was minted lately still counts."""
        self.level, self.updated_at = self.level_at(now), now
        self.limit = limit

    def fill(self, now: int, amount: int) -> None:
        self.level, self.updated_at = self.level_at(now) + amount, now


@dataclass
class Redemption:
    holder: str
    requested_at: int
    amount: int
    status: RedemptionStatus = RedemptionStatus.REQUESTED

    @property
    def is_unpaid(self) -> bool:
        return self.status in (RedemptionStatus.REQUESTED, RedemptionStatus.ACCEPTED)


@dataclass
class Market:
    """`tiers` are (largest total, approvals), ascending."""

    approvers: Collection[str]
    order_cap: int
    tiers: tuple[tuple[int, int], ...]
    period: int
    buckets: dict[str, Bucket]
    executed: set[int] = field(default_factory=set)
    redemptions: dict[int, Redemption] = field(default_factory=dict)
    stopped: bool = False
    wound_down: bool = False

    # --- what a mint takes -------------------------------------------------------------------------------

    def order_refusals(self, now: int, order: MintOrder) -> list[Refusal | None]:
        return [
            when(order.number in self.executed, errors.OrderAlreadyExecuted, number=order.number),
            when(now > order.expiry, errors.OrderExpired, number=order.number, expiry=order.expiry),
            when(order.amount == 0, errors.OrderEmpty, number=order.number),
            when(
                order.amount > self.order_cap, errors.OrderAboveCap, number=order.number, cap=self.order_cap
            ),
        ]

    def open_refusals(self) -> list[Refusal | None]:
        if self.wound_down:
            return [Refusal(errors.MarketWoundDown)]
        return [when(self.stopped, errors.MintingIsStopped)]

    def limit_refusal(self, now: int, operator: str, total: int) -> Refusal | None:
        available = self.bucket(operator).available(now)
        return when(
            total > available,
            errors.OperatorLimitExceeded,
            operator=operator,
            available=available,
            asked=total,
        )

    def tier_refusal(self, total: int) -> Refusal | None:
        highest = self.tiers[-1][0]
        return when(total > highest, errors.TotalAboveTiers, total=total, highest=highest)

    def approval_refusals(self, sender: str, total: int, approvals: Sequence[Signed]) -> list[Refusal | None]:
        """Approvals of distinct approvers who are not the sender, as many as the total's tier asks for;
        above the tiers, which bar only minting, as many as the highest.
        """
        signers = [approval.signer for approval in approvals]
        required = next((count for up_to, count in self.tiers if total <= up_to), self.tiers[-1][1])
        return [
            when(len(signers) < required, errors.NotEnoughApprovals, given=len(signers), required=required),
            when(len(set(signers)) != len(signers), errors.ApproversNotSorted),
            when(sender in signers, errors.ApproverIsSender, account=sender),
            *(
                when(approval.signer not in self.approvers, errors.NotApprover, account=approval.signer)
                for approval in approvals
            ),
            *(
                when(not approval.good, errors.InvalidApproval, signer=approval.signer)
                for approval in approvals
            ),
        ]

    def bucket(self, operator: str) -> Bucket:
        return self.buckets.setdefault(operator, Bucket())

    # --- redemptions -------------------------------------------------------------------------------------

    @property
    def escrowed(self) -> int:
        """The sum of open requests."""
        return sum(
            item.amount for item in self.redemptions.values() if item.status is RedemptionStatus.REQUESTED
        )

    def open_request(self, now: int, holder: str, amount: int) -> None:
        refuse(when(amount == 0, errors.RedemptionEmpty))
        self.redemptions[len(self.redemptions) + 1] = Redemption(holder, now, amount)

    def step(self, number: int, start: RedemptionStatus, end: RedemptionStatus) -> Redemption:
        """Takes a request along its machine."""
        found = self.redemptions.get(number)
        status = RedemptionStatus.NONE if found is None else found.status
        refuse(when(status is not start, errors.RedemptionInStatus, id=number, status=status, required=start))
        assert found is not None
        found.status = end
        return found

    def overdue(self, now: int) -> int:
        """Requests that are unpaid beyond the redemption period."""
        return sum(
            item.is_unpaid and now > item.requested_at + self.period for item in self.redemptions.values()
        )

    # --- guardian, governor ------------------------------------------------------------------------------

    def stop(self) -> None:
        refuse(when(self.stopped, errors.MintingIsStopped))
        self.stopped = True

    def resume(self) -> None:
        refuse(when(not self.stopped, errors.MintingIsNotStopped))
        self.stopped = False

    def wind_down(self) -> None:
        refuse(when(self.wound_down, errors.MarketWoundDown))
        self.wound_down = True

    def set_tiers(self, tiers: Sequence[tuple[int, int]]) -> None:
        """One to four, totals and approvals ascending, none of them zero."""
        totals, counts = [total for total, _ in tiers], [count for _, count in tiers]
        fits = 1 <= len(tiers) <= MOST_TIERS and all(totals) and all(counts)
        ascends = totals == sorted(set(totals)) and counts == sorted(counts)
        refuse(when(not (fits and ascends), errors.InvalidTiers))
        self.tiers = tuple(tiers)

    def set_period(self, seconds: int) -> None:
        refuse(when(seconds == 0, errors.InvalidPeriod))
        self.period = seconds
