"""The register of holders at a block: what the chain says, joined to who the wallets belong to.

Balances are added up from the share's `Transfer` events, so that anyone with a node can do it again; the link
from a wallet to a register account is the administrator's and stays off chain. Units always add up to the
token's supply, and a wallet that holds shares without an account is a break, never a bearer share
(R-FND-02, R-FND-03, R-FND-13; format: regulation.md 4.11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.chain.addresses import ZERO_ADDRESS, checksum_address
from toolkit.chain.hexes import keccak
from toolkit.errors import InvalidInput
from toolkit.funds.errors import RegisterDoesNotAddUp, UnknownHolder
from toolkit.funds.fields import canonical_json

if TYPE_CHECKING:
    from toolkit.calendar import BusinessCalendar

__all__ = [
    "DeltaKind",
    "HolderType",
    "Register",
    "RegisterAccount",
    "RegisterDelta",
    "RegisterRow",
    "ShareTransfer",
    "WalletLink",
    "build_register",
]


class HolderType(StrEnum):
    """What kind of holder a register account is. `ESCROW`: a vault, between dealing and claim."""

    INDIVIDUAL = "individual"
    CORPORATE = "corporate"
    NOMINEE = "nominee"
    DISTRIBUTOR_OMNIBUS = "distributor_omnibus"
    VATP_OMNIBUS = "vatp_omnibus"
    ESCROW = "escrow"


class DeltaKind(StrEnum):
    """What a transfer of shares is to the register. `MOVED`: between wallets of one account."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    TRANSFERRED = "transferred"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ShareTransfer:
    """A decoded `Transfer` of the share: EIP-55 addresses, base units, `at` the block's time (aware)."""

    sender: str
    receiver: str
    value: int
    block_number: int
    log_index: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WalletLink:
    """A wallet of an account: the proof of ownership and whether it is `active` or was `removed`."""

    address: str
    chain_id: int
    proof: str
    status: str = "active"


@dataclass(frozen=True, slots=True)
class RegisterAccount:
    """A holder as the administrator knows it. Name and address never leave the register."""

    account: str
    legal_name: str
    registered_address: str
    holder_type: HolderType
    country: str
    wallets: tuple[WalletLink, ...]
    restrictions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterDelta:
    """One change of the register: `source` and `target` are accounts (None: issued, redeemed, unknown)."""

    delta_id: str
    kind: DeltaKind
    source: str | None
    target: str | None
    units: Amount
    on: date


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """An account that holds shares, once did, or has some in a vault.

    `escrowed` are shares that a vault keeps for it: dealt and not yet claimed, or to be redeemed. They stand
    in the vault's own row too, as units. `entered` is the latest entry, `ceased` the latest exit.
    """

    account: RegisterAccount
    units: Amount
    escrowed: Amount
    paid: Amount | None
    entered: date | None
    ceased: date | None
    last_delta: str | None

    @property
    def entitled(self) -> Amount:
        """What the account holds and what vaults keep for it."""
        return self.units + self.escrowed

    def to_data(self, *, personal: bool) -> dict[str, Any]:
        """JSON data in the fields of regulation.md 4.11; name and address only if `personal`."""
        holder = self.account
        data: dict[str, Any] = {
            "register_account": holder.account,
            "holder_type": holder.holder_type.value,
            "country": holder.country,
            "units": str(self.units),
            "escrowed_units": str(self.escrowed),
            "amount_paid": None if self.paid is None else str(self.paid),
            "entry_date": None if self.entered is None else self.entered.isoformat(),
            "cessation_date": None if self.ceased is None else self.ceased.isoformat(),
            "wallets": [
                {"address": w.address, "chain_id": w.chain_id, "proof": w.proof, "status": w.status}
                for w in sorted(holder.wallets, key=lambda link: link.address.lower())
            ],
            "restrictions": list(holder.restrictions),
            "last_delta": self.last_delta,
        }
        if personal:
            data |= {"legal_name": holder.legal_name, "registered_address": holder.registered_address}
        return data


