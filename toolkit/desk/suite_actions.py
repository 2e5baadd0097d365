"""What the desk does on its chain for compliance: freezes, forced transfers, seizures, the registry.

Who may ask for it is compliance's business (`toolkit.compliance`), which finds what it needs here by its
shape. Freezes go on the guardian's own lane. What is sent carries the case's id in the ledger's purpose, so
that after a crash it is finished before anything is sent anew; and in the contracts' events, by which it is
recognised when another hand did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from toolkit.bindings.events import CaseActed, Frozen, RedemptionSeized, WalletRegistered, WalletRemoved
from toolkit.bindings.regulated_token import RegulatedToken
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.context import WORKER, DeskContext, bytes32_text
from toolkit.errors import (
    ContractReverted,
    InvalidInput,
    NodeError,
    NotSent,
    StillPending,
    ToolkitError,
    TransactionError,
)
from toolkit.ledger.case_acts import Act, ActKind
from toolkit.ledger.transactions import RECORDED

if TYPE_CHECKING:
    from toolkit.bindings.vault import FundVault
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.chain.journal import JournalEntry
    from toolkit.chain.sender import Sent
    from toolkit.desk.lanes import Lane, Lanes
    from toolkit.desk.onboarding import Onboarding
    from toolkit.fund import Fund
    from toolkit.ledger.ledger import Transaction

__all__ = ["AccountHolding", "RedemptionInEscrow", "SuiteActions", "SuiteToken", "VaultPosition"]

_ROLES = {
    ActKind.FREEZE: "guardian",
    ActKind.UNFREEZE: "compliance",
    ActKind.FORCED_TRANSFER: "compliance",
    ActKind.BURN: "compliance",
    ActKind.SEIZE_ESCROW: "compliance",
    ActKind.REGISTER_WALLET: "registrar",
    ActKind.REMOVE_WALLET: "registrar",
}
_ONCE = frozenset({ActKind.FORCED_TRANSFER, ActKind.BURN, ActKind.SEIZE_ESCROW})
"""They move tokens: not absolute, so that the chain's events are asked whether they happened."""


@dataclass(frozen=True, slots=True)
class SuiteToken:
    """The coin, or a share class."""

    symbol: str
    address: str
    decimals: int
    is_coin: bool


@dataclass(frozen=True, slots=True)
class AccountHolding:
    """In base units; `frozen` 2^128 - 1 when the account itself is frozen."""

    balance: int
    frozen: int


@dataclass(frozen=True, slots=True)
class RedemptionInEscrow:
    """A redemption that isn't paid; `accepted` is burned already."""

    number: int
    amount: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class VaultPosition:
    """What a vault has for an account, in base units of what `what` names."""

    vault: str
    what: str
    amount: int


