"""Gas of the coin's operations, and the meter that the fund's are taken with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from toolkit import Anvil, Issuance, LocalSigner, Terms, dev_signer
from toolkit.artifacts import load
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.omnibus import OmnibusStatement, SumLeaf, SumNode
from toolkit.bindings.structs import Attestation as OnChain
from toolkit.bindings.structs import (
    InvestorClass,
    MintBatch,
    MintOrder,
    Signature,
    Wallet,
    WalletEntry,
    WalletKind,
)
from toolkit.chain.abi import encode_call
from toolkit.chain.calls import Call
from toolkit.chain.hexes import keccak, to_hex
from toolkit.chain.signers import Signer
from toolkit.compliance.omnibus.sum_tree import Domain, SumTree, salts
from toolkit.reserves.attestation import Attestation, FeedDomain
from toolkit.reserves.bundle import AttestationBundle

ROOT = Path(__file__).resolve().parents[1]
COIN_TERMS = ROOT / "deployments" / "terms" / "demo-coin.toml"

GENESIS = 1_704_067_200  # 1 January 2024
FAR = 2_000_000_000
UNIT = 10**6
AMOUNT = 1_234 * UNIT + 560_000
UNLIMITED = 2**256 - 1
OPERATOR, TREASURER, REGISTRAR, GUARDIAN = (dev_signer(index) for index in (1, 4, 5, 9))
APPROVERS = [dev_signer(index) for index in (2, 3)]
ATTESTORS = [dev_signer(index) for index in (7, 8, 14, 15)]
HOLDER, SPENDER = dev_signer(13), dev_signer(16)


@dataclass(frozen=True, slots=True)
class Row:
    """A row's target, if one was set, and what others need for the same."""

    target: int | None = None
    peer: str = "-"


# Measured on Anvil by the anchors' authors, each with its own compiler settings.
ROWS = {
    "transfer, existing holder": Row(42_500, "Circle 45,059"),
    "transfer, fresh holder": Row(59_500, "Circle 62,147"),
    "transferFrom, finite allowance": Row(48_500, "Circle 51,292"),
    "permit, repeat": Row(48_000, "Paxos 52,755, Circle 56,770"),
    "transferWithAuthorization": Row(75_000, "Paxos 80,748, Circle 86,068"),
    "mint, 50 orders, existing holders, each": Row(17_500),
    "mint, 50 orders, new holders, each": Row(34_500, "CMTAT's batch without checks 32,216"),
    "mint, one order, existing holder": Row(117_000, "M0 195,525; Circle without any of it 55,503"),
    "freeze, a holder": Row(46_500, "CMTAT 49,605, Circle 54,338"),
    "freeze, an address that holds nothing": Row(63_500, "CMTAT 49,605, Circle 54,338"),
    "attestation, 3 of 4 signatures": Row(110_000, "M0 144,028 without history"),
    "redemption request, finite allowance": Row(108_500),
    "redemption request, infinite allowance": Row(105_500),
    "acceptance with burn, 50 of 50 holders, each": Row(14_000, "Circle's burn 47,174"),
    "acceptance with burn, 50 of one holder, each": Row(14_000, "Circle's burn 47,174"),
    "payout, 50, each": Row(12_500),
    "omnibus commitment, the first": Row(),
    "omnibus commitment, a later day": Row(),
    "omnibus proof of 100,000 clients, verified on chain": Row(),
}


def person(index: int) -> LocalSigner:
    """A holder with a key of its own."""
    return LocalSigner(keccak(b"holder %d" % index))