@dataclass(frozen=True, slots=True)
class Register:
    """The register of a share class at a block. `unknown` are balances that belong to no account."""

    share_class: str
    supply: Amount
    block_number: int
    block_hash: str
    rows: tuple[RegisterRow, ...]
    unknown: Mapping[str, Amount] = field(hash=False)
    deltas: tuple[RegisterDelta, ...] = ()

    @property
    def version_id(self) -> str:
        """The register's version: the class and the block that it was drawn up at."""
        return f"{self.share_class}@{self.block_number}"

    @property
    def version_hash(self) -> bytes:
        """keccak-256 over the canonical register without personal data, 32 bytes."""
        return keccak(canonical_json(self.to_data()))

    @property
    def holders(self) -> tuple[RegisterRow, ...]:
        """Who is entitled to shares: the rows of vaults apart, whose shares are others'."""
        return tuple(
            row
            for row in self.rows
            if not row.entitled.is_zero and row.account.holder_type is not HolderType.ESCROW
        )

    def row(self, account: str) -> RegisterRow:
        """The row of an account. Raises `InvalidInput` when it never held shares."""
        for row in self.rows:
            if row.account.account == account:
                return row
        raise InvalidInput(f"account {account!r} is not in the register {self.version_id}", account=account)

    def require_known(self) -> None:
        """Raises `UnknownHolder` if a wallet holds shares and belongs to no account."""
        if self.unknown:
            wallets = ", ".join(f"{wallet} ({units})" for wallet, units in self.unknown.items())
            raise UnknownHolder(
                f"register {self.version_id}: no account holds the shares of {wallets}; link the wallet to "
                "its holder, or have compliance freeze it",
                wallets=list(self.unknown),
            )

    def to_data(self, *, personal: bool = False) -> dict[str, Any]:
        """JSON data: rows sorted by account, units as decimal strings."""
        return {
            "version_id": self.version_id,
            "share_class": self.share_class,
            "share": self.supply.unit,
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "supply": str(self.supply),
            "rows": [row.to_data(personal=personal) for row in self.rows],
            "unknown": {wallet: str(units) for wallet, units in sorted(self.unknown.items())},
        }


@dataclass(slots=True)
class _Holding:
    account: RegisterAccount
    units: int = 0
    entered: date | None = None
    ceased: date | None = None
    last_delta: str | None = None

    def change(self, units: int, on: date, delta: str) -> None:
        before, self.units, self.last_delta = self.units, self.units + units, delta
        if before == 0 and self.units:
            self.entered, self.ceased = on, None
        elif before and self.units == 0:
            self.ceased = on


def build_register(
    transfers: Iterable[ShareTransfer],
    accounts: Sequence[RegisterAccount],
    *,
    share_class: str,
    supply: Amount,
    block_number: int,
    block_hash: str,
    calendar: BusinessCalendar,
    paid: Mapping[str, Amount] | None = None,
    escrowed: Mapping[str, Amount] | None = None,
) -> Register:
    """The register after block `block_number`, from every `Transfer` of the share since its first block.

    `supply` is what the token says at that block, `paid` maps an account to what it paid for its shares,
    `escrowed` to what vaults keep for it; dates are the calendar's. Raises `RegisterDoesNotAddUp` when the
    units differ from the supply, a balance falls below zero, an event is given twice or more is escrowed than
    vaults hold, and `InvalidInput` when two accounts claim a wallet.
    """
    owners = _owners(accounts)
    holdings = {item.account: _Holding(item) for item in accounts}
    balances: dict[str, int] = {}
    deltas: list[RegisterDelta] = []
    for transfer in _ordered(transfers, block_number):
        on = calendar.local_date(transfer.at)
        delta = f"{transfer.block_number}-{transfer.log_index}"
        sides = []
        for address, sign in ((transfer.sender, -1), (transfer.receiver, 1)):
            sides.append(None if address == ZERO_ADDRESS else owners.get(address))
            if address != ZERO_ADDRESS:
                _move(balances, address, sign * transfer.value, delta)
        source, target = sides
        if transfer.value and source != target:
            for name, sign in ((source, -1), (target, 1)):
                if name is not None:
                    holdings[name].change(sign * transfer.value, on, delta)
        units = Amount.from_base_units(transfer.value, unit=supply.unit, decimals=supply.decimals)
        deltas.append(RegisterDelta(delta, _kind(transfer, source, target), source, target, units, on))
    _check_total(sum(balances.values()), supply, block_number)

    def shares(value: int) -> Amount:
        return Amount.from_base_units(value, unit=supply.unit, decimals=supply.decimals)

    kept = dict(escrowed or {})
    stranger = next((name for name in kept if name not in holdings), None)
    if stranger is not None:
        raise InvalidInput(f"a vault keeps shares for {stranger!r}, which is no account", account=stranger)
    rows = tuple(
        RegisterRow(
            item.account,
            shares(item.units),
            kept.get(name, shares(0)),
            (paid or {}).get(name),
            item.entered,
            item.ceased,
            item.last_delta,
        )
        for name, item in sorted(holdings.items())
        if item.entered is not None or name in kept
    )
    _check_escrow(rows)
    unknown = {wallet: shares(units) for wallet, units in balances.items() if units and wallet not in owners}
    return Register(share_class, supply, block_number, block_hash, rows, unknown, tuple(deltas))


