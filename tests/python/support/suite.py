"""A deployed coin to act on: the demo terms on a node of its own, and a hand for each role."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import (
    InvestorClass,
    MintBatch,
    MintOrder,
    Signature,
    Wallet,
    WalletEntry,
    WalletKind,
)
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.sender import Mined
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.deployment import Terms
from toolkit.issuance import Issuance, connect
from toolkit.reserves.attestation import Attestation
from toolkit.reserves.bundle import AttestationBundle
from toolkit.reserves.publication import Publication

TERMS = Path(__file__).resolve().parents[3] / "deployments" / "terms" / "demo-coin.toml"

HOLDER = 13
OTHER_HOLDER = 14
STRANGER = 15
REPORT = b"\x11" * 32
CASE = b"\xca" * 32
FOR_EVER = 2**40 - 1


class Suite:
    """`issuance` on `node`, and what tests do with it. Amounts are base units (six decimals)."""

    def __init__(self, node: Anvil, deployed: Issuance) -> None:
        self.node = node
        self.terms: Terms = Terms.load(TERMS)
        client = connect(node)
        self.issuance = Issuance(client, deployed.record, terms=self.terms, publisher=dev_signer(0))
        self.client = client
        self.token = self.issuance.token
        self.market = self.issuance.market
        self.feed = self.issuance.feed
        self.registry = self.issuance.registry
        self.access = self.issuance.access_manager
        self.holder = dev_signer(HOLDER)
        self.other_holder = dev_signer(OTHER_HOLDER)
        self.stranger = dev_signer(STRANGER)

    # --- who ---------------------------------------------------------------------------------------------

    def signer(self, role: Role, place: int = 0) -> LocalSigner:
        """The signer of the terms' holder of a role."""
        return dev_signer(self.terms.dev_accounts[self.terms.holders(role)[place].account])

    @property
    def attestors(self) -> list[LocalSigner]:
        return [dev_signer(self.terms.dev_accounts[account]) for account in self.terms.reserve.attestors]

    # --- sending -----------------------------------------------------------------------------------------

    def send(self, who: Role | LocalSigner, call: Call) -> Mined:
        """Sends a call and waits for it; a role stands for its first holder."""
        signer = self.signer(who) if isinstance(who, Role) else who
        return self.issuance.sender(signer).execute(call, timeout=120)

    def govern(self, call: Call, role: Role = Role.GOVERNOR, *, direct: bool = False) -> Mined:
        """Schedules a call, lets its delay pass and executes it, through the manager or `direct`ly."""
        self.send(role, self.access.schedule(call))
        delay = self.access.has_role(role, self.signer(role).address)[1]
        self.node.advance_time(delay + 1)
        return self.send(role, call if direct else self.access.execute(call))

    def let_it_mine(self) -> None:
        """Waits until the node has mined all that it was sent: automine answers before it mines."""
        deadline = time.monotonic() + 60
        while int(self.node.request("txpool_status")["pending"], 16):
            assert time.monotonic() < deadline, "the node mines nothing"
            time.sleep(0.001)

    def now(self) -> int:
        """The last block's Unix time."""
        return self.client.block("latest").timestamp

    # --- doing -------------------------------------------------------------------------------------------

    def bundle(
        self,
        value: int,
        *,
        as_of: int | None = None,
        report: bytes = REPORT,
        signers: Sequence[LocalSigner] | None = None,
    ) -> AttestationBundle:
        """An attestation as of a second before the last block, signed by all attestors."""
        statement = Attestation(value, self.now() - 1 if as_of is None else as_of, report)
        bundle = AttestationBundle(statement, self.issuance.feed_domain(), self.issuance.attestors)
        for signer in self.attestors if signers is None else signers:
            bundle.sign(signer)
        return bundle

    def attest(self, value: int, *, as_of: int | None = None, report: bytes = REPORT) -> Publication:
        """Publishes a reserve of `value`."""
        return self.issuance.reserve.publish(self.bundle(value, as_of=as_of, report=report))

    def register(self, *accounts: str, verified_until: int = FOR_EVER) -> None:
        """Verified wallets of distinct investors."""
        entries = [
            WalletEntry(account, self.wallet(account, verified_until=verified_until)) for account in accounts
        ]
        self.send(Role.REGISTRAR, self.registry.set_wallets(entries))

    def wallet(self, account: str, *, verified_until: int = FOR_EVER) -> Wallet:
        return Wallet(
            investor=bytes.fromhex(account[2:34]),
            verified_until=verified_until,
            country=344,
            investor_class=InvestorClass.CORPORATE_PROFESSIONAL,
            kind=WalletKind.UNHOSTED,
        )

    def batch(self, *orders: MintOrder, approvers: int = 1) -> MintBatch:
        """A batch approved by the first `approvers` holders of APPROVER."""
        data = self.market.mint_data(orders)
        approvals = tuple(data.sign(self.signer(Role.APPROVER, place)) for place in range(approvers))
        return MintBatch(orders, approvals)

    def order(self, number: int, amount: int, to: str | None = None) -> MintOrder:
        return MintOrder(number, to or self.holder.address, amount, FOR_EVER)

    def mint(self, number: int, amount: int, to: str | None = None) -> Mined:
        """One approved order, executed."""
        return self.send(Role.OPERATOR, self.market.mint([self.batch(self.order(number, amount, to))]))

    def ready(self, reserve: int = 1_000_000_000_000) -> None:
        """A reserve attested (a million by default) and the two holders' wallets verified."""
        self.attest(reserve)
        self.register(self.holder.address, self.other_holder.address)

    def redeem(self, amount: int, reference: bytes = b"\x22" * 32) -> int:
        """The holder's request, by allowance; its id."""
        self.send(self.holder, self.token.approve(self.market.address, amount))
        self.send(self.holder, self.market.request_redemption(amount, reference))
        return self.market.redemption_count()

    def accept(self, *ids: int) -> Mined:
        """Approved by the first approver and accepted."""
        return self.send(Role.OPERATOR, self.market.accept_redemptions(ids, [self.acceptance(*ids)]))

    def acceptance(self, *ids: int, place: int = 0) -> Signature:
        data = self.market.acceptance_data({number: self.market.redemption(number) for number in ids})
        return data.sign(self.signer(Role.APPROVER, place))

    def pay(self, *ids: int) -> Mined:
        payouts = [(number, number.to_bytes(32, "big")) for number in ids]
        return self.send(Role.TREASURER, self.market.record_payouts(payouts))
