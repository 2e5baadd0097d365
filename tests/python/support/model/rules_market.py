"""What the desk does: mint approved orders, and redeem."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from support.model.choices import (
    Size,
    Slip,
    edges,
    holders,
    picks,
    sizes,
    slips,
    small_sizes,
    usually,
)
from support.model.coin import Batch
from support.model.feed import Signed
from support.model.rules import CoinRules
from support.verbs import verb

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.signable import Signable
from toolkit.bindings.structs import MintBatch, MintOrder, Signature
from toolkit.chain.signers import LocalSigner

# Both ends of the bitmap's first words, and the last number of all.
NUMBERS = (0, 255, 256, 1, 254, 257, 511, 512, 2**256 - 1, *range(2, 200))
FOR_EVER = 2**40
ORDER_REFUSALS = (errors.OrderAlreadyExecuted, errors.OrderExpired, errors.OrderEmpty, errors.OrderAboveCap)

recipients = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
operators = usually(0, 1, weight=3)
lifetimes = usually(FOR_EVER, 0, -1, weight=5)
astray = usually(False, True, weight=9)
lines = st.lists(st.tuples(recipients, small_sizes), min_size=2, max_size=4)


class MarketRules(CoinRules):
    """Mints and redemptions, each with the approvals it takes or with others."""

    # --- minting -----------------------------------------------------------------------------------------

    @verb(8, to=holders, size=sizes)
    def mint(self, to: int, size: Size) -> None:
        """As it should be, but for what the limits and the reserve say."""
        self.mint_one(0, to, size, FOR_EVER, again=False, pick=0, slip=Slip.NONE)

    @verb(
        6,
        operator=operators,
        to=recipients,
        size=sizes,
        lifetime=lifetimes,
        again=astray,
        pick=picks,
        slip=slips,
    )
    def mint_one(
        self, operator: int, to: int, size: Size, lifetime: int, again: bool, pick: int, slip: Slip
    ) -> None:
        sender = self.bench.signers(Role.OPERATOR)[operator]
        number = self._numbers(1, again=again, pick=pick)[0]
        order = MintOrder(number, self.addresses[to], self._mint_amount(sender, size), self.now + lifetime)
        approvals, batch = self._batch(sender, [order], slip)
        self.bench.attempt_as(
            "mint",
            sender,
            self.sdk.market.mint([batch]),
            lambda coin: coin.mint(sender.address, [Batch([order], approvals)]),
        )

    @verb(
        6,
        operator=operators,
        orders=lines,
        cut=st.booleans(),
        again=astray,
        twice=astray,
        skipped=usually(0, 1, 2, 5, 16, weight=2),
        pick=picks,
        slip=slips,
    )
    def mint_many(
        self,
        operator: int,
        orders: list[tuple[int, Size]],
        cut: bool,
        again: bool,
        twice: bool,
        skipped: int,
        pick: int,
        slip: Slip,
    ) -> None:
        """Several orders, in one batch or `cut` into two; `twice` gives two of them one number, and each
        batch leaves out those that `skipped` has.
        """
        sender = self.bench.signers(Role.OPERATOR)[operator]
        numbers = self._numbers(len(orders), again=again, pick=pick)
        if twice:
            numbers[-1] = numbers[0]
        made = [
            MintOrder(number, self.addresses[to], self._mint_amount(sender, size), self.now + FOR_EVER)
            for number, (to, size) in zip(numbers, orders, strict=True)
        ]
        parts = [made[:1], made[1:]] if cut else [made]
        batches = [self._batch(sender, part, slip, skipped) for part in parts]
        self.bench.attempt_as(
            "mint many",
            sender,
            self.sdk.market.mint([batch for _, batch in batches]),
            lambda coin: coin.mint(
                sender.address,
                [
                    Batch(part, approvals, skipped)
                    for part, (approvals, _) in zip(parts, batches, strict=True)
                ],
            ),
        )

    @verb(3, operator=operators, to=recipients, size=edges, lifetime=lifetimes, again=astray, pick=picks)
    def explain(self, operator: int, to: int, size: Size, lifetime: int, again: bool, pick: int) -> None:
        """What would refuse an order in the last block: every rule, of an order's own the first."""
        sender = self.bench.signers(Role.OPERATOR)[operator] if pick else self.outsider
        number = self._numbers(1, again=again, pick=pick)[0]
        expiry = self.model.clock + lifetime
        order = MintOrder(number, self.addresses[to], self._mint_amount(sender, size), expiry)
        predicted = self.model.explain(sender.address, [order])
        found = self.sdk.market.explain(order, sender.address)
        strays = [error for error in found if not any(refusal.is_met_by(error) for refusal in predicted)]
        assert not strays, f"explained {strays}, the model predicts {predicted}"
        named = {type(error) for error in found}
        assert bool(named & set(ORDER_REFUSALS)) == any(item.kind in ORDER_REFUSALS for item in predicted)
        missing = [item for item in predicted if item.kind not in named and item.kind not in ORDER_REFUSALS]
        assert not missing, f"explained {found}, but not {missing}"
        self.bench.tally.successes["explain"] += 1

    # --- inside ------------------------------------------------------------------------------------------

    @property
    def _operator(self) -> str:
        return self.bench.signers(Role.OPERATOR)[0].address

    def _numbers(self, count: int, *, again: bool, pick: int) -> list[int]:
        """Numbers that were not used, the first of them `again` one that was."""
        executed = self.model.market.executed
        numbers = [number for number in NUMBERS if number not in executed][:count]
        if again and executed:
            numbers[0] = sorted(executed)[pick % len(executed)]
        self.watched = set(numbers)
        return numbers

    def _mint_amount(self, operator: LocalSigner, size: Size) -> int:
        """An amount, or what a rule that limits mints would just let pass."""
        market = self.model.market
        available = market.bucket(operator.address).available(self.now)
        tiers = [total for total, _ in market.tiers]
        most = min(self.model.headroom, available, market.order_cap, tiers[-1])
        return self.amount(size, most, market.order_cap, most, self.model.headroom, most, available, *tiers)

    def _batch(
        self, sender: LocalSigner, orders: Sequence[MintOrder], slip: Slip, skipped: int = 0
    ) -> tuple[list[Signed], MintBatch]:
        changed = [MintOrder(item.number, item.to, item.amount + 1, item.expiry) for item in orders]
        approvals, signatures = self._approvals(
            sender,
            self.sdk.market.mint_data(orders),
            self.sdk.market.mint_data(changed),
            sum(order.amount for order in orders),
            slip,
        )
        return approvals, MintBatch(tuple(orders), tuple(signatures), skipped)

    def _approvals(
        self, sender: LocalSigner, data: Signable, other: Signable, total: int, slip: Slip
    ) -> tuple[list[Signed], list[Signature]]:
        """As many approvals as `total` takes, but for the slip: as the model sees them, and signed."""
        approvers, tiers = self.bench.signers(Role.APPROVER), self.model.market.tiers
        needed = next((count for up_to, count in tiers if total <= up_to), tiers[-1][1])
        signers = approvers[: needed - 1 if slip is Slip.TOO_FEW else needed]
        if slip is Slip.SURPLUS:
            signers = approvers
        strange = {Slip.TWICE: approvers[0], Slip.SENDER: sender, Slip.STRANGER: self.outsider}
        if slip in strange:
            signers = [*signers, strange[slip]]
        approvals = [Signed(signer.address) for signer in signers]
        signatures = [data.sign(signer) for signer in signers]
        if slip in (Slip.FORGED, Slip.OTHER):
            wrong = data.sign(self.outsider) if slip is Slip.FORGED else other.sign(signers[0])
            approvals[0] = Signed(signers[0].address, good=False)
            signatures[0] = self.under_another_name(wrong, signers[0].address)
        return approvals, signatures