def _owners(accounts: Sequence[RegisterAccount]) -> dict[str, str]:
    """Wallet → account, removed wallets included: what they held then was their holder's."""
    owners: dict[str, str] = {}
    names: set[str] = set()
    for item in accounts:
        if item.account in names:
            raise InvalidInput(f"register account {item.account!r} is given twice", account=item.account)
        names.add(item.account)
        for link in item.wallets:
            address = checksum_address(link.address)
            other = owners.setdefault(address, item.account)
            if other != item.account:
                raise InvalidInput(
                    f"wallet {address} is linked to {other} and to {item.account}: a wallet has one holder",
                    wallet=address,
                )
    return owners


def _ordered(transfers: Iterable[ShareTransfer], block_number: int) -> list[ShareTransfer]:
    known = [item for item in transfers if item.block_number <= block_number]
    known.sort(key=lambda item: (item.block_number, item.log_index))
    for before, item in pairwise(known):
        if (before.block_number, before.log_index) == (item.block_number, item.log_index):
            raise RegisterDoesNotAddUp(
                f"the transfer at block {item.block_number}, log {item.log_index} is given twice"
            )
    return known


def _move(balances: dict[str, int], address: str, value: int, delta: str) -> None:
    balance = balances.get(address, 0) + value
    if balance < 0:
        raise RegisterDoesNotAddUp(
            f"{address} sent more than it held at {delta}: transfers are missing; read from the first block",
            wallet=address,
            delta=delta,
        )
    balances[address] = balance


def _kind(transfer: ShareTransfer, source: str | None, target: str | None) -> DeltaKind:
    if transfer.sender == ZERO_ADDRESS:
        return DeltaKind.ISSUED
    if transfer.receiver == ZERO_ADDRESS:
        return DeltaKind.REDEEMED
    return DeltaKind.MOVED if source is not None and source == target else DeltaKind.TRANSFERRED


def _check_total(total: int, supply: Amount, block_number: int) -> None:
    if total != supply.base_units:
        held = Amount.from_base_units(total, unit=supply.unit, decimals=supply.decimals)
        raise RegisterDoesNotAddUp(
            f"the transfers to block {block_number} add up to {held.display()}, and the supply is "
            f"{supply.display()}: the events or the block are not the token's",
            total=held,
            supply=supply,
        )


def _check_escrow(rows: Sequence[RegisterRow]) -> None:
    held = sum(row.units.base_units for row in rows if row.account.holder_type is HolderType.ESCROW)
    kept = sum(row.escrowed.base_units for row in rows)
    if kept > held:
        raise RegisterDoesNotAddUp(
            f"vaults hold {held} share base units, and {kept} are said to be kept there for investors: read "
            "the vaults at the register's block",
            held=held,
            kept=kept,
        )
