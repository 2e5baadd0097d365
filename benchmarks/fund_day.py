"""One dealing day of a fund with thousands of investors on Anvil: time and gas of each part.

    python benchmarks/fund_day.py                      5,000 investors
    python benchmarks/fund_day.py --investors 200

Every wallet signs its own request. A tenth of the investors hold shares from the day before and redeem some;
all others subscribe. Then the day is closed, valued and settled, shares and proceeds are pushed in batches of
50, and the register is added up from every transfer and held against the chain. The terms are those of
`gas_fund`: fees, swing, gate and minimums apply. Signing is not in the times of the requests, and what gets
everybody registered and paid is shown apart. No desk takes part: this is what chain and register take.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from gas_coin import ATTESTORS, COIN_TERMS, GENESIS, UNIT, UNLIMITED, Meter, person
from gas_fund import DAY, MANAGER, fund_terms

from toolkit import Anvil, Fund, LocalSigner, Terms
from toolkit.amounts import Amount
from toolkit.bindings.events import Transfer
from toolkit.bindings.structs import InvestorClass
from toolkit.chain.calls import Call
from toolkit.chain.hexes import to_hex
from toolkit.funds import HolderType, Register, RegisterAccount, ShareTransfer, WalletLink, build_register

T = TypeVar("T")

BLOCK = 200
PUSHED = 50
GAS, FEE, TIP = 250_000, 10**10, 10**9
COINS = 30_000 * UNIT
SUBSCRIPTION = 12_345 * UNIT + 670_000
REDEMPTION = 50_0000


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the day took: transactions, gas and seconds."""

    name: str
    transactions: int
    gas: int
    seconds: float
    investors: int = 0

    def row(self) -> str:
        each = f"{self.gas // self.investors:,}" if self.investors and self.gas else ""
        rate = f"{self.investors / self.seconds:,.0f}" if self.investors else ""
        return (
            f"{self.name:<26}{self.transactions:>8,}{self.gas:>16,}{each:>10}{self.seconds:>10.2f}{rate:>14}"
        )


