"""Redemption: what holders ask for, and what the desk and compliance do about it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from support.model.choices import (
    Flaw,
    Size,
    Slip,
    cases,
    edges,
    flaws,
    holders,
    picks,
    places,
    sizes,
    slips,
    usually,
    windows,
)
from support.model.coin import Batch, Window
from support.model.rules import has
from support.model.rules_market import MarketRules, astray, operators
from support.model.token import ACCOUNT_FROZEN, UNLIMITED
from support.verbs import verb

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, Redemption, RedemptionStatus


class RedemptionRules(MarketRules):
    """Escrow, burn, pay, release; and every step out of turn."""

    @verb(5, holder=holders, size=sizes, approver=st.integers(0, 3))
    def redeem(self, holder: int, size: Size, approver: int) -> None:
        """As it should be: escrow, burn, pay, release."""
        count = len(self.model.market.redemptions)
        self.request(holder, size, allowed=True)
        if len(self.model.market.redemptions) > count:
            self.accept_these([count + 1], Slip.NONE if approver else Slip.SURPLUS, 0)
            self.see()
            if self.model.market.redemptions[count + 1].status is RedemptionStatus.ACCEPTED:
                self.pay_these([count + 1], b"\x44" * 32)

    @verb(3, holder=holders, size=sizes, whole=st.booleans(), to=places, pick=picks)
    def confiscate(self, holder: int, size: Size, whole: bool, to: int, pick: int) -> None:
        """A holder is frozen, or all that it asked for, while its request is open."""
        account, market = self.addresses[holder], self.model.market
        count = len(market.redemptions)
        self.request(holder, size, allowed=True)
        if len(self.model.market.redemptions) == count:
            return
        wanted = self.model.token.balances[account] + self.model.market.redemptions[count + 1].amount
        self.freeze_to(account, ACCOUNT_FROZEN if whole else wanted)
        self.see()
        if pick % 3:
            self.seize_this(count + 1, self.place(to), b"\xca" * 32)
        else:
            self.accept_these([count + 1], Slip.NONE, 0)
            self.reject_these([count + 1])

    @verb(3, holder=holders, size=sizes, allowed=usually(True, False))
    def request(self, holder: int, size: Size, allowed: bool) -> None:
        person, market = self.people[holder], self.sdk.market
        amount = self.holding(size, person.address)
        if allowed:
            self.bench.attempt_as(
                "approve",
                person,
                self.sdk.token.approve(market.address, amount if amount % 2 else UNLIMITED),
                lambda coin: coin.token.approve(
                    person.address, market.address, amount if amount % 2 else UNLIMITED
                ),
            )
        self.bench.attempt_as(
            "request",
            person,
            market.request_redemption(amount, b"\x22" * 32),
            lambda coin: coin.request_redemption(person.address, amount),
        )

    @verb(4, holder=holders, size=sizes, flaw=flaws, window=windows, again=astray)
    def request_by_authorisation(
        self, holder: int, size: Size, flaw: Flaw, window: Window, again: bool
    ) -> None:
        person, market, token = self.people[holder], self.sdk.market, self.sdk.token
        amount = self.holding(size, person.address)
        valid = (self.now + window[0], self.now + window[1])
        salt = bytes(32) if again else self.now.to_bytes(32, "big")
        reference = b"\x33" * 32
        nonce = market.redemption_nonce(reference, salt)
        terms = {
            "holder": person.address,
            "to": market.address,
            "valid_after": valid[0],
            "valid_before": valid[1],
        }
        elsewhere = market.redemption_nonce(b"\x34" * 32, salt)
        signature = self.signed(
            token.receive_data(amount=amount, nonce=nonce, **terms),
            token.receive_data(amount=amount, nonce=elsewhere, **terms),
            token.transfer_data(amount=amount, nonce=nonce, **terms),
            person,
            flaw,
        )
        call = market.request_redemption_with_authorization(
            holder=person.address,
            amount=amount,
            reference=reference,
            valid_after=valid[0],
            valid_before=valid[1],
            salt=salt,
            signature=signature,
        )
        self.bench.attempt_as(
            "request by authorisation",
            self.outsider,
            call,
            lambda coin: coin.request_by_authorisation(
                person.address, amount, nonce, valid, good=flaw is Flaw.NONE
            ),
        )

    @verb(
        2, applies=has(RedemptionStatus.REQUESTED), pick=picks, lost=astray, other=usually(None, 3, weight=2)
    )
    def cancel(self, pick: int, lost: bool, other: int | None) -> None:
        number = self.redemption(pick, RedemptionStatus.REQUESTED, astray=lost)
        known = self.model.market.redemptions.get(number)
        holder = self.outsider if known is None else self.people[self.addresses.index(known.holder)]
        caller = holder if other is None else self.people[other]
        self.bench.attempt_as(
            "cancel",
            caller,
            self.sdk.market.cancel_redemption(number),
            lambda coin: coin.cancel_redemption(caller.address, number),
        )

    @verb(
        4,
        applies=has(RedemptionStatus.REQUESTED),
        chosen=st.lists(picks, min_size=1, max_size=3),
        lost=astray,
        slip=slips,
        operator=operators,
    )
    def accept(self, chosen: list[int], lost: bool, slip: Slip, operator: int) -> None:
        self.accept_these(self._requests(chosen, RedemptionStatus.REQUESTED, lost=lost), slip, operator)

    def accept_these(self, numbers: list[int], slip: Slip, operator: int) -> None:
        sender = self.bench.signers(Role.OPERATOR)[operator]
        records = {number: self._record(number) for number in numbers}
        total = sum(records[number].amount for number in numbers)
        data = self.sdk.market.acceptance_data(records)
        other = self.sdk.market.acceptance_data({number + 1: record for number, record in records.items()})
        approvals, signatures = self._approvals(sender, data, other, total, slip)
        self.bench.attempt_as(
            "accept",
            sender,
            self.sdk.market.accept_redemptions(numbers, signatures),
            lambda coin: coin.accept_redemptions(sender.address, numbers, approvals),
        )

    @verb(
        4,
        applies=has(RedemptionStatus.ACCEPTED),
        chosen=st.lists(picks, min_size=1, max_size=3),
        lost=astray,
        reference=usually(b"\x44" * 32, bytes(32), weight=4),
    )
    def pay(self, chosen: list[int], lost: bool, reference: bytes) -> None:
        self.pay_these(self._requests(chosen, RedemptionStatus.ACCEPTED, lost=lost), reference)

    def pay_these(self, numbers: list[int], reference: bytes) -> None:
        payouts = [(number, reference) for number in numbers]
        self.bench.attempt_as(
            "pay",
            Role.TREASURER,
            self.sdk.market.record_payouts(payouts),
            lambda coin: coin.record_payouts(payouts),
        )

    @verb(
        2,
        applies=has(RedemptionStatus.REQUESTED),
        chosen=st.lists(picks, min_size=1, max_size=2),
        lost=astray,
    )
    def reject(self, chosen: list[int], lost: bool) -> None:
        self.reject_these(self._requests(chosen, RedemptionStatus.REQUESTED, lost=lost))

    def reject_these(self, numbers: list[int]) -> None:
        self.bench.attempt_as(
            "reject",
            Role.OPERATOR,
            self.sdk.market.reject_redemptions(numbers, b"\x55" * 32),
            lambda coin: coin.reject_redemptions(numbers),
        )

    @verb(2, applies=has(RedemptionStatus.REQUESTED), pick=picks, lost=astray, to=places, case=cases)
    def seize(self, pick: int, lost: bool, to: int, case: bytes) -> None:
        """Rather the escrow of somebody who is frozen than another's."""
        held = sorted(
            number
            for number, item in self.model.market.redemptions.items()
            if item.status is RedemptionStatus.REQUESTED
            and self.model.token.frozen_beyond_balance(item.holder) >= item.amount
        )
        number = self.redemption(pick, RedemptionStatus.REQUESTED, astray=lost)
        if held and not lost:
            number = held[pick % len(held)]
        self.seize_this(number, self.place(to), case)

    def seize_this(self, number: int, target: str, case: bytes) -> None:
        self.bench.attempt_as(
            "seize",
            Role.COMPLIANCE,
            self.sdk.market.seize_escrow(number, target, case),
            lambda coin: coin.seize_escrow(number, target, case),
        )

    @verb(4, sender=holders, to=places, size=edges, case=cases)
    def return_unsolicited(self, sender: int, to: int, size: Size, case: bytes) -> None:
        """What somebody sent to the market without a request, or has sent before."""
        person, market = self.people[sender], self.sdk.market.address
        self.bench.attempt_as(
            "transfer",
            person,
            self.sdk.token.transfer(market, self.scale),
            lambda coin: coin.token.move(person.address, market, self.scale),
        )
        self.see()
        target, amount = self.place(to), self.amount(size, self.model.unsolicited, 1)
        self.bench.attempt_as(
            "return unsolicited",
            Role.COMPLIANCE,
            self.sdk.market.return_unsolicited(target, amount, case),
            lambda coin: coin.return_unsolicited(target, amount, case),
        )

    @verb(1, pick=picks)
    def send_nothing(self, pick: int) -> None:
        """An empty batch is a mistake, whatever it is of."""
        market = self.sdk.market
        empty = MintBatch((), ())
        who, call, change = [
            (Role.OPERATOR, market.mint([]), lambda coin: coin.mint("", [])),
            (
                Role.OPERATOR,
                market.accept_redemptions([], []),
                lambda coin: coin.accept_redemptions("", [], []),
            ),
            (Role.TREASURER, market.record_payouts([]), lambda coin: coin.record_payouts([])),
            (
                Role.OPERATOR,
                market.reject_redemptions([], bytes(32)),
                lambda coin: coin.reject_redemptions([]),
            ),
            (Role.OPERATOR, market.mint([empty]), lambda coin: coin.mint(self._operator, [Batch([], [])])),
        ][pick % 5]
        self.bench.attempt_as("send nothing", who, call, change)

    def _record(self, number: int) -> Redemption:
        """A request as approvers see it; of one that isn't, they are told a tale."""
        found = self.sdk.market.redemption(number)
        is_known = number in self.model.market.redemptions
        return found if is_known else Redemption(self.outsider.address, 0, found.status, found.amount)

    def _requests(self, chosen: Sequence[int], wanted: RedemptionStatus, *, lost: bool) -> list[int]:
        """Requests in the status that is wanted, each once; `lost` adds one that may be any, or there
        already.
        """
        numbers = list(dict.fromkeys(self.redemption(pick, wanted, astray=False) for pick in chosen))
        return [*numbers, self.redemption(chosen[0], wanted, astray=True)] if lost else numbers