class SuiteActions:
    """The compliance functions of one deployment: its coin, its market, its registry, its funds."""

    def __init__(
        self, context: DeskContext, lanes: Lanes, onboarding: Onboarding, funds: Iterable[Fund] = ()
    ) -> None:
        self._context = context
        self._lanes = lanes
        self._onboarding = onboarding
        self._funds = tuple(funds)
        classes = [item for fund in self._funds for item in fund.classes.values()]
        self._tokens: dict[str, RegulatedToken] = {
            token.address: token for token in (context.token, *(item.share for item in classes))
        }
        self._listed: tuple[SuiteToken, ...] | None = None

    def with_funds(self, *funds: Fund) -> SuiteActions:
        """The same with every share class of these funds."""
        return SuiteActions(self._context, self._lanes, self._onboarding, (*self._funds, *funds))

    @property
    def chain_id(self) -> int:
        return self._context.client.chain_id

    @property
    def market(self) -> str:
        """The primary market's address."""
        return self._context.market.address

    @property
    def registry(self) -> str:
        """The investor registry's address."""
        return self._context.registry.address

    @property
    def addresses(self) -> Sequence[str]:
        """The tokens' addresses, for which the chain isn't asked."""
        return tuple(self._tokens)

    # ------------------------------------------------------------------------------------------------ reading

    def tokens(self) -> Sequence[SuiteToken]:
        """The coin first, then the share classes."""
        if self._listed is None:
            coin = self._context.token.address
            self._listed = tuple(
                SuiteToken(token.symbol(), address, token.decimals(), address == coin)
                for address, token in self._tokens.items()
            )
        return self._listed

    def wallets_of(self, investor: str) -> Sequence[str]:
        """The party's wallets in this desk's ledger, proven or not."""
        return tuple(wallet.address for wallet in self._context.ledger.investors.wallets(investor))

    def holding(self, token: str, account: str) -> AccountHolding:
        """Raises InvalidInput for a token of another suite, NodeError."""
        contract, block = self._token(token), self._context.client.block("latest")
        return AccountHolding(
            contract.balance_of(account, block=block), contract.frozen_of(account, block=block)
        )

    def escrows(self, account: str) -> Sequence[RedemptionInEscrow]:
        """From the market's own events: also what was requested past the desk."""
        from toolkit.bindings.events import RedemptionRequested

        context, market = self._context, self._context.market
        block = context.client.block("latest")
        holder = from_hex(account, length=20).rjust(32, b"\0")
        topics = [RedemptionRequested.topic0(), None, holder]
        found = []
        for log in context.client.logs(market.address, topics, context.first_block, block):
            number = RedemptionRequested.from_log(log).id
            request = market.redemption(number, block=block)
            if request.status in (RedemptionStatus.REQUESTED, RedemptionStatus.ACCEPTED):
                accepted = request.status is RedemptionStatus.ACCEPTED
                found.append(RedemptionInEscrow(number, request.amount, accepted))
        return tuple(found)

    def positions(self, account: str) -> Sequence[VaultPosition]:
        """Requests without a price, claims, cancellations and quarantine, in every vault of the funds."""
        vaults = [
            vault for fund in self._funds for item in fund.classes.values() for vault in item.vaults.values()
        ]
        return tuple(position for vault in vaults for position in _positions(vault, account))

    # ------------------------------------------------------------------------------------------------ sending

    def write_wallets(self, wallets: Sequence[str]) -> None:
        """See `toolkit.compliance.ports.Suite`."""
        self._onboarding.write_known(wallets)

    def require_clients_settled(self, old: str, new: str) -> None:
        """See `toolkit.compliance.ports.Suite`."""
        self._context.ledger.omnibus_moves.require_settled(old, new, tokens=self.addresses)

    def move_clients(self, case_id: str, old: str, new: str) -> None:
        """See `toolkit.compliance.ports.Suite`."""
        self._context.ledger.omnibus_moves.move(old, new, tokens=self.addresses, case=case_id, actor=WORKER)

    def finish(self, case_id: str) -> None:
        """See `toolkit.compliance.ports.Suite`. A refusal is an outcome too."""
        mark = _mark(case_id)
        waiting = [
            record
            for record in self._context.ledger.transactions.find(state=RECORDED)
            if record.purpose.endswith(mark)
        ]
        if waiting:
            self._lanes.tend()
        for record in waiting:
            sender = self._lanes.of(record.lane)
            if sender is None:
                raise StillPending(
                    f"transaction {record.hash} under {case_id} was sent by {record.lane}, whose key "
                    "this desk hasn't got: finish it where the key is",
                    tx_hash=record.hash,
                )
            try:
                sender.wait(from_hex(record.hash, length=32), timeout=self._patience)
            except ContractReverted:
                continue  # it did nothing, for good

    def perform(self, acts: Sequence[Act]) -> Sequence[Act]:
        """See `toolkit.compliance.ports.Suite`."""
        performed: list[Act] = []
        for role, group in groupby(acts, key=lambda act: _ROLES[act.kind]):
            items = list(group)
            try:
                performed += self._perform(role, items)
            except ToolkitError as error:
                performed += [replace(act, error=_shown(error)) for act in items]
        return performed

    # ------------------------------------------------------------------------------------------------- inside

    @property
    def _patience(self) -> float:
        return self._context.patience.total_seconds()

    def _perform(self, role: str, acts: Sequence[Act]) -> Iterator[Act]:
        """All are sent before the first is waited for: a freeze doesn't wait until another is final."""
        results: list[Act] = list(acts)
        sent: dict[int, Sent] = {}
        with self._lanes.lease(role) as lane:
            for place, act in enumerate(acts):
                try:
                    results[place] = self._done_before(act)
                    if not results[place].done:
                        sent[place] = self._send(lane, act)
                except (ContractReverted, TransactionError, InvalidInput) as error:
                    results[place] = replace(act, error=_shown(error))
                except NodeError as error:
                    results[place:] = [replace(item, error=_shown(error)) for item in acts[place:]]
                    break
        for place, transaction in sent.items():
            results[place] = self._concluded(lane, acts[place], transaction)
        return map(self._kept_current, results)

    def _send(self, lane: Lane, act: Act) -> Sent:
        call = self._call(act)
        said = f"{call.description} at {act.contract}{_mark(act.case_id)}"
        sole = _require_sole if act.kind in _ONCE else None
        return lane.send(replace(call, description=said), sole)

    def _concluded(self, lane: Lane, act: Act, sent: Sent) -> Act:
        try:
            mined = lane.sender.wait(sent, timeout=self._patience)
            for expected in self._expected(act):
                expected.find(mined.receipt)
        except (ContractReverted, TransactionError, NodeError) as error:
            return replace(act, error=_shown(error))
        return replace(act, done=True, transaction=to_hex(mined.receipt.tx_hash), error="")

    def _kept_current(self, act: Act) -> Act:
        """A registration that was done is written again if the verification ended meanwhile."""
        if not act.done or act.kind is not ActKind.REGISTER_WALLET:
            return act
        try:
            self._onboarding.write_known([act.account])
        except (ContractReverted, TransactionError, NodeError) as error:
            return replace(act, done=False, error=_shown(error))
        return act

    def _call(self, act: Act) -> Call:
        context, case = self._context, bytes32_text(act.case_id, what="case id")
        match act.kind:
            case ActKind.FREEZE:
                return self._token(act.contract).freeze(act.account, act.amount)
            case ActKind.UNFREEZE:
                return self._token(act.contract).unfreeze(act.account, act.amount, case)
            case ActKind.FORCED_TRANSFER:
                return self._token(act.contract).forced_transfer(act.account, act.to, act.amount, case)
            case ActKind.BURN:
                return context.token.burn_by_order(act.account, act.amount, case)
            case ActKind.SEIZE_ESCROW:
                return context.market.seize_escrow(act.number, act.to, case)
            case ActKind.REGISTER_WALLET:
                return context.registry.set_wallets(self._onboarding.entries([act.account]))
            case ActKind.REMOVE_WALLET:
                return context.registry.remove_wallets([act.account])

    def _expected(self, act: Act) -> Sequence[EventExpectation]:
        context, case = self._context, bytes32_text(act.case_id, what="case id")
        match act.kind:
            case ActKind.FREEZE:
                token = self._token(act.contract)
                return [token.expectation(Frozen, account=act.account, amount=act.amount)]
            case ActKind.UNFREEZE:
                token = self._token(act.contract)
                return [
                    token.expectation(Frozen, account=act.account, amount=act.amount),
                    token.expectation(CaseActed, case_id=case, account=act.account),
                ]
            case ActKind.FORCED_TRANSFER | ActKind.BURN:
                token = self._token(act.contract)
                return [token.expectation(CaseActed, case_id=case, account=act.account, amount=act.amount)]
            case ActKind.SEIZE_ESCROW:
                return [context.market.expectation(RedemptionSeized, id=act.number, case_id=case, to=act.to)]
            case ActKind.REGISTER_WALLET:
                return [context.registry.expectation(WalletRegistered, account=act.account)]
            case ActKind.REMOVE_WALLET:
                return [context.registry.expectation(WalletRemoved, account=act.account)]

    def _done_before(self, act: Act) -> Act:
        """The act as done where the chain has it already, with what is to be seen of it there."""
        context = self._context
        if act.kind is ActKind.REGISTER_WALLET:
            return replace(act, done=context.registry.is_verified(act.account))
        if act.kind is ActKind.REMOVE_WALLET:
            return replace(act, done=context.registry.wallet_of(act.account).verified_until == 0)
        if act.kind in _ONCE:
            found = self._last_event(act)
            # Nothing there is nothing to take.
            return found if found.done or act.amount else replace(act, done=True)
        if self._token(act.contract).frozen_of(act.account) != act.amount:
            return act
        return replace(self._last_event(act), amount=act.amount, done=True)

    def _last_event(self, act: Act) -> Act:
        """The act with the last final transaction whose event says it; as it was if there is none."""
        client, case = self._context.client, bytes32_text(act.case_id, what="case id")
        account = from_hex(act.account, length=20).rjust(32, b"\0")
        topics: list[bytes | None] = [CaseActed.topic0(), case, account]
        if act.kind is ActKind.FREEZE:
            topics = [Frozen.topic0(), account]
        elif act.kind is ActKind.SEIZE_ESCROW:
            topics = [RedemptionSeized.topic0(), act.number.to_bytes(32, "big"), None, case]
        final = client.finalized_block()
        for log in reversed(client.logs(act.contract, topics, self._context.first_block, final)):
            if act.kind is ActKind.FREEZE:
                fits, amount = Frozen.from_log(log).amount == act.amount, act.amount
            elif act.kind is ActKind.SEIZE_ESCROW:
                fits, amount = True, RedemptionSeized.from_log(log).amount
            else:
                event = CaseActed.from_log(log)
                fits, amount = event.action == self._action(act), event.amount
            if fits:
                return replace(act, amount=amount, done=True, transaction=to_hex(log.tx_hash))
        return act

    def _action(self, act: Act) -> bytes:
        """The selector that `CaseActed` names."""
        return self._call(act).data[:4]

    def _token(self, address: str) -> RegulatedToken:
        token = self._tokens.get(address)
        if token is None:
            raise InvalidInput(
                f"{address} is no token of the suite on chain {self.chain_id}: its tokens are "
                f"{', '.join(self._tokens)}",
                token=address,
            )
        return token