class Meter:
    """A deployed coin, and what each transaction on its chain takes."""

    def __init__(self, node: Anvil, terms: Terms) -> None:
        self.node = node
        self.issuance = Issuance.deploy(terms, node)
        self.token, self.market = self.issuance.token, self.issuance.market
        self.number = 1
        self.now = GENESIS + 100_000
        self.figures: dict[str, int] = {}

    def send(self, signer: Signer, call: Call) -> int:
        """Gas of one transaction, in a block of its own at a fixed time."""
        self.now += 60
        self.node.set_next_block_timestamp(self.now)
        return self.issuance.sender(signer).execute(call).receipt.gas_used

    def attest(self, signers: Sequence[Signer]) -> int:
        """A report for the reserve's feed."""
        return self.publish(self.issuance.feed, 500_000_000 * UNIT + self.now, signers)

    def publish(self, feed: AttestedFeed, value: int, signers: Sequence[Signer]) -> int:
        """A value for a feed, as of now."""
        attestation = Attestation(value=value, as_of=self.now, report=keccak(b"report"))
        domain = FeedDomain(self.issuance.chain_id, feed.address)
        bundle = AttestationBundle(attestation, domain, [signer.address for signer in signers])
        for signer in signers:
            bundle.sign(signer)
        call = feed.publish(
            OnChain(attestation.value, attestation.as_of, attestation.report),
            [Signature(item.signer, item.data) for item in bundle.signatures_sorted()],
        )
        return self.send(HOLDER, call)

    def register(
        self, accounts: Sequence[str], investor_class: InvestorClass = InvestorClass.RETAIL
    ) -> list[int]:
        """Gas of each batch of 50."""
        batches = [accounts[start : start + 50] for start in range(0, len(accounts), 50)]
        return [
            self.send(
                REGISTRAR,
                self.issuance.registry.set_wallets([_entry(item, investor_class) for item in batch]),
            )
            for batch in batches
        ]

    def mint(self, accounts: Sequence[str], amount: int = AMOUNT, approvers: int = 1) -> int:
        orders = []
        for account in accounts:
            self.number += 1
            orders.append(MintOrder(self.number, account, amount, FAR))
        data = self.market.mint_data(orders)
        approvals = tuple(data.sign(signer) for signer in APPROVERS[:approvers])
        return self.send(OPERATOR, self.market.mint([MintBatch(tuple(orders), approvals)]))

    def fund_gas(self, signer: LocalSigner) -> None:
        self.node.set_balance(signer.address, 10**18)


def _entry(account: str, investor_class: InvestorClass) -> WalletEntry:
    return WalletEntry(
        account, Wallet(keccak(account.encode())[:16], FAR, 344, investor_class, WalletKind.UNHOSTED)
    )


