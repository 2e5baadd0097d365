"""What all rules share: one example's coin on the chain, and who is who."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from support.model.bench import Bench, Tally
from support.model.choices import Flaw, Size
from support.model.coin import Coin
from support.model.views import expected_views
from support.verbs import Steps

from toolkit.bindings.roles import Role
from toolkit.bindings.signable import Signable
from toolkit.bindings.structs import RedemptionStatus, Signature
from toolkit.chain.anvil import Anvil
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.issuance import Issuance

HOLDERS = (13, 14, 19)
OUTSIDER = 15


class CoinRules(Steps):
    """`scale` is the base units of one of the example's units; `watched` the order numbers last tried."""

    def __init__(self, node: Anvil, deployed: Issuance, tally: Tally) -> None:
        super().__init__()
        self.bench = Bench(node, deployed, tally)
        self.sdk = self.bench.sdk
        self.outsider = dev_signer(OUTSIDER)
        self.people: list[LocalSigner] = [*map(dev_signer, HOLDERS), self.outsider]
        self.addresses = [person.address for person in self.people]
        self.watched: set[int] = set()
        self.scale = 1
        self.steps = 0

    @property
    def model(self) -> Coin:
        return self.bench.model

    @property
    def now(self) -> int:
        """The time of the next block."""
        return self.model.clock + 1

    def place(self, index: int) -> str:
        return [*self.addresses, self.sdk.market.address, self.sdk.token.address][index]

    def amount(self, size: Size, *edges: int) -> int:
        return size.of(self.scale, edges)

    def holding(self, size: Size, account: str) -> int:
        """An amount measured by what the account holds and may move."""
        token = self.model.token
        return self.amount(size, token.balances[account], token.free(account), 0)

    def redemption(self, pick: int, wanted: RedemptionStatus, *, astray: bool) -> int:
        """A request in the status that is wanted, if there is one; else, or `astray`, any, or one that
        isn't.
        """
        requests = self.model.market.redemptions
        fitting = [number for number, item in requests.items() if item.status is wanted]
        numbers = fitting if fitting and not astray else list(range(1, len(requests) + 2))
        return numbers[pick % len(numbers)]

    def signed(
        self, data: Signable, other: Signable, kind: Signable, signer: LocalSigner, flaw: Flaw
    ) -> bytes:
        """The signature of `data`, or a flawed one."""
        signable = {Flaw.ALTERED: other, Flaw.KIND: kind}.get(flaw, data)
        return signable.sign(self.outsider if flaw is Flaw.FORGED else signer).data

    def freeze_to(self, account: str, amount: int) -> None:
        self.bench.attempt_as(
            "freeze",
            Role.GUARDIAN,
            self.sdk.token.freeze(account, amount),
            lambda coin: coin.token.freeze(account, amount),
        )

    def see(self) -> None:
        """All that can be seen is as the model has it."""
        model = self.model
        near = {number + step for number in self.watched for step in (-256, -1, 0, 1, 256)}
        numbers = {number for number in near if 0 <= number < 2**256}
        values = {model.feed.last.value, 0, 2 * model.feed.last.value}
        self.bench.observe(expected_views(model, self.addresses, numbers, values))

    @staticmethod
    def under_another_name(signature: Signature, signer: str) -> Signature:
        return Signature(signer, signature.data)


def has(status: RedemptionStatus) -> Callable[[Any], bool]:
    """Whether there is a redemption in this status."""
    return lambda self: any(item.status is status for item in self.model.market.redemptions.values())


def pick_of(items: Sequence[str], pick: int) -> str:
    return items[pick % len(items)]
