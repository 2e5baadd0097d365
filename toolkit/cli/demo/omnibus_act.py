"""The third part of the demo: an omnibus wallet, one of its clients frozen, another who checks its share."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from toolkit.cli.demo.cast import CUSTOMERS

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import Commitments, OmnibusAccounts
    from toolkit.desk import Desk

__all__ = ["OmnibusAct"]

_VERIFIED_UNTIL = datetime(2027, 12, 31, 16, 0, tzinfo=UTC)
_KEY = bytes(30) + b"\x0a\x01"  # as public as the development accounts'
_GAS = 10**18
_WHOLE = "100.000001"
_CASE = "CASE-2026-0077"
_CLIENTS = ("wong", "lau", "cheung")


class OmnibusAct:
    """On the node and at the desk of the coin's."""

    def __init__(self, tell: Narrator, output: Output, folder: Path, node: Anvil, desk: Desk) -> None:
        self._tell = tell
        self._output = output
        self._folder = folder
        self._node = node
        self._desk = desk

    def run(self) -> None:
        """Play it. Raises DemoFailed when something that has to be refused is not, or figures differ."""
        self._open()
        self._allocate()
        self._freeze()
        self._commit()
        self._check()

    def _open(self) -> None:
        from toolkit.bindings.structs import InvestorClass, WalletKind
        from toolkit.chain.signers import LocalSigner
        from toolkit.cli.omnibus import commitments_of
        from toolkit.compliance.omnibus import OmnibusAccounts, client_reference
        from toolkit.desk import Investor

        self._tell.act("An omnibus wallet: one wallet, three clients")
        desk = self._desk
        desk.add_person("registrar-1", label="keeps the registry", roles=["registrar"])
        desk.add_person("compliance-2", label="releases", roles=["compliance"])
        investor = Investor(
            id=uuid5(NAMESPACE_URL, "urn:demo:pool"),
            label="pool",
            investor_class=InvestorClass.INSTITUTIONAL,
            country="HK",
            verified_until=_VERIFIED_UNTIL,
            bank_account="account-of-pool",
        )
        desk.onboard(investor)
        self._signer = LocalSigner(_KEY)
        self._wallet = self._signer.address
        challenge = desk.challenge_wallet(investor, self._wallet)
        signature = challenge.signable.sign(self._signer).data
        desk.prove_wallet(challenge, signature, kind=WalletKind.OMNIBUS)
        desk.register_wallet(self._wallet)
        self._node.set_balance(self._wallet, _GAS)
        self._accounts: OmnibusAccounts = OmnibusAccounts(desk.ledger, desk.issuance.token)
        self._commitments: Commitments = commitments_of(desk, self._accounts)
        secret = desk.derived_secret("omnibus")
        self._clients = {
            label: client_reference(secret, uuid5(NAMESPACE_URL, f"urn:demo:{label}")) for label in _CLIENTS
        }
        self._tell.say(f"{self._wallet} is proven, and registered as an omnibus wallet")
        self._receive(desk.issuance.amount(_WHOLE).base_units)
        self._tell.say(f"it receives {_WHOLE} tUSD")

    def _allocate(self) -> None:
        from toolkit.ledger.errors import AllocationUneven
        from toolkit.ledger.omnibus_lines import split

        whole = self._desk.issuance.amount(_WHOLE).base_units
        with self._tell.refusal("a third for each, which leaves two base units over", AllocationUneven):
            self._ask(dict.fromkeys(self._clients.values(), whole // 3), whole, "thirds")
        self._parts = split(whole, dict.fromkeys(self._clients.values(), 1))
        self._post(self._parts, "first")
        for label, client in self._clients.items():
            part = self._accounts.from_base_units(self._parts[client])
            self._tell.say(f"{label:<7}{client}  {part.display()}")
        self._agrees()

    def _freeze(self) -> None:
        from toolkit.bindings.errors import ERC7943InsufficientUnfrozenBalance

        self._tell.act("One client's part frozen: the others move to the last unit, and not one more")
        desk, token = self._desk, self._desk.issuance.token
        part = self._accounts.from_base_units(self._parts[self._clients["lau"]])
        self._accounts.lock(self._wallet, self._clients["lau"], part, case=_CASE, actor="compliance-1")
        desk.freeze(self._wallet, part)
        self._tell.say(f"{part.display()} of lau's are locked under {_CASE} and frozen on chain")
        others = {client: self._parts[client] for name, client in self._clients.items() if name != "lau"}
        free = sum(others.values())
        sender, home = desk.issuance.sender(self._signer), CUSTOMERS["harbour"].signer.address
        with self._tell.refusal(
            "one base unit more than the others have", ERC7943InsufficientUnfrozenBalance
        ):
            sender.execute(token.transfer(home, free + 1))
        self._move_out(others)
        self._tell.say(f"{self._accounts.from_base_units(free).display()} leave, which is all of theirs")
        with self._tell.refusal("one base unit of what is frozen", ERC7943InsufficientUnfrozenBalance):
            sender.execute(token.transfer(home, 1))
        self._receive(free)
        self._back = others

    def _move_out(self, parts: dict[str, int]) -> None:
        """Sets the parts aside, sends them in one transfer, and settles them on its transaction."""
        from toolkit.chain.hexes import to_hex
        from toolkit.ledger.machines import Role

        book, token = self._desk.ledger.omnibus, self._desk.issuance.token
        flows = [
            book.reserve(self._wallet, token.address, client, amount, key=f"out-{place}", maker="maker-1")
            for place, (client, amount) in enumerate(parts.items())
        ]
        call = token.transfer(CUSTOMERS["harbour"].signer.address, sum(parts.values()))
        mined = self._desk.issuance.sender(self._signer).execute(call)
        for flow in flows:
            transaction = to_hex(mined.receipt.tx_hash)
            book.settle(flow.id, transaction=transaction, by="checker-1", role=Role.CHECKER)
        self._agrees()

    def _commit(self) -> None:
        from toolkit.compliance.omnibus import OmnibusBreak

        self._tell.act("The day's commitment, and a client who checks its share alone")
        self._tell.say("the others' tokens come back, and nobody has allocated them yet")
        with self._tell.refusal("a commitment that isn't what the wallet holds", OmnibusBreak):
            self._commitments.commit(self._wallet, by="registrar-1")
        self._post(self._back, "back")
        done = self._commitments.commit(self._wallet, by="registrar-1")
        self._tell.say(f"{done.data['day']}: root {done.data['root']}", commitment=done.data, record=done.id)
        self._agrees()

    def _check(self) -> None:
        from toolkit.compliance.omnibus import verify_position

        client = self._clients["wong"]
        proof = self._commitments.prove(self._wallet, self._commitments.today(), client).to_json()
        path = self._folder / "position-of-wong.json"
        path.write_text(json.dumps(proof, indent=1), encoding="utf-8")
        file = Path(verify_position.__file__)
        command = [sys.executable, "-I", "-S", str(file), str(path), "--rpc", self._node.rpc_url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self._tell.require(done.returncode == 0, f"the verifier refused the proof: {done.stderr}")
        self._tell.say(f"wong runs {file.name}, one file without any of ours:")
        for line in done.stdout.splitlines():
            self._output.line(f"      {line}")
        proof["position"]["amount"] = str(int(proof["position"]["amount"]) + 1)
        path.write_text(json.dumps(proof), encoding="utf-8")
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self._tell.require(done.returncode == 1, "the verifier took a unit too many")
        self._tell.say("with a base unit more in the document, it says:")
        self._output.line(f"      {done.stderr.strip()}")
        self._desk.unfreeze(self._wallet, _CASE)
        self._accounts.unlock(self._wallet, self._clients["lau"], case=_CASE, actor="compliance-2")
        head = self._desk.ledger.verify()
        self._tell.say(f"released by another officer; the ledger's {head.seq} events recompute")

    # ------------------------------------------------------------------------------------------- inside

    def _receive(self, base_units: int) -> None:
        issuance = self._desk.issuance
        call = issuance.token.transfer(self._wallet, base_units)
        issuance.sender(CUSTOMERS["harbour"].signer).execute(call)

    def _ask(self, parts: dict[str, int], total: int, key: str) -> str:
        show = self._accounts.from_base_units
        shown = {client: show(part) for client, part in parts.items()}
        return self._accounts.allocate(self._wallet, shown, total=show(total), key=key, maker="maker-1").id

    def _post(self, parts: dict[str, int], key: str) -> None:
        self._accounts.approve(self._ask(parts, sum(parts.values()), key), checker="checker-1")

    def _agrees(self) -> None:
        statement = self._accounts.statement(self._wallet)
        self._tell.require(statement.agrees, f"the clients' positions differ: {statement.to_json()}")
        self._tell.say(
            f"the clients have {statement.held.display()}, the wallet holds {statement.balance.display()}: "
            f"difference {statement.difference}",
            omnibus=statement.to_json(),
        )
