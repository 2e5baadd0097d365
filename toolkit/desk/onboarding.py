"""Investors and their wallets: who they are, the proof that a wallet is theirs, the registry on chain.

A wallet is shown to be its investor's by an EIP-712 challenge (regulation.md W01): domain, nonce and
expiry are signed, so that no signature made for another purpose, chain or desk is one. The desk keeps no
list of open challenges: the nonce is a keyed hash of what was asked, so it knows its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from toolkit.bindings.events import WalletRegistered
from toolkit.bindings.signable import Signable, domain
from toolkit.bindings.structs import InvestorClass, Wallet, WalletEntry, WalletKind
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.signers import recover_address
from toolkit.countries import country_number
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.errors import ChallengeExpired, ChallengeMismatch, ChallengeReplayed, NotWalletOwner
from toolkit.errors import ContractReverted, InvalidInput, NotEligible
from toolkit.ledger import records
from toolkit.ledger.delisted import is_delisted, require_listed
from toolkit.ledger.errors import NotFound, WalletTaken
from toolkit.ledger.investors import RECOVERED, Investors
from toolkit.ledger.policies import STABLECOIN_ONLY
from toolkit.ledger.record_words import RecordKind

if TYPE_CHECKING:
    from toolkit.desk.lanes import Lanes
    from toolkit.ledger.ledger import Transaction

__all__ = ["CHALLENGE_LIFETIME", "Investor", "Onboarding", "WalletChallenge", "known_wallet"]

CHALLENGE_LIFETIME = timedelta(minutes=15)

_STATEMENT = "I control this wallet and register it as mine with the distribution desk."
_METHOD = "eip712-challenge"
_TYPE = (
    ("statement", "string"),
    ("investor", "bytes16"),
    ("wallet", "address"),
    ("nonce", "bytes32"),
    ("expiry", "uint64"),
)
_ERC1271_MAGIC = bytes.fromhex("1626ba7e")


@dataclass(frozen=True, slots=True)
class Investor:
    """Somebody to be onboarded: a customer of the stablecoin, an investor of a fund.

    `id` is the broker's own identifier for them (a uuid, never a name, an account or a document number).
    The ledger and the chain see only a keyed hash of it. `label` is what the desk's screens say and holds
    no personal data. `country` is ISO 3166-1 alpha-2; `bank_account` the desk's reference to an account in
    their own name (not its number), verified by the broker.
    """

    id: UUID
    label: str
    investor_class: InvestorClass
    country: str
    verified_until: datetime
    bank_account: str
    regime: str = STABLECOIN_ONLY


@dataclass(frozen=True, slots=True)
class WalletChallenge:
    """What the wallet's owner signs. `expiry` is in Unix seconds; `to_json` is for a wallet elsewhere."""

    investor: str
    wallet: str
    nonce: bytes
    expiry: int
    chain_id: int
    registry: str

    @property
    def signable(self) -> Signable:
        """The EIP-712 data."""
        return Signable(
            domain("IssuanceDesk", self.chain_id, self.registry),
            {"WalletOwnership": [{"name": name, "type": kind} for name, kind in _TYPE]},
            "WalletOwnership",
            {
                "statement": _STATEMENT,
                "investor": from_hex(self.investor, length=16),
                "wallet": self.wallet,
                "nonce": self.nonce,
                "expiry": self.expiry,
            },
        )

    def to_json(self) -> dict[str, Any]:
        """The argument of `eth_signTypedData_v4`, from which `from_json` makes the challenge again."""
        return self.signable.to_json()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WalletChallenge:
        """The challenge that `to_json` wrote. Raises InvalidInput, or ChallengeMismatch for other data."""
        try:
            message, domain_ = data["message"], data["domain"]
            challenge = cls(
                investor=str(message["investor"]),
                wallet=checksum_address(message["wallet"], what="wallet"),
                nonce=from_hex(message["nonce"], what="nonce", length=32),
                expiry=int(message["expiry"]),
                chain_id=int(domain_["chainId"]),
                registry=checksum_address(domain_["verifyingContract"], what="registry"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"this is no wallet challenge ({error!r}): pass what to_json() gave"
            ) from error
        if challenge.to_json() != _plain(data):
            raise ChallengeMismatch("the challenge has other words or types than this desk's: make a new one")
        return challenge


class Onboarding:
    """Investors, wallets, proofs and the registry."""

    def __init__(self, context: DeskContext, lanes: Lanes) -> None:
        self._context = context
        self._lanes = lanes

    def reference(self, investor: Investor | records.Investor | str) -> str:
        """The 16-byte reference under which ledger and chain know the investor: 0x and 32 hex digits.

        The first half of HMAC-SHA256 of the broker's identifier under the desk's secret: who lacks the
        secret can't tell from it who it is, nor test a guess.
        """
        if isinstance(investor, str):
            return investor
        if isinstance(investor, records.Investor):
            return investor.reference
        if not isinstance(investor.id, UUID):
            raise InvalidInput(
                f"investor id {investor.id!r} must be a uuid.UUID: a name or a number could be guessed"
            )
        return to_hex(self._keyed(b"investor", investor.id.bytes)[:16])

    def onboard(self, investor: Investor) -> records.Investor:
        """Records the investor and their bank account; the same again returns the record.

        Raises InvalidInput, also for an investor on record with other facts, JurisdictionRefused or
        ClassNotApproved by the policy of onboarding, WalletTaken for a bank account of somebody else.
        """
        country_number(investor.country)
        reference = self.reference(investor)
        facts = {
            "label": investor.label,
            "investor_class": InvestorClass(investor.investor_class).name.lower(),
            "jurisdiction": investor.country,
            "regime": investor.regime,
        }
        with self._context.ledger.transaction() as tx:
            try:
                known = tx.investors.get(reference)
            except NotFound:
                known = None
            if known is None:
                tx.eligibility.require_onboarding(
                    jurisdiction=investor.country, investor_class=facts["investor_class"]
                )
                known = tx.investors.add(reference, **facts, verified_until=investor.verified_until)
            elif known.regime == RECOVERED and known.investor_class == facts["investor_class"]:
                # The chain gave the reference and what the registry says; the rest comes back with them.
                known = tx.investors.identify(
                    reference, label=investor.label, jurisdiction=investor.country, regime=investor.regime
                )
            elif any(getattr(known, name) != value for name, value in _as_onboarded(tx, reference, facts)):
                raise InvalidInput(
                    f"investor {reference} is on record with other facts than {facts}: correct the input, or "
                    "renew the verification with renew()",
                    reference=reference,
                )
            accounts = tx.investors.bank_accounts(reference)
            if investor.bank_account not in [account.reference for account in accounts]:
                tx.investors.add_bank_account(
                    investor.bank_account,
                    investor=reference,
                    currency=self._context.currency,
                    verified_at=self._context.clock.now(),
                )
        return known

    def challenge(
        self,
        investor: Investor | records.Investor | str,
        address: str,
        *,
        lifetime: timedelta = CHALLENGE_LIFETIME,
    ) -> WalletChallenge:
        """What the owner of `address` has to sign. Raises NotFound, InvalidInput, WalletTaken if the
        address is another investor's, or UnderReview if it can't be taken on.
        """
        reference = self._context.ledger.investors.get(self.reference(investor)).reference
        address = checksum_address(address, what="wallet")
        known_wallet(self._context.ledger.investors, reference, address)
        self._context.ledger.screening.admit(investor=reference, wallet=address, actor=WORKER)
        expiry = int((self._context.clock.now() + lifetime).timestamp())
        return self._made(reference, address, expiry)

    def prove(self, challenge: WalletChallenge, signature: bytes, *, kind: WalletKind) -> records.Wallet:
        """Records the wallet as its investor's on the owner's signature: a key's, or a contract's (ERC-1271).

        Raises ChallengeMismatch (another domain, desk or text), ChallengeExpired, ChallengeReplayed,
        NotWalletOwner, WalletTaken.
        """
        if challenge != self._made(challenge.investor, challenge.wallet, challenge.expiry):
            raise ChallengeMismatch(
                f"the challenge for {challenge.wallet} is not this desk's on chain "
                f"{self._context.client.chain_id}: make one with challenge_wallet()",
                wallet=challenge.wallet,
            )
        now = self._context.clock.now()
        expires = datetime.fromtimestamp(challenge.expiry, UTC)
        if now >= expires:
            raise ChallengeExpired(
                f"the challenge for {challenge.wallet} expired at {expires.isoformat()}: make a new one",
                wallet=challenge.wallet,
            )
        require_listed(self._context.ledger, challenge.wallet)
        known = known_wallet(self._context.ledger.investors, challenge.investor, challenge.wallet)
        if known is not None and known.proof is not None and known.proof.method == _METHOD:
            answered = WalletChallenge.from_json(json.loads(known.proof.challenge))
            if challenge.expiry <= answered.expiry:
                raise ChallengeReplayed(
                    f"wallet {challenge.wallet} answered this challenge, or a later one, at "
                    f"{known.proof.verified_at.isoformat()}: make a new one",
                    wallet=challenge.wallet,
                )
        self._check_signature(challenge, signature)
        self._context.ledger.screening.admit(
            investor=challenge.investor, wallet=challenge.wallet, actor=WORKER
        )
        proof = records.OwnershipProof(
            method=_METHOD,
            challenge=json.dumps(challenge.to_json(), sort_keys=True),
            signature=bytes(signature),
            verified_at=now,
        )
        investors = self._context.ledger.investors
        if known is not None:
            return investors.prove_wallet(challenge.wallet, proof)
        return investors.add_wallet(
            challenge.wallet, investor=challenge.investor, kind=kind.name.lower(), proof=proof
        )

    def register(self, wallets: Sequence[str]) -> tuple[records.Wallet, ...]:
        """Writes proven wallets to the registry on chain and waits until that is final.

        Raises NotFound, NotEligible for a wallet without proof or an investor who isn't verified now or is
        under review, EventMissing, and whatever sending raises.
        """
        if not wallets:
            raise InvalidInput("no wallets were given: name at least one")
        self._write(self.entries(wallets))
        return tuple(self._context.ledger.investors.wallet(address) for address in wallets)

    def entries(self, wallets: Sequence[str]) -> list[WalletEntry]:
        """What the registry is to say of wallets that may be registered now.

        Raises NotFound, NotEligible (no proof, the verification has lapsed, or removed for good).
        """
        investors = self._context.ledger.investors
        found = [investors.wallet(address) for address in wallets]
        for wallet in found:
            self._context.ledger.eligibility.require_registrable(wallet.address)
        return [WalletEntry(wallet.address, self._on_chain(wallet)) for wallet in found]

    def write_known(self, wallets: Sequence[str]) -> None:
        """Makes the registry say of these wallets, those that are registered, what the ledger says. Of one
        without proof, or reported lost, it only lets the verification end sooner.
        """
        self._write(self._differing(wallets))

    def _differing(self, wallets: Sequence[str]) -> list[WalletEntry]:
        """What of these wallets the registry has to say otherwise. One that was removed keeps its investor
        there and isn't registered again.
        """
        entries = []
        for address in wallets:
            row = self._context.registry.wallet_of(address)
            if not row.verified_until:
                continue
            wallet = self._context.ledger.investors.wallet(address)
            said = self._on_chain(wallet)
            if wallet.proof is None or is_delisted(self._context.ledger, address):
                said = replace(row, verified_until=min(row.verified_until, said.verified_until))
            if said != row:
                entries.append(WalletEntry(address, said))
        return entries

    def _write(self, entries: Sequence[WalletEntry]) -> None:
        """Writes the wallets, and again what the ledger came to say of them meanwhile: whoever ended a
        verification before these landed may have found nothing to shorten.
        """
        while entries:
            self._send(entries)
            entries = self._differing([entry.account for entry in entries])

    def _send(self, entries: Sequence[WalletEntry]) -> None:
        registry = self._context.registry
        self._lanes.execute(
            "registrar",
            registry.set_wallets(entries),
            *(
                registry.expectation(
                    WalletRegistered,
                    account=entry.account,
                    investor=entry.wallet.investor,
                    verified_until=entry.wallet.verified_until,
                )
                for entry in entries
            ),
        )

    def renew(
        self, investor: Investor | records.Investor | str, verified_until: datetime
    ) -> records.Investor:
        """Extends, shortens or (with an instant that has passed) ends a verification, in the ledger and for
        every wallet that is registered on chain. It registers none, and extends none without proof or
        reported lost.
        """
        investors = self._context.ledger.investors
        renewed = investors.set_verified_until(self.reference(investor), verified_until)
        self.write_known([wallet.address for wallet in investors.wallets(renewed.reference)])
        return renewed

    def _on_chain(self, wallet: records.Wallet) -> Wallet:
        owner = self._context.ledger.investors.get(wallet.investor)
        if owner.verified_until is None:
            raise NotEligible(f"investor {owner.reference} was never verified", investor=owner.reference)
        return Wallet(
            investor=from_hex(owner.reference, length=16),
            # From 1970 on: 0 would say that the wallet isn't registered.
            verified_until=max(1, int(owner.verified_until.timestamp())),
            country=country_number(owner.jurisdiction),
            investor_class=InvestorClass[owner.investor_class.upper()],
            kind=WalletKind[wallet.kind.upper()],
        )

    def _made(self, reference: str, address: str, expiry: int) -> WalletChallenge:
        chain_id, registry = self._context.client.chain_id, self._context.registry.address
        asked = f"{chain_id}/{registry}/{reference}/{address}/{expiry}"
        nonce = self._keyed(b"challenge", asked.encode())
        return WalletChallenge(reference, address, nonce, expiry, chain_id, registry)

    def _keyed(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.digest(self._context.secret, purpose + b"\0" + data, hashlib.sha256)

    def _check_signature(self, challenge: WalletChallenge, signature: bytes) -> None:
        digest = challenge.signable.digest
        try:
            signer = recover_address(digest, signature)
        except InvalidInput:
            signer = None  # a contract's signature has its own format
        if signer == challenge.wallet or self._contract_accepts(challenge.wallet, digest, signature):
            return
        raise NotWalletOwner(
            f"the answer to the challenge was signed by {signer or 'nobody'}, not by {challenge.wallet}: "
            "sign it with the wallet itself",
            wallet=challenge.wallet,
            signer=signer,
        )

    def _contract_accepts(self, wallet: str, digest: bytes, signature: bytes) -> bool:
        from toolkit.chain.abi import encode_arguments

        client = self._context.client
        if not client.code(wallet, "latest"):
            return False
        arguments = encode_arguments([{"type": "bytes32"}, {"type": "bytes"}], [digest, bytes(signature)])
        try:
            answer = client.call(wallet, _ERC1271_MAGIC + arguments, block="latest")
        except ContractReverted:
            return False
        return answer == _ERC1271_MAGIC.ljust(32, b"\0")


def known_wallet(investors: Investors, reference: str, address: str) -> records.Wallet | None:
    """The wallet if it is on record as the investor's, None if it isn't on record. Raises WalletTaken."""
    try:
        known = investors.wallet(address)
    except NotFound:
        return None
    if known.investor != reference:
        raise WalletTaken(
            f"wallet {address} belongs to investor {known.investor}, not to {reference}", wallet=address
        )
    return known


def _as_onboarded(tx: Transaction, reference: str, facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those of the facts that nobody of compliance has decided on since."""
    decided = {"investor_class": RecordKind.CLASSIFICATION, "regime": RecordKind.REGIME}
    return [
        (name, value)
        for name, value in facts.items()
        if name not in decided
        or not tx.record_book.find(decided[name], prefix=f"{decided[name]}/{reference}/")
    ]


def _plain(data: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(data))