def _require_sole(tx: Transaction, entry: JournalEntry) -> None:
    tx.transactions.require_sole(to_hex(entry.hash))


def _mark(case_id: str) -> str:
    return f" under case {case_id}"


def _shown(error: ToolkitError) -> str:
    retry = " (it will be tried again)" if error.retryable or isinstance(error, NotSent) else ""
    return f"{error.code}: {error.message}{retry}"


def _positions(vault: FundVault, account: str) -> Iterator[VaultPosition]:
    block = vault.client.block("latest")
    progress = vault.progress(block=block)
    # Two days may wait at once; a cancelled or claimable day is not before the last that was settled.
    days = range(1, progress.announced + 1)
    for name, read in (
        ("subscription without a price, in coins", vault.pending_deposit),
        ("redemption without a price, in shares", vault.pending_redemption),
        ("subscription to claim, in coins", vault.claimable_deposit),
        ("redemption to claim, in shares", vault.claimable_redemption),
        ("cancelled subscription, in coins", vault.claimable_cancelled_deposit),
        ("cancelled redemption, in shares", vault.claimable_cancelled_redemption),
    ):
        amount = sum(read(day, account, block=block) for day in days)
        if amount:
            yield VaultPosition(vault.address, name, amount)
    kept = vault.quarantined(account, block=block)
    if kept.assets:
        yield VaultPosition(vault.address, "in quarantine, in coins", kept.assets)
    if kept.shares:
        yield VaultPosition(vault.address, "in quarantine, in shares", kept.shares)
