"""A deployed coin and a desk, all of it worked by commands alone."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from support.checkout import REPOSITORY
from support.shell import Shell

from toolkit.bindings.market import PrimaryMarket
from toolkit.bindings.token import Stablecoin
from toolkit.chain.anvil import Anvil
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_private_key, dev_signer

TERMS = REPOSITORY / "deployments" / "terms" / "demo-coin.toml"
REPORT = REPOSITORY / "deployments" / "reports" / "pyusd-2023-12-29.json"

MAKER, TREASURER, CHECKER, COMPLIANCE = "maker-1", "treasurer-1", "checker-1", "compliance-1"
APPROVER_KEY, CUSTODIAN, AUDITOR, HOLDER = 2, 7, 8, 13
STAFF = {MAKER: "maker", TREASURER: "treasurer", COMPLIANCE: "compliance"}


@dataclass
class Counter:
    """A coin on `node`; its record, ledger and every other file are in `folder`. `mode` is text or json."""

    node: Anvil
    folder: Path
    mode: str = "json"
    investor: str = ""

    @property
    def record(self) -> Path:
        return self.folder / "record.json"

    @cached_property
    def shell(self) -> Shell:
        return Shell(
            {
                "ISSUANCE_RPC": self.node.ipc_path,
                "ISSUANCE_RECORD": self.record,
                "ISSUANCE_LEDGER": f"sqlite:///{self.folder / 'desk.db'}",
                "ISSUANCE_TERMS": TERMS,
            }
        )

    def do(self, *arguments: object) -> Any:
        """Runs a command in the mode of the test: its JSON, or its text."""
        return self.shell.json(*arguments) if self.mode == "json" else self.shell.text(*arguments)

    # ------------------------------------------------------------------------------- people and customers

    def staff(self) -> None:
        for person, role in STAFF.items():
            self.do("investor", "person", person, "--role", role)
        key = dev_signer(APPROVER_KEY).address
        self.do(
            *("investor", "person", CHECKER, "--role", "checker", "--role", "approver"),
            *("--address", key, "--label", "the first checker"),
        )

    def onboard(self, label: str = "harbour", number: int = 1) -> str:
        self.do(
            *("investor", "add", label, "--id", uuid.UUID(int=number), "--country", "HK"),
            *("--class", "corporate_professional", "--verified-until", "2099-12-31"),
            *("--bank-account", f"BANK-{label}"),
        )
        found = self.shell.json("investor", "list")
        self.investor = next(item["reference"] for item in found if item["label"] == label)
        return self.investor

    def challenge(self, wallet: str, name: str = "challenge") -> Path:
        file = self.folder / f"{name}.json"
        self.do("investor", "challenge", self.investor, wallet, "--out", file)
        return file

    def customer(self) -> str:
        """An onboarded investor whose wallet is development account HOLDER."""
        self.onboard()
        file = self.challenge(self.wallet)
        self.do("investor", "prove", file, "--signer", f"anvil:{HOLDER}")
        return self.investor

    @property
    def wallet(self) -> str:
        return dev_signer(HOLDER).address

    # --------------------------------------------------------------------------------------- the reserve

    def report(self) -> Path:
        """The published report as of two minutes ago, for this coin, confirmed and allocated."""
        with self.node.client() as client:
            now = client.block("latest").timestamp
        data = json.loads(REPORT.read_text())
        as_of = datetime.fromtimestamp(now - 120, UTC).isoformat()
        draft, confirmed = self.folder / "draft.json", self.folder / "confirmed.json"
        draft.write_text(json.dumps({**data, "token": "tUSD", "as_of": as_of}))
        self.do(
            *("reserve", "confirm", draft, "--line", "repo-1=CONF-1", "--line", "cash-1=CONF-2"),
            *("--custodian", "Demo Custodian", "--out", confirmed),
        )
        file = self.folder / "report.json"
        self.do("reserve", "allocate", confirmed, "--out", file)
        return file

    def attested(self, report: Path) -> list[Path]:
        """The attestors' signatures."""
        files = []
        for index in (CUSTODIAN, AUDITOR):
            files.append(self.folder / f"signature-{index}.json")
            self.do("reserve", "attest", report, "--signer", f"anvil:{index}", "--out", files[-1])
        return files

    def back(self) -> Path:
        """A published reserve."""
        report = self.report()
        files = self.attested(report)
        signatures = [item for file in reversed(files) for item in ("--signature", file)]
        self.do("reserve", "publish", report, *signatures, "--sender", "anvil:0")
        return report

    # ---------------------------------------------------------------------------------------- the orders

    def order(self, kind: str = "mint") -> dict[str, Any]:
        """The newest order of a kind."""
        found: dict[str, Any] = self.shell.json("orders", "--kind", kind)[-1]
        return found

    def state(self, order: str) -> str:
        return str(self.shell.json("orders", order)["state"])

    def request(self, amount: str = "250000.00", key: str = "SUB-1") -> str:
        self.do(
            *("mint", "request", self.investor, amount, "--wallet", self.wallet),
            *("--idempotency-key", key, "--maker", MAKER),
        )
        return str(self.order()["id"])

    def fund(self, order: str, receipt: str, amount: str = "250000.00") -> None:
        self.do(
            *("mint", "fund", order, "--receipt", receipt, "--amount", amount),
            *("--payer", "BANK-harbour", "--by", TREASURER),
        )

    def minted(self) -> str:
        order = self.request(key="SUB-0")
        self.fund(order, "FPS-0")
        self.do("mint", "approve", order, "--signer", f"anvil:{APPROVER_KEY}")
        self.do("run")
        assert self.state(order) == "settled"
        return order

    def valid(self, amount: str = "1000.00", key: str = "RED-1") -> str:
        """A redemption order that is declared valid."""
        self.do(
            *("redeem", "request", self.investor, amount, "--wallet", self.wallet),
            *("--bank-account", "BANK-harbour", "--idempotency-key", key, "--maker", MAKER),
        )
        order = str(self.order("redemption")["id"])
        self.do("redeem", "validate", order, "--by", CHECKER)
        return order

    def send_request(self, told: dict[str, str], base_units: int) -> None:
        """The holder's own request, as `redeem reference` told them, of `base_units`."""
        with self.node.client() as client:
            holder = Sender(client, dev_signer(HOLDER), MemoryJournal())
            holder.execute(Stablecoin(client, told["token"]).approve(told["market"], base_units))
            market = PrimaryMarket(client, told["market"])
            holder.execute(market.request_redemption(base_units, from_hex(told["reference"])))


def foreign_signature(typed_data: Any, index: int) -> str:
    """What another wallet makes of `eth_signTypedData_v4`'s argument."""
    from eth_account import Account
    from eth_account.messages import encode_typed_data

    signed = Account.sign_message(encode_typed_data(full_message=typed_data), dev_private_key(index))
    return to_hex(signed.signature)