class CoinBench(Meter):
    """The coin's rows."""

    def __init__(self, node: Anvil) -> None:
        text = COIN_TERMS.read_text(encoding="utf-8")
        text = text.replace('["anvil:7", "anvil:8"]', '["anvil:7", "anvil:8", "anvil:14", "anvil:15"]')
        text = text.replace("threshold = 2", "threshold = 3")
        super().__init__(node, Terms.parse(text.encode(), file="gas.toml"))

    def request(self, signer: Signer, amount: int) -> int:
        return self.send(signer, self.market.request_redemption(amount, keccak(b"reference")))

    def accept(self, ids: Sequence[int]) -> int:
        redemptions = {number: self.market.redemption(number) for number in ids}
        approval = self.market.acceptance_data(redemptions).sign(APPROVERS[0])
        return self.send(OPERATOR, self.market.accept_redemptions(ids, [approval]))

    def pay(self, ids: Sequence[int]) -> int:
        return self.send(
            TREASURER,
            self.market.record_payouts([(number, keccak(b"payment %d" % number)) for number in ids]),
        )

    def run(self) -> dict[str, int]:
        self._prepare()
        self._token()
        self._minting()
        self._redemption()
        self._omnibus()
        return {name: self.figures[name] for name in ROWS}

    def _prepare(self) -> None:
        self.people = [person(index) for index in range(50)]
        for signer in self.people:
            self.fund_gas(signer)
        self.fresh = [person(1_000 + index).address for index in range(50)]
        self.register([HOLDER.address, *(signer.address for signer in self.people), *self.fresh])
        self.attest(ATTESTORS)
        self.figures["attestation, 3 of 4 signatures"] = self.attest(ATTESTORS[:3])
        self.mint([HOLDER.address])
        self.mint([signer.address for signer in self.people])
        self.send(HOLDER, self.token.approve(self.market.address, UNLIMITED))
        for _ in range(3):  # three payouts in the history
            self.request(HOLDER, UNIT)
            last = self.market.redemption_count()
            self.accept([last])
            self.pay([last])
        self.attest(ATTESTORS[:3])
        self.mint([HOLDER.address])  # settles the basis of this attestation

    def _token(self) -> None:
        token, other = self.token, self.people[0]
        put = self.figures.__setitem__
        put("transfer, existing holder", self.send(HOLDER, token.transfer(other.address, UNIT)))
        put("transfer, fresh holder", self.send(HOLDER, token.transfer(person(500).address, UNIT)))
        self.send(HOLDER, token.approve(SPENDER.address, 5 * UNIT))
        call = token.transfer_from(HOLDER.address, other.address, UNIT)
        put("transferFrom, finite allowance", self.send(SPENDER, call))
        for nonce in range(2):
            data = token.permit_data(
                owner=HOLDER.address, spender=SPENDER.address, amount=UNIT + nonce, nonce=nonce, deadline=FAR
            )
            call = token.permit(
                owner=HOLDER.address,
                spender=SPENDER.address,
                amount=UNIT + nonce,
                deadline=FAR,
                signature=data.sign(HOLDER).data,
            )
            put("permit, repeat", self.send(SPENDER, call))
        terms = {"holder": HOLDER.address, "to": other.address, "amount": UNIT}
        window = {"valid_after": 0, "valid_before": FAR, "nonce": keccak(b"authorization")}
        data = token.transfer_data(**terms, **window)
        call = token.transfer_with_authorization(**terms, **window, signature=data.sign(HOLDER).data)
        put("transferWithAuthorization", self.send(SPENDER, call))
        put("freeze, a holder", self.send(GUARDIAN, token.freeze(person(500).address, UNIT)))
        put(
            "freeze, an address that holds nothing",
            self.send(GUARDIAN, token.freeze(person(501).address, UNIT)),
        )

    def _minting(self) -> None:
        put = self.figures.__setitem__
        put("mint, one order, existing holder", self.mint([HOLDER.address]))
        put(
            "mint, 50 orders, existing holders, each", self.mint([item.address for item in self.people]) // 50
        )
        put("mint, 50 orders, new holders, each", self.mint(self.fresh) // 50)

    def _redemption(self) -> None:
        put = self.figures.__setitem__
        self.request(HOLDER, UNIT)  # stays open, so that the market's balance never starts from zero
        put("redemption request, infinite allowance", self.request(HOLDER, UNIT))
        first, second = self.people[0], self.people[1]
        self.send(first, self.token.approve(self.market.address, 5 * UNIT))
        self.request(first, UNIT)
        put("redemption request, finite allowance", self.request(first, UNIT))
        self.send(second, self.token.approve(self.market.address, UNLIMITED))
        begin = self.market.redemption_count() + 1
        for signer in self.people:
            if signer not in (first, second):
                self.send(signer, self.token.approve(self.market.address, UNLIMITED))
            self.request(signer, UNIT)
        ids = list(range(begin, begin + 50))
        put("acceptance with burn, 50 of 50 holders, each", self.accept(ids) // 50)
        put("payout, 50, each", self.pay(ids) // 50)
        for _ in range(50):
            self.request(HOLDER, UNIT)
        ids = list(range(self.market.redemption_count() - 49, self.market.redemption_count() + 1))
        put("acceptance with burn, 50 of one holder, each", self.accept(ids) // 50)

    def _omnibus(self) -> None:
        """The day's root over 100,000 clients, of whom the first is proved."""
        pool, omnibus, put = person(2_000).address, self.issuance.omnibus, self.figures.__setitem__
        entry = _entry(pool, InvestorClass.INSTITUTIONAL)
        entry = WalletEntry(pool, replace(entry.wallet, kind=WalletKind.OMNIBUS))
        self.send(REGISTRAR, self.issuance.registry.set_wallets([entry]))
        self.mint([pool], amount=100_000)
        clients = {to_hex(keccak(b"client %d" % number)[:16]): 1 for number in range(100_000)}
        first = self.issuance.client.block("latest")
        today = (first.timestamp + 8 * 3600) // 86_400
        for name, day in (("the first", today - 1), ("a later day", today)):
            domain = Domain(self.issuance.chain_id, omnibus.address, pool, self.token.address, day)
            tree = SumTree.of(domain, clients, salts(bytes(32), domain.hash))
            block = self.issuance.client.block("latest")
            statement = OmnibusStatement(
                wallet=pool,
                token=self.token.address,
                day=day,
                root=tree.root,
                total=tree.total,
                clients=len(tree.leaves),
                built_on=block.number - 1,
                built_on_hash=block.parent_hash,
            )
            put(f"omnibus commitment, {name}", self.send(REGISTRAR, omnibus.commit(statement)))
        leaf = tree.leaves[0]
        proof = [SumNode(node.hash, node.sum) for node in tree.path(0)]
        shown = SumLeaf(leaf.index, leaf.client, leaf.salt, leaf.amount)
        data = encode_call(
            load("OmnibusRegistry").abi,
            "verify",
            [pool, self.token.address, today, _row(shown), [_row(node) for node in proof]],
        )
        put(
            "omnibus proof of 100,000 clients, verified on chain",
            self.send(HOLDER, Call(omnibus.address, data)),
        )


def _row(value: SumLeaf | SumNode) -> tuple[object, ...]:
    return tuple(getattr(value, item.name) for item in fields(value))
