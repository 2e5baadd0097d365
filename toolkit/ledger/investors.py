"""Investors, with the wallets and bank accounts that are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import InvalidInput, NotEligible
from toolkit.ledger import checks, schema
from toolkit.ledger.bulk import Among
from toolkit.ledger.eligibility import require_unlisted
from toolkit.ledger.errors import NotFound, WalletTaken
from toolkit.ledger.policies import FULL, FULL_DUE
from toolkit.ledger.records import BankAccount, Investor, OwnershipProof, Wallet
from toolkit.ledger.store import Unit

__all__ = ["RECOVERED", "Investors", "require_bank_account", "require_investor", "require_owner"]


RECOVERED = "recovered"
"""Label and regime of an investor of whom `ledger rebuild` knows only what the registry says."""


_KNOWN = sa.select(schema.wallets.c.address).where(Among(schema.wallets.c.address, "wallets"))


@dataclass(frozen=True, slots=True)
class Investors:
    """Everyone onboarded, with the wallets and bank accounts that are theirs."""

    unit: Unit
    clock: Clock

    def add(
        self,
        reference: str,
        *,
        label: str,
        investor_class: str,
        jurisdiction: str,
        regime: str,
        verified_until: datetime | None = None,
    ) -> Investor:
        """Onboards an investor.

        `reference` is 0x and 32 hex digits: a random uuid or a keyed hash, never a name or its plain
        hash. `label` is no personal data. `jurisdiction` is an ISO 3166-1 alpha-2 code. Raises
        `InvalidInput`, also for a reference that is taken.
        """
        row = {
            "reference": checks.investor_reference(reference),
            "label": checks.one_line(label, what="label"),
            "investor_class": checks.word(investor_class, what="investor class"),
            "jurisdiction": checks.country(jurisdiction),
            "regime": _first_regime(regime),
            "verified_until": verified_until and checks.aware(verified_until, what="verified_until"),
            "created_at": self.clock.now(),
        }
        with self.unit.writing() as connection:
            if _investor_row(connection, reference) is not None:
                raise InvalidInput(f"investor {reference} is already in the ledger", reference=reference)
            connection.execute(sa.insert(schema.investors), [row])
        return Investor(**row)  # type: ignore[arg-type]

    def identify(self, reference: str, *, label: str, jurisdiction: str, regime: str) -> Investor:
        """Gives an investor whom `ledger rebuild` recovered what the chain doesn't know of them.

        Raises `InvalidInput` for one who was onboarded by this ledger: those facts don't change.
        """
        facts = {
            "label": checks.one_line(label, what="label"),
            "jurisdiction": checks.country(jurisdiction),
            "regime": _first_regime(regime),
        }
        with self.unit.writing() as connection:
            if require_investor(connection, reference).regime != RECOVERED:
                raise InvalidInput(f"investor {reference} is known and not recovered", reference=reference)
            connection.execute(
                sa.update(schema.investors).where(schema.investors.c.reference == reference).values(**facts)
            )
            return require_investor(connection, reference)

    def set_verified_until(self, reference: str, verified_until: datetime | None) -> Investor:
        """Renews, shortens or (with None) withdraws the verification."""
        if verified_until is not None:
            checks.aware(verified_until, what="verified_until")
        with self.unit.writing() as connection:
            require_investor(connection, reference)
            connection.execute(
                sa.update(schema.investors)
                .where(schema.investors.c.reference == reference)
                .values(verified_until=verified_until)
            )
            return require_investor(connection, reference)

    def get(self, reference: str) -> Investor:
        """The investor. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return require_investor(connection, reference)

    def all(self) -> tuple[Investor, ...]:
        """All investors, oldest first."""
        table = schema.investors
        with self.unit.reading() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.created_at, table.c.reference))
            return tuple(Investor(**row) for row in rows.mappings())

    def add_wallet(
        self, address: str, *, investor: str, kind: str, proof: OwnershipProof | None = None
    ) -> Wallet:
        """Records that `address` is the investor's.

        The signature of `proof` must have been checked before. Raises `InvalidInput` for a malformed
        address, `NotFound` for an unknown investor, `WalletTaken` if the address is in the ledger,
        `UnderReview` if a list in force names it or its investor.
        """
        address = checksum_address(address, what="wallet")
        row = {
            "address": address,
            "investor": investor,
            "kind": checks.word(kind, what="wallet kind"),
            "created_at": self.clock.now(),
            **_proof_columns(proof),
        }
        with self.unit.writing() as connection:
            require_investor(connection, investor)
            taken = _wallet(connection, address)
            if taken is not None:
                raise WalletTaken(
                    f"wallet {address} already belongs to investor {taken.investor}: "
                    "a wallet has one owner, for good",
                    wallet=address,
                    investor=taken.investor,
                )
            require_unlisted(connection, self.clock.now(), investor=investor, wallet=address)
            connection.execute(sa.insert(schema.wallets), [row])
            return _require_wallet(connection, address)

    def prove_wallet(self, address: str, proof: OwnershipProof) -> Wallet:
        """Adds or renews the proof that the wallet is its investor's. Raises `NotFound`."""
        with self.unit.writing() as connection:
            _require_wallet(connection, address)
            connection.execute(
                sa.update(schema.wallets)
                .where(schema.wallets.c.address == address)
                .values(**_proof_columns(proof))
            )
            return _require_wallet(connection, address)

    def wallet(self, address: str) -> Wallet:
        """The wallet. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _require_wallet(connection, address)

    def wallets(self, investor: str | None = None) -> tuple[Wallet, ...]:
        """The wallets of one investor, or all."""
        table = schema.wallets
        query = sa.select(table).order_by(table.c.created_at, table.c.address)
        if investor is not None:
            query = query.where(table.c.investor == investor)
        with self.unit.reading() as connection:
            return tuple(_wallet_from(row) for row in connection.execute(query).mappings())

    def known_wallets(self, addresses: Sequence[str]) -> tuple[str, ...]:
        """Those of the addresses that are an investor's wallet."""
        with self.unit.reading() as connection:
            return tuple(connection.execute(_KNOWN, {"wallets": list(addresses)}).scalars())

    def add_bank_account(
        self, reference: str, *, investor: str, currency: str, verified_at: datetime
    ) -> BankAccount:
        """Records an account that was verified to be in the investor's own name.

        `reference` is the desk's own word for it (not the account number). Raises `NotFound` for an
        unknown investor, `WalletTaken` if the reference is used.
        """
        row = {
            "reference": checks.one_line(reference, what="bank account"),
            "investor": investor,
            "currency": checks.currency_code(currency),
            "verified_at": checks.aware(verified_at, what="verified_at"),
        }
        with self.unit.writing() as connection:
            require_investor(connection, investor)
            if _bank_account(connection, reference) is not None:
                raise WalletTaken(
                    f"bank account {reference} is already in the ledger", bank_account=reference
                )
            connection.execute(sa.insert(schema.bank_accounts), [row])
        return BankAccount(**row)  # type: ignore[arg-type]

    def bank_accounts(self, investor: str) -> tuple[BankAccount, ...]:
        """The accounts of an investor, newest first."""
        table = schema.bank_accounts
        query = (
            sa.select(table)
            .where(table.c.investor == investor)
            .order_by(table.c.verified_at.desc(), table.c.reference)
        )
        with self.unit.reading() as connection:
            return tuple(BankAccount(**row) for row in connection.execute(query).mappings())


