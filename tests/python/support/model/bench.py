"""The SDK on a real chain, beside the model: one coin, a hand for each role, and a clock that is set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any

from support.deployments import demo_terms
from support.model.coin import Coin
from support.model.feed import Feed
from support.model.market import Bucket, Market
from support.model.refusals import Refusal, Refused
from support.model.token import Token
from support.model.views import View

from toolkit import artifacts
from toolkit.bindings.roles import Role
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.abi import AbiEntry, decode_result, encode_call, find_entry
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.deployment import Terms
from toolkit.issuance import Issuance, connect

ARTIFACTS = {
    "token": "Stablecoin",
    "market": "PrimaryMarket",
    "feed": "AttestedFeed",
    "registry": "InvestorRegistry",
}
PATIENCE = 120.0


def model_terms() -> Terms:
    """The demo terms with more hands, a quicker governor, and amounts so small that every unit shows."""
    return demo_terms(
        ('"anvil:7", "anvil:8"', '"anvil:7", "anvil:8", "anvil:16"'),
        ("demo-coin-1", "model-1"),
        ('order_cap = "50000000.00"', 'order_cap = "0.010"'),
        ('"1000000.00"\napprovals = 1', '"0.002"\napprovals = 1'),
        (
            '"300000000.00"\napprovals = 2',
            '"0.006"\napprovals = 2\n\n[[market.tiers]]\nup_to = "0.012"\napprovals = 3',
        ),
        (
            'limit = "300000000.00" # in any 24 hours',
            'limit = "0.015"\n\n[[market.operator_limits]]\naccount = "anvil:18"\nlimit = "0.005"',
        ),
        (
            'OPERATOR = [{ account = "anvil:1" }]',
            'OPERATOR = [{ account = "anvil:1" }, { account = "anvil:18" }]',
        ),
        ('{ account = "anvil:3" }]', '{ account = "anvil:3" }, { account = "anvil:17" }]'),
        ('delay = "1d"', 'delay = "10m"'),
    )


class Tally:
    """How often each verb succeeded, and how often it was refused and why, over all examples."""

    def __init__(self) -> None:
        self.examples = 0
        self.successes: Counter[str] = Counter()
        self.refusals: Counter[tuple[str, type[Exception]]] = Counter()

    def kinds(self) -> set[type[Exception]]:
        return {kind for _, kind in self.refusals}

    def __str__(self) -> str:
        """A table for people: verbs by successes, then refusals."""
        total = sum(self.successes.values()) + sum(self.refusals.values())
        rows = [f"{self.examples} examples, {total} attempts"]
        rows += [f"{count:>7} {verb}" for verb, count in sorted(self.successes.items())]
        rows += [
            f"{count:>7} {verb}: {kind.__name__}"
            for (verb, kind), count in sorted(
                self.refusals.items(), key=lambda row: (row[0][0], row[0][1].__name__)
            )
        ]
        return "\n".join(rows)


class Bench:
    """One example's coin on the chain, with the model of it. `close` undoes all that happened."""

    def __init__(self, node: Anvil, deployed: Issuance, tally: Tally) -> None:
        assert deployed.terms is not None
        self.node = node
        self.tally = tally
        self.terms: Terms = deployed.terms
        self.client = connect(node)
        self._snapshot = node.snapshot()
        self.sdk = Issuance(self.client, deployed.record, terms=self.terms, publisher=dev_signer(0))
        self.model = self._model()
        tally.examples += 1

    def close(self) -> None:
        self.client.close()
        self.node.revert(self._snapshot)

    def _model(self) -> Coin:
        """The coin as the terms have it."""
        reserve, market = self.terms.reserve, self.terms.market
        return Coin(
            clock=self.client.block("latest").timestamp,
            token=Token(self.sdk.token.address, self.sdk.market.address),
            feed=Feed(
                attestors=tuple(reserve.attestors),
                threshold=reserve.threshold,
                max_age=reserve.max_age,
                max_rise_bps=reserve.max_rise_bps,
                max_fall_bps=reserve.max_fall_bps,
                every=len(reserve.attestors),
            ),
            market=Market(
                approvers=frozenset(item.account for item in self.terms.holders(Role.APPROVER)),
                order_cap=self.terms.order_cap.base_units,
                tiers=tuple((amount.base_units, count) for amount, count in self.terms.tiers),
                period=market.redemption_period,
                buckets={
                    account: Bucket(limit=limit.base_units)
                    for account, limit in self.terms.operator_limits.items()
                },
            ),
            buffer_bps=reserve.buffer_bps,
            delay=self.terms.holders(Role.GOVERNOR)[0].delay,
            operators=frozenset(item.account for item in self.terms.holders(Role.OPERATOR)),
        )

    # --- who -----------------------------------------------------------------------------------------------

    def signers(self, role: Role) -> list[LocalSigner]:
        return [self.signer_of(item.account) for item in self.terms.holders(role)]

    def signer_of(self, account: str) -> LocalSigner:
        return dev_signer(self.terms.dev_accounts[account])

    # --- doing ---------------------------------------------------------------------------------------------

    def attempt(
        self, verb: str, change: Callable[[Coin], None], act: Callable[[], object], *, at: int | None = None
    ) -> bool:
        """Lets model and SDK do the same in a block at `at`, by default a second after the last. Whether it
        went through.
        """
        trial = deepcopy(self.model)
        trial.clock = self.model.clock + 1 if at is None else at
        predicted = _refusals(change, trial)
        self.node.set_next_block_timestamp(trial.clock)
        refusal = _refusal(act)
        told = f"{verb}: the SDK raised {refusal!r}, the model predicts {predicted or 'success'}"
        if refusal is not None:
            assert any(item.is_met_by(refusal) for item in predicted), told
            self.tally.refusals[verb, type(refusal)] += 1
            return False
        assert not predicted, told
        self.model = trial
        self.tally.successes[verb] += 1
        return True

    def send(self, who: Role | LocalSigner, call: Call) -> None:
        """Sends a call as `who`; a role stands for its first holder."""
        signer = self.signers(who)[0] if isinstance(who, Role) else who
        self.sdk.sender(signer).execute(call, timeout=PATIENCE)

    def attempt_as(
        self, verb: str, who: Role | LocalSigner, call: Call, change: Callable[[Coin], None]
    ) -> bool:
        return self.attempt(verb, change, lambda: self.send(who, call))

    def govern(self, verb: str, call: Call, change: Callable[[Coin], None], *, early: bool = False) -> None:
        """The governor schedules a change and executes it as soon as it may, or a second too early."""
        operation, manager = (call.to, call.data), self.sdk.access_manager
        self.attempt_as(
            "schedule", Role.GOVERNOR, manager.schedule(call), lambda coin: coin.schedule(operation)
        )
        ready = max(self.model.scheduled[operation], self.model.clock + 1)
        self.attempt(
            verb,
            lambda coin: coin.execute(operation, change),
            lambda: self.send(Role.GOVERNOR, manager.execute(call)),
            at=ready - 1 if early and ready - 1 > self.model.clock else ready,
        )

    # --- seeing --------------------------------------------------------------------------------------------

    def observe(self, views: Mapping[View, Any]) -> None:
        """Asks the chain for every view, in one message, and compares."""
        block = self.client.block("latest")
        assert block.timestamp == self.model.clock, "the chain's clock is not the model's"
        calls = [(getattr(self.sdk, view[0]).address, _question(*view)) for view in views]
        answers = self.client.calls(calls, block=block)
        found = {view: _answer(view[0], view[1], answer) for view, answer in zip(views, answers, strict=True)}
        differing = {view: (found[view], wanted) for view, wanted in views.items() if found[view] != wanted}
        assert not differing, f"view: (the chain, the model) {differing}"


def _refusals(change: Callable[[Coin], None], coin: Coin) -> list[Refusal]:
    """Why the model refuses a change; nothing where it has made it."""
    try:
        change(coin)
    except Refused as refused:
        return refused.refusals
    return []


def _refusal(act: Callable[[], object]) -> SolidityError | None:
    """The exception with which the SDK refuses."""
    try:
        act()
    except SolidityError as error:
        return error
    return None


# The same few are asked and answered over and over.
@lru_cache(maxsize=10_000)
def _question(contract: str, function: str, *args: Any) -> bytes:
    return encode_call([_entry(contract, function)], function, args)


@lru_cache(maxsize=10_000)
def _answer(contract: str, function: str, answer: bytes) -> Any:
    return decode_result([_entry(contract, function)], function, answer)


@cache
def _entry(contract: str, function: str) -> AbiEntry:
    return find_entry(artifacts.load(ARTIFACTS[contract]).abi, function)
