"""The whole coin: what needs more than one of its parts to be decided. Design 4.3 and 4.4.

The model is whole numbers and dictionaries, written from the design and not from the contracts. An operation
changes it or raises `Refused`; the caller keeps a copy to go back to. `clock` is the time of the block in
which the operation happens, afterwards that of the last block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from support.model.arithmetic import BPS, LARGEST_AMOUNT, coverage_bps, less_buffer
from support.model.feed import Feed, Signed
from support.model.market import Market, Redemption
from support.model.refusals import Refusal, gather, refuse, when
from support.model.token import NO_CASE, Token

from toolkit.bindings import errors
from toolkit.bindings.structs import MintOrder, RedemptionStatus

WEEK = 7 * 86_400
"""How long a scheduled operation can be executed (OpenZeppelin's AccessManager)."""

Window = tuple[int, int]


@dataclass(frozen=True)
class Batch:
    """Orders that were signed together; bit i of `skipped` leaves out the i-th this time."""

    orders: Sequence[MintOrder]
    approvals: Sequence[Signed]
    skipped: int = 0


@dataclass
class Coin:
    """`wallets` are the registered ones: whose, and until when they are verified. `scheduled` are the
    governor's operations, each with the time from which it may be executed.
    """

    clock: int
    token: Token
    feed: Feed
    market: Market
    buffer_bps: int
    delay: int
    operators: frozenset[str]
    wallets: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    scheduled: dict[tuple[str, bytes], int] = field(default_factory=dict)

    # --- the backing rule --------------------------------------------------------------------------------

    @property
    def is_fresh(self) -> bool:
        return self.clock <= self.feed.fresh_until

    @property
    def ceiling(self) -> int:
        """What may ever have been minted: the reserve of the last attestation less the buffer, and all that
        had been paid out by then.
        """
        if not self.is_fresh:
            return 0
        return less_buffer(self.feed.last.value, self.buffer_bps) + self.token.discharged(
            self.feed.last.as_of
        )

    @property
    def headroom(self) -> int:
        return max(0, self.ceiling - self.token.minted)

    @property
    def coverage_bps(self) -> int | None:
        """As of the last attestation; 0 before the first."""
        if not self.feed.rounds:
            return 0
        liabilities = self.token.minted - self.token.discharged(self.feed.last.as_of)
        return coverage_bps(self.feed.last.value, liabilities)

    # --- minting -----------------------------------------------------------------------------------------

    def is_verified(self, account: str) -> bool:
        _, until = self.wallets.get(account, (b"", 0))
        return self.clock <= until

    def explain(self, operator: str, orders: Sequence[MintOrder]) -> list[Refusal]:
        """Every rule that refuses the orders as one batch of `operator`, but for approvals."""
        total, market = sum(order.amount for order in orders), self.market
        answers = [
            when(operator not in self.operators, errors.AccessManagedUnauthorized, caller=operator),
            *market.open_refusals(),
            *(answer for order in orders for answer in market.order_refusals(self.clock, order)),
            *(
                when(
                    not self.is_verified(order.to),
                    errors.WalletNotVerified,
                    account=order.to,
                    verified_until=self.wallets.get(order.to, (b"", 0))[1],
                )
                for order in orders
            ),
            market.limit_refusal(self.clock, operator, total),
            market.tier_refusal(total),
            when(self.token.paused, errors.TokenPaused),
            *(
                when(self.token.is_frozen(order.to), errors.ERC7943CannotReceive, account=order.to)
                for order in orders
            ),
            self._backing_refusal(total),
        ]
        return [answer for answer in answers if answer is not None]

    def mint(self, operator: str, batches: Sequence[Batch]) -> None:
        """Each batch less the orders that it skips, which count for the approvals it takes and for nothing
        else.
        """
        refuse(when(not batches, errors.BatchEmpty))
        for batch in batches:
            orders = [order for place, order in enumerate(batch.orders) if not batch.skipped >> place & 1]
            signed = sum(order.amount for order in batch.orders)
            total = sum(order.amount for order in orders)
            numbers = [order.number for order in orders]
            repeated = [number for number in numbers if numbers.count(number) > 1]
            refuse(
                when(not orders, errors.BatchEmpty),
                when(
                    bool(batch.skipped >> len(batch.orders)), errors.SkipsUnknownOrder, skipped=batch.skipped
                ),
                *self.explain(operator, orders),
                *(Refusal(errors.OrderAlreadyExecuted, number=number) for number in repeated),
                self.market.tier_refusal(signed),
                *self.market.approval_refusals(operator, signed, batch.approvals),
                when(
                    self.token.minted + total > LARGEST_AMOUNT,
                    errors.SafeCastOverflowedUintDowncast,
                    bits=112,
                ),
            )
            self.market.executed.update(numbers)
            self.market.bucket(operator).fill(self.clock, total)
            for order in orders:
                self.token.credit(order.to, order.amount)

    def _backing_refusal(self, amount: int) -> Refusal | None:
        if not self.is_fresh:
            until = self.feed.fresh_until
            return Refusal(errors.ReserveStale, as_of=self.feed.last.as_of, fresh_until=until)
        minted = self.token.minted + amount
        return when(minted > self.ceiling, errors.BackingExceeded, minted=minted, ceiling=self.ceiling)

    # --- redemption --------------------------------------------------------------------------------------

    @property
    def unsolicited(self) -> int:
        """What the market holds beyond its open requests."""
        return self.token.balances[self.token.market] - self.market.escrowed

    def request_redemption(self, holder: str, amount: int) -> None:
        self.token.move_from(self.token.market, holder, self.token.market, amount)
        self.market.open_request(self.clock, holder, amount)

    def request_by_authorisation(
        self, holder: str, amount: int, nonce: bytes, valid: Window, *, good: bool
    ) -> None:
        self.token.authorise(self.clock, holder, nonce, valid, good=good)
        self.token.move(holder, self.token.market, amount)
        self.market.open_request(self.clock, holder, amount)

    def transfer_by_authorisation(
        self, holder: str, to: str, amount: int, nonce: bytes, valid: Window, *, good: bool
    ) -> None:
        self.token.authorise(self.clock, holder, nonce, valid, good=good)
        self.token.move(holder, to, amount)

    def receive_by_authorisation(
        self, caller: str, holder: str, to: str, amount: int, nonce: bytes, valid: Window, *, good: bool
    ) -> None:
        """Only the payee itself may present it."""
        refuse(when(caller != to, errors.ERC3009CallerIsNotPayee, caller=caller, payee=to))
        self.transfer_by_authorisation(holder, to, amount, nonce, valid, good=good)

    def cancel_redemption(self, caller: str, number: int) -> None:
        request = self.market.step(number, RedemptionStatus.REQUESTED, RedemptionStatus.CANCELLED)
        refuse(
            when(caller != request.holder, errors.NotRedemptionHolder, id=number, holder=request.holder),
        )
        self.token.move(self.token.market, request.holder, request.amount)

    def accept_redemptions(self, operator: str, numbers: Sequence[int], approvals: Sequence[Signed]) -> None:
        """Burns the escrow; a holder who was frozen meanwhile waits for compliance."""
        refuse(when(not numbers, errors.BatchEmpty))
        requests = gather(self._accept, numbers)
        total = sum(request.amount for request in requests)
        refuse(*self.market.approval_refusals(operator, total, approvals))
        self.token.burn(self.token.market, total)

    def _accept(self, number: int) -> Redemption:
        request = self.market.step(number, RedemptionStatus.REQUESTED, RedemptionStatus.ACCEPTED)
        is_held = self.token.frozen_beyond_balance(request.holder) > 0
        refuse(when(is_held, errors.RedemptionHolderFrozen, id=number, holder=request.holder))
        return request

    def record_payouts(self, payouts: Sequence[tuple[int, bytes]]) -> None:
        refuse(when(not payouts, errors.BatchEmpty))
        gather(self._pay, payouts)

    def _pay(self, payout: tuple[int, bytes]) -> None:
        number, reference = payout
        refuse(when(not any(reference), errors.PaymentReferenceMissing, id=number))
        request = self.market.step(number, RedemptionStatus.ACCEPTED, RedemptionStatus.PAID)
        self.token.discharge(self.clock, request.amount)

    def reject_redemptions(self, numbers: Sequence[int]) -> None:
        refuse(when(not numbers, errors.BatchEmpty))
        gather(self._reject, numbers)

    def _reject(self, number: int) -> None:
        request = self.market.step(number, RedemptionStatus.REQUESTED, RedemptionStatus.REJECTED)
        self.token.move(self.token.market, request.holder, request.amount)

    def seize_escrow(self, number: int, to: str, case: bytes) -> None:
        """For a holder who is frozen, or of whom at least as much is frozen beyond what it still holds;
        what is seized is frozen no more.
        """
        refuse(when(case == NO_CASE, errors.CaseIdMissing))
        request = self.market.step(number, RedemptionStatus.REQUESTED, RedemptionStatus.SEIZED)
        covers = self.token.frozen_beyond_balance(request.holder) >= request.amount
        refuse(
            when(not covers, errors.RedemptionHolderNotFrozen, id=number, holder=request.holder),
            when(to == self.token.market, errors.EscrowStaysEscrow),
        )
        self.token.lower_freeze(request.holder, request.amount)
        self.token.move(self.token.market, to, request.amount)

    def return_unsolicited(self, to: str, amount: int, case: bytes) -> None:
        available = self.unsolicited
        refuse(
            when(case == NO_CASE, errors.CaseIdMissing),
            when(amount > available, errors.UnsolicitedExceeded, asked=amount, available=available),
        )
        self.token.move(self.token.market, to, amount)

    # --- registrar ---------------------------------------------------------------------------------------

    def register(self, account: str, investor: bytes, verified_until: int) -> None:
        owner, _ = self.wallets.get(account, (investor, 0))
        refuse(
            when(
                owner != investor,
                errors.WalletBelongsToAnother,
                account=account,
                investor=owner,
                asked=investor,
            )
        )
        self.wallets[account] = (investor, verified_until)

    def remove_wallet(self, account: str) -> None:
        """It stays its investor's."""
        investor, verified_until = self.wallets.get(account, (b"", 0))
        refuse(when(verified_until == 0, errors.WalletNotRegistered, account=account))
        self.wallets[account] = (investor, 0)

    # --- governor ----------------------------------------------------------------------------------------

    def set_buffer(self, bps: int) -> None:
        refuse(when(bps > BPS, errors.BufferTooLarge, buffer_bps=bps))
        self.buffer_bps = bps

    def schedule(self, operation: tuple[str, bytes]) -> None:
        ready = self.scheduled.get(operation)
        waits = ready is not None and self.clock < ready + WEEK
        refuse(when(waits, errors.AccessManagerAlreadyScheduled))
        self.scheduled[operation] = self.clock + self.delay

    def execute(self, operation: tuple[str, bytes], change: Callable[[Coin], None]) -> None:
        """What was scheduled, once its delay has passed."""
        refuse(when(self.clock < self.scheduled[operation], errors.AccessManagerNotReady))
        change(self)
        del self.scheduled[operation]