class FundDay(Meter):
    """The fund, its investors, and the meter."""

    def __init__(self, node: Anvil, investors: int) -> None:
        with TemporaryDirectory() as folder:
            terms = fund_terms(Path(folder))
            super().__init__(node, Terms.load(Path(folder) / COIN_TERMS.name))
        self.terms = terms
        self.fund = Fund.deploy(terms, self.issuance)
        self.item = self.fund.classes["A"]
        self.vault, self.share = self.item.vaults["tUSD"], self.item.share
        self.people = [person(index) for index in range(investors)]
        self.holders, self.newcomers = self.people[: investors // 10], self.people[investors // 10 :]
        self.nonces: dict[str, int] = {}
        self.parts: list[Part] = []

    def run(self) -> None:
        """Everything; `parts` has the day, in its order."""
        began = time.perf_counter()
        self._prepare()
        prepared = time.perf_counter() - began
        sys.stdout.write(
            f"{len(self.people):,} investors registered, paid and allowed for in {prepared:.0f} s\n\n"
        )
        self._day()

    # ------------------------------------------------------------------------------------------------- before

    def _prepare(self) -> None:
        addresses = [signer.address for signer in self.people]
        with self.node.client() as client:
            for some in _portions(addresses, BLOCK):
                client.batch([("anvil_setBalance", [address, hex(10**18)]) for address in some])
        self.register(addresses, InvestorClass.CORPORATE_PROFESSIONAL)
        self.attest(ATTESTORS[:2])
        for some in _portions(addresses, PUSHED):
            self.mint(some, COINS, approvers=2)
        allow = self.token.approve(self.vault.address, UNLIMITED)
        self._from_wallets([(signer, allow) for signer in self.people])
        self.send(MANAGER, self.vault.announce_days(1, [self.now + DAY, self.now + 2 * DAY]))
        self._from_wallets(self._subscriptions(self.holders))
        self._close(1)
        self._settle(1)
        for some in _portions(self.holders, PUSHED):
            self.send(MANAGER, self.vault.push_shares(1, [signer.address for signer in some]))

    def _subscriptions(self, people: Iterable[LocalSigner]) -> list[tuple[LocalSigner, Call]]:
        return [
            (signer, self.vault.request_deposit(SUBSCRIPTION, signer.address, signer.address))
            for signer in people
        ]

    def _from_wallets(self, calls: Sequence[tuple[LocalSigner, Call]]) -> tuple[int, int, float]:
        """Sends what each wallet signs, `BLOCK` to a block: transactions, gas, seconds without signing."""
        raws = [self._signed(signer, call) for signer, call in calls]
        began, gas = time.perf_counter(), 0
        with self.node.client() as client:
            self.node.set_automine(False)
            for some in _portions(raws, BLOCK):
                answers = client.batch([("eth_sendRawTransaction", [raw]) for raw in some])
                assert all(isinstance(answer, str) for answer in answers), answers[:1]
                self.now += 1
                self.node.set_next_block_timestamp(self.now)
                self.node.request("evm_mine")
                receipts = self.node.request("eth_getBlockReceipts", "latest")
                assert len(receipts) == len(some)
                assert all(item["status"] == "0x1" for item in receipts), "a request was refused"
                gas += sum(int(item["gasUsed"], 16) for item in receipts)
            self.node.set_automine(True)
        return len(raws), gas, time.perf_counter() - began

    def _signed(self, signer: LocalSigner, call: Call) -> str:
        nonce = self.nonces.get(signer.address, 0)
        self.nonces[signer.address] = nonce + 1
        fields = {
            "type": 2, "chainId": 31337, "nonce": nonce, "to": call.to, "value": 0, "data": call.data,
            "gas": GAS, "maxFeePerGas": FEE, "maxPriorityFeePerGas": TIP,
        }  # fmt: skip
        return to_hex(signer.sign_transaction(fields).raw)

    # ------------------------------------------------------------------------------------------------ the day

    def _day(self) -> None:
        count = len(self.newcomers)
        made = self._from_wallets(self._subscriptions(self.newcomers))
        self.parts.append(Part("subscriptions asked for", *made, investors=count))
        made = self._from_wallets(
            [
                (signer, self.vault.request_redemption(REDEMPTION, signer.address, signer.address))
                for signer in self.holders
            ]
        )
        self.parts.append(Part("redemptions asked for", *made, investors=len(self.holders)))
        self._timed("the day closed", lambda: [self._close(2)])
        self._timed("the day settled", lambda: [self._settle(2)])
        shares = [[signer.address for signer in some] for some in _portions(self.newcomers, PUSHED)]
        self._timed(
            "shares pushed",
            lambda: [self.send(MANAGER, self.vault.push_shares(2, some)) for some in shares],
            count,
        )
        proceeds = [[signer.address for signer in some] for some in _portions(self.holders, PUSHED)]
        self._timed(
            "proceeds pushed",
            lambda: [self.send(MANAGER, self.vault.push_assets(some)) for some in proceeds],
            len(self.holders),
        )
        began = time.perf_counter()
        register = self._register()
        self.parts.append(
            Part("the register", 0, 0, time.perf_counter() - began, investors=len(register.holders))
        )
        assert len(register.holders) == len(self.people), "the register lacks somebody"
        for row in (register.holders[0], register.holders[-1]):
            held = self.share.balance_of(row.account.wallets[0].address)
            assert row.units.base_units == held, f"the register has {row.units}, the chain {held}"

    def _close(self, day: int) -> int:
        self.now = max(self.now, self.vault.dealing_day(day).cut_off)
        return self.send(MANAGER, self.vault.close_day(day))

    def _settle(self, day: int) -> int:
        self.publish(self.item.feed, 10 * 10**8 + day, ATTESTORS[:2])
        return self.send(MANAGER, self.vault.settle_day(day))

    def _timed(self, name: str, act: Callable[[], list[int]], investors: int = 0) -> None:
        began = time.perf_counter()
        gas = act()
        self.parts.append(Part(name, len(gas), sum(gas), time.perf_counter() - began, investors))

    def _register(self) -> Register:
        client = self.issuance.client
        at = client.block("latest")
        when = datetime.fromtimestamp(self.now, UTC)
        transfers = [
            ShareTransfer(
                item.sender, item.recipient, item.amount, item.log.block_number, item.log.log_index, when
            )
            for item in self.share.events(Transfer, from_block=0, to_block=at)
        ]
        return build_register(
            transfers,
            [
                *(_account(signer.address) for signer in self.people),
                _account(self.vault.address, escrow=True),
            ],
            share_class="DMMF/A",
            supply=Amount.from_base_units(
                self.share.total_supply(), unit=self.item.symbol, decimals=self.item.decimals
            ),
            block_number=at.number,
            block_hash=to_hex(at.hash),
            calendar=self.terms.dealing_calendar().business,
        )


def _account(address: str, *, escrow: bool = False) -> RegisterAccount:
    kind = HolderType.ESCROW if escrow else HolderType.CORPORATE
    return RegisterAccount(address, address, "benchmark", kind, "HK", (WalletLink(address, 31337, "none"),))


def _portions(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--investors", type=int, default=5_000, help="at least 20 (default 5,000)")
    investors: int = parser.parse_args(arguments).investors
    if investors < 20:
        parser.error("a day with a tenth redeeming takes at least 20 investors")
    options: dict[str, Any] = {"prune_history": True, "extra_args": ["--gas-limit", "60000000"]}
    with Anvil(accounts=20, timestamp=GENESIS, **options) as node:
        day = FundDay(node, investors)
        day.run()
    parts = day.parts
    heading = f"{'one dealing day':<26}{'sent':>8}{'gas':>16}{'each':>10}{'seconds':>10}{'investors/s':>14}"
    total = Part(
        "together",
        sum(part.transactions for part in parts),
        sum(part.gas for part in parts),
        sum(part.seconds for part in parts),
        investors,
    )
    sys.stdout.write("\n".join([heading, *(part.row() for part in parts), total.row()]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
