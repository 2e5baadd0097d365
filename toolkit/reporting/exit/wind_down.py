"""The orderly exit of one coin, from the board's decision to the final attestation (regulation.md W20c).

    active -> notice -> wind_down -> claims_open -> paying -> unclaimed_held -> final_attested -> closed

Exit plan with the disposal of the reserve, claims and payments: HKMA Guideline 6.8.17. Each step is taken in
a role, and the second of a pair by another person (`ledger.exit_machines`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.ledger.canonical import instant
from toolkit.ledger.checks import aware, one_line, sha256_hex
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.exit.basis import SnapshotBasis
from toolkit.reporting.exit.claims import Claims
from toolkit.reporting.exit.errors import ClaimRefused, DoesNotTie, MintingStillOn, SnapshotRefused
from toolkit.reporting.exit.sharing import Shares

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit.snapshot import SignedSnapshot, Snapshot

__all__ = ["Coin", "Exit", "Market", "document_digest", "require_same_root"]

_S = RecordState


class Market(Protocol):
    """The coin's market on chain, with whoever may wind it down. The desk's side satisfies it."""

    def wound_down(self) -> bool:
        """Whether minting has ended for good."""
        ...

    def wind_down(self) -> None:
        """Ends minting for good (`PrimaryMarket.windDown`); redemption goes on."""
        ...


@dataclass(frozen=True, slots=True)
class Coin:
    """What is wound down: the token, its decimals, and the money it is redeemed in."""

    chain_id: int
    contract: str
    token_decimals: int
    currency: str

    def to_json(self) -> dict[str, Any]:
        """What the records keep of it."""
        return asdict(self)

    @classmethod
    def on_record(cls, ledger: Ledger, chain_id: int, contract: str) -> Self:
        """The coin as its exit or its lost chain has it on record. Raises NotFound."""
        asked = cls(chain_id, contract, 0, "")
        try:
            return cls(**ledger.record_book.get(asked.exit_id).data["coin"])
        except NotFound:
            return cls(**ledger.record_book.get(asked.choice_id).data["coin"])

    @property
    def exit_id(self) -> str:
        """One exit for one token, ever."""
        return f"exit/{self.chain_id}/{self.contract}"

    @property
    def choice_id(self) -> str:
        """One choice of a fork for one token, ever."""
        return f"chain_choice/{self.chain_id}/{self.contract}"


class Exit(SnapshotBasis):
    """The exit of `coin`. `snapshot` is the one on record, once there is one: needed from then on."""

    def __init__(
        self, ledger: Ledger, coin: Coin, market: Market, *, snapshot: Snapshot | None = None
    ) -> None:
        super().__init__(ledger, coin, coin.exit_id, snapshot)
        self._market = market

    # -------------------------------------------------------------------------------------- the way to claims

    def decide(self, *, decision: str, reference: str, by: str) -> LedgerRecord:
        """The board's decision: the sha256 of its minute and the minute's reference. By finance."""
        data = {
            "coin": self.coin.to_json(),
            "decision": document_digest(decision),
            "reference": one_line(reference, what="reference"),
        }
        return self._ledger.record_book.open(
            self.coin.exit_id, RecordKind.EXIT, _S.ACTIVE, data, actor=by, role=Role.FINANCE
        )

    def give_notice(self, *, reference: str, by: str) -> LedgerRecord:
        """The HKMA was told, under its reference. By compliance, who didn't enter the decision."""
        return self._step(_S.NOTICE, Role.COMPLIANCE, by, {"notice": one_line(reference, what="reference")})

    def wind_down(self, *, by: str) -> LedgerRecord:
        """Minting ends for good, on chain first. Raises MintingStillOn if the chain doesn't say so."""
        self._require(_S.NOTICE)
        if not self._market.wound_down():
            self._market.wind_down()
        if not self._market.wound_down():
            raise MintingStillOn("the market isn't wound down yet: wait for the transaction and call again")
        return self._step(_S.WIND_DOWN, Role.CHECKER, by, {})

    def record_snapshot(self, signed: SignedSnapshot, *, signers: Collection[str], by: str) -> LedgerRecord:
        """The final snapshot, once; by the registrar. Raises SnapshotRefused, RedemptionsOpen."""
        record = self._require(_S.WIND_DOWN)
        snapshot = signed.check(signers)
        if "snapshot" in record.data:
            raise SnapshotRefused(f"the snapshot {record.data['snapshot']['root']} is on record already")
        if (snapshot.chain_id, snapshot.contract) != (self.coin.chain_id, self.coin.contract):
            raise SnapshotRefused(
                f"the snapshot is of {snapshot.contract} on chain {snapshot.chain_id}, not of this coin"
            )
        require_same_root(self._ledger, self.coin.choice_id, snapshot.root)
        self._snapshot = snapshot
        self.claims.require_no_redemptions()
        told = {
            "root": snapshot.root,
            "sha256": snapshot.sha256,
            "block_number": snapshot.block_number,
            "block_hash": snapshot.block_hash,
            "taken_at": instant(snapshot.taken_at),
            "outstanding": str(snapshot.outstanding),
            "signer": signed.signer,
            "kept_at": sorted(signed.copies),
        }
        return self._step(_S.WIND_DOWN, Role.REGISTRAR, by, {"snapshot": told})

    def open_claims(self, *, closes: datetime, by: str) -> LedgerRecord:
        """Claims may be made until before `closes`. By compliance. Raises RedemptionsOpen."""
        if aware(closes, what="closes") <= self._ledger.clock.now():
            raise InvalidInput(f"the claims window can't close in the past ({closes})")
        _ = self.snapshot
        self.claims.require_no_redemptions()
        return self._step(_S.CLAIMS_OPEN, Role.COMPLIANCE, by, {"closes": instant(closes)})

    def state_assets(self, assets: Amount, *, statement: str, by: str) -> LedgerRecord:
        """What selling the reserve brought, and the sha256 of the custodian's statement. By finance."""
        self._require(_S.CLAIMS_OPEN)
        if assets.unit != self.coin.currency:
            raise InvalidInput(f"the assets are {assets.display()}; holders are paid {self.coin.currency}")
        minor = assets.to_minor_units(self.coin.currency)
        changes = {"assets": str(minor), "statement": document_digest(statement)}
        return self._step(_S.CLAIMS_OPEN, Role.FINANCE, by, changes)

    def start_paying(self, *, by: str) -> LedgerRecord:
        """The treasurer, who neither opened claims nor stated the assets, lets payments go."""
        if "assets" not in self._require(_S.CLAIMS_OPEN).data:
            raise ClaimRefused("what the reserve brought isn't on record: state the assets first")
        return self._step(_S.PAYING, Role.TREASURER, by, {})

    # ------------------------------------------------------------------------------------- the way to its end

    def hold_unclaimed(self, *, held_at: str, by: str) -> LedgerRecord:
        """The window has closed and every claim is paid or held; the rest lies at `held_at`. By finance."""
        record = self._require(_S.PAYING)
        if self._ledger.clock.now() < datetime.fromisoformat(record.data["closes"]):
            raise ClaimRefused(f"claims may be made until {record.data['closes']}")
        totals = self.claims.totals()
        if totals.claimed:
            raise ClaimRefused(f"{totals.claimed} base units are claimed and neither paid nor held yet")
        return self._step(_S.UNCLAIMED_HELD, Role.FINANCE, by, {"held_at": one_line(held_at, what="held_at")})

    def attest(self, *, paid: Amount, left: Amount, report: str, by: str) -> LedgerRecord:
        """The auditor's own figures, paid out and left in the bank. Raises DoesNotTie unless both tie.

        `report` is the sha256 of the final attestation.
        """
        record = self._require(_S.UNCLAIMED_HELD)
        totals, money = self.claims.totals(), self.coin.currency
        differences = {
            "paid": paid.to_minor_units(money) - totals.money_paid,
            "left": left.to_minor_units(money) - totals.held_over - totals.residual,
            "assets": int(record.data["assets"]) - totals.money_paid - totals.held_over - totals.residual,
            "units": totals.outstanding - totals.paid - totals.held - totals.unclaimed,
        }
        if any(differences.values()):
            raise DoesNotTie(
                f"the final figures leave something over: {differences} (minor units of {money}, base units "
                "of the token); find it before anything is attested",
                differences=differences,
            )
        final = {"totals": totals.to_json(), "report": document_digest(report)}
        return self._step(_S.FINAL_ATTESTED, Role.AUDITOR, by, {"final": final})

    def close(self, *, by: str) -> LedgerRecord:
        """The end. What is unclaimed stays where it is held."""
        return self._step(_S.CLOSED, Role.COMPLIANCE, by, {})

    # ---------------------------------------------------------------------------------------- what claims ask

    @property
    def claims(self) -> Claims:
        """The claims on its snapshot."""
        return Claims(self._ledger, self)

    @property
    def needs_signature(self) -> bool:
        return False

    def require_open(self, now: datetime) -> None:
        """Raises ClaimRefused before claims are open and after the window has closed."""
        record = self.record
        closes = record.data.get("closes")
        if record.state not in (_S.CLAIMS_OPEN, _S.PAYING) or closes is None:
            raise ClaimRefused(f"the exit is {record.state}: no claims are taken")
        if now >= datetime.fromisoformat(closes):
            raise ClaimRefused(f"claims closed at {closes}; what is unclaimed is held for its owner")

    def shares(self) -> Shares:
        """What each row is due. Raises ClaimRefused unless payments may go."""
        record = self.record
        if record.state not in (_S.PAYING, _S.UNCLAIMED_HELD):
            raise ClaimRefused(f"the exit is {record.state}: nothing is paid")
        return self._share_out(record)

    def _require(self, state: RecordState) -> LedgerRecord:
        record = self.record
        if record.state is not state:
            raise ClaimRefused(f"the exit is {record.state}, not {state}")
        return record

    def _step(self, to: RecordState, role: Role, by: str, changes: Mapping[str, Any]) -> LedgerRecord:
        record = self.record
        data = {**record.data, **changes}
        return self._ledger.record_book.step(record.id, to, actor=by, role=role, data=data, expected=record)


def document_digest(text: str) -> str:
    """How a document outside the ledger is named: by its sha256. Raises InvalidInput."""
    found = sha256_hex(text)
    if found is None:
        raise InvalidInput("a document is named by its sha256")
    return found


def require_same_root(ledger: Ledger, other: str, root: str) -> None:
    """An exit and a lost chain of one token are redeemed from one snapshot. Raises SnapshotRefused."""
    try:
        told = ledger.record_book.get(other).data.get("snapshot")
    except NotFound:
        return
    if told is not None and told["root"] != root:
        raise SnapshotRefused(
            f"{other} redeems from the snapshot {told['root']}: two snapshots would pay twice", other=other
        )