def require_owner(connection: Connection, *, investor: str, wallet: str) -> Wallet:
    """The wallet, if it is the investor's. Raises `NotEligible`, or `NotFound` if it is unknown."""
    record = _require_wallet(connection, wallet)
    if record.investor != investor:
        raise NotEligible(
            f"wallet {wallet} belongs to investor {record.investor}, not to {investor}", wallet=wallet
        )
    return record


def require_bank_account(
    connection: Connection, *, reference: str, investor: str, currency: str
) -> BankAccount:
    """The account, if it is the investor's own and in `currency`; else `NotEligible` or `NotFound`."""
    row = _bank_account(connection, reference)
    if row is None:
        raise NotFound(f"no bank account {reference!r}: record it first", bank_account=reference)
    if row["investor"] != investor or row["currency"] != currency:
        raise NotEligible(
            f"bank account {reference} is {row['currency']} of investor {row['investor']}: money goes "
            f"only to an account in {currency} in the customer's own name",
            bank_account=reference,
        )
    return BankAccount(**row)


def _first_regime(regime: str) -> str:
    if regime in (FULL, FULL_DUE):
        raise InvalidInput(
            f"nobody begins under the regime {regime}: an account moves there by a record of compliance"
        )
    return checks.word(regime, what="regime")


def _proof_columns(proof: OwnershipProof | None) -> dict[str, Any]:
    if proof is None:
        return {"proof_method": None, "challenge": None, "signature": None, "verified_at": None}
    return {
        "proof_method": checks.word(proof.method, what="proof method"),
        "challenge": proof.challenge,
        "signature": proof.signature,
        "verified_at": checks.aware(proof.verified_at, what="verified_at"),
    }


def _row(connection: Connection, column: sa.Column[Any], value: str) -> RowMapping | None:
    return connection.execute(sa.select(column.table).where(column == value)).mappings().one_or_none()


def _investor_row(connection: Connection, reference: str) -> RowMapping | None:
    return _row(connection, schema.investors.c.reference, reference)


def require_investor(connection: Connection, reference: str) -> Investor:
    """The investor. Raises `NotFound`."""
    row = _investor_row(connection, reference)
    if row is None:
        raise NotFound(f"no investor {reference!r}: onboard them first", investor=reference)
    return Investor(**row)


def _wallet(connection: Connection, address: str) -> Wallet | None:
    row = _row(connection, schema.wallets.c.address, address)
    return None if row is None else _wallet_from(row)


def _wallet_from(row: RowMapping) -> Wallet:
    proof = None
    if row["verified_at"] is not None:
        proof = OwnershipProof(
            row["proof_method"], row["challenge"], bytes(row["signature"]), row["verified_at"]
        )
    return Wallet(row["address"], row["investor"], row["kind"], proof, row["created_at"])


def _require_wallet(connection: Connection, address: str) -> Wallet:
    wallet = _wallet(connection, address)
    if wallet is None:
        raise NotFound(
            f"no wallet {address!r}: record it for its investor first (with its checksum)", wallet=address
        )
    return wallet


def _bank_account(connection: Connection, reference: str) -> RowMapping | None:
    return _row(connection, schema.bank_accounts.c.reference, reference)
