"""The distribution desk: one object for everything the desk does, each step by the person who may."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolkit.amounts import Amount
from toolkit.bindings.structs import WalletKind
from toolkit.calendar import BusinessCalendar, Clock
from toolkit.desk.approvals import ACCEPTANCE, MINT, Approvals, BatchProposal
from toolkit.desk.authorizations import RedemptionAuthorization
from toolkit.desk.context import as_orders, one_of, order_id
from toolkit.desk.flights import Flights
from toolkit.desk.forming import Forming
from toolkit.desk.freezes import Freezes
from toolkit.desk.imports import ImportReport, import_orders
from toolkit.desk.incidents import Incidents
from toolkit.desk.lanes import Lanes
from toolkit.desk.micropayments import Micropayment, Micropayments
from toolkit.desk.mint import DEFAULT_EXPIRY, Minting
from toolkit.desk.mint_pass import FlightLimits
from toolkit.desk.onboarding import CHALLENGE_LIFETIME, Investor, Onboarding, WalletChallenge
from toolkit.desk.redemption import PaymentsDue, Redemptions
from toolkit.desk.redemption_run import RedemptionRun
from toolkit.desk.report import RunReport
from toolkit.desk.setup import make_context
from toolkit.desk.sorting import Sorting
from toolkit.desk.status import DeskStatus, status_of
from toolkit.desk.suite_actions import SuiteActions
from toolkit.desk.worker import Worker
from toolkit.errors import IllegalTransition
from toolkit.ledger import records
from toolkit.ledger.ledger import Ledger
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import (
    Batch,
    FundsReceipt,
    Incident,
    MintOrder,
    Order,
    OrderEvent,
    Payout,
    RedemptionOrder,
)

if TYPE_CHECKING:
    from toolkit.chain.fees import FeePolicy
    from toolkit.chain.sender import Mined
    from toolkit.chain.signers import Signer
    from toolkit.issuance import Issuance

__all__ = ["Desk"]

_ENDED = (State.REJECTED, State.CANCELLED)
_UNSAID = "compliance has the reason"

AnyInvestor = Investor | records.Investor | str
AnyAmount = str | Decimal | Amount


class Desk:
    """The desk of one issuance, with its ledger.

    `ledger` is a database URL or an open `Ledger`. `signers` maps the roles the desk sends for
    (`operator`, `treasurer`, `registrar`, `compliance`, `guardian`, `dealing_manager`) to their keys, one or
    a pool of them; by default, on a development chain, the accounts that the terms name. Approvers' keys are
    given at approval. `secret` (at least 32 bytes, else ISSUANCE_DESK_SECRET) keys investors' references.
    `clock` defaults to the system's, on a development chain to the chain's. `patience` is how long a call
    waits for the chain.

    Orders are given as records or ids, investors as what was onboarded, as records or references, amounts
    as text, Decimal or Amount, never as float. `by` and `maker` are person ids. Whatever a rule refuses is
    refused before anything is written. Raises ConfigurationError, StaleLedger, LedgerError, NodeError.
    """

    def __init__(
        self,
        issuance: Issuance,
        ledger: str | Ledger = "sqlite:///desk.db",
        *,
        signers: Mapping[str, Signer | Sequence[Signer]] | None = None,
        clock: Clock | None = None,
        calendar: BusinessCalendar | None = None,
        secret: bytes | None = None,
        patience: timedelta = timedelta(minutes=2),
        fees: FeePolicy | None = None,
        limits: FlightLimits | None = None,
    ) -> None:
        self._context = make_context(
            issuance,
            ledger,
            signers=signers,
            clock=clock,
            calendar=calendar,
            secret=secret,
            patience=patience,
        )
        self.issuance = issuance
        self.ledger = self._context.ledger
        lanes = self._lanes = Lanes(self._context, fees)
        flights = self._flights = Flights(self._context, lanes)
        self._minting = Minting(self._context)
        self._approvals = Approvals(self._context, self._minting)
        self._redemptions = Redemptions(self._context, flights)
        self._onboarding = Onboarding(self._context, lanes)
        self._micropayments = Micropayments(self._context)
        self._freezes = Freezes(self._context, lanes)
        self._actions = SuiteActions(self._context, lanes, self._onboarding)
        self._incidents = Incidents(self._context)
        sorting = Sorting(self._context, self._minting)
        self._worker = Worker(
            self._context,
            lanes,
            flights,
            self._incidents,
            sorting,
            Forming(
                self._context,
                lanes,
                flights,
                self._approvals,
                self._minting,
                sorting,
                limits or FlightLimits(),
            ),
            RedemptionRun(self._context, flights, self._approvals, sorting),
        )

    def close(self) -> None:
        """Closes the ledger."""
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --------------------------------------------------------------------------------- people and investors

    def add_person(
        self, person_id: str, *, label: str, roles: Iterable[Role | str], addresses: Iterable[str] = ()
    ) -> records.Person:
        """Registers who acts: roles (`maker`, `checker`, `treasurer`, `approver`, `compliance`) and keys.

        Two keys of one person are one person. Raises InvalidInput for a person already known,
        NotAuthorised for roles that must be apart, WalletTaken for somebody else's key.
        """
        return self.ledger.persons.add(
            person_id, label=label, roles=[one_of(Role, role, "role") for role in roles], signers=addresses
        )

    def reference(self, investor: AnyInvestor) -> str:
        """The investor's reference in ledger and registry: 0x and 32 hex digits of a keyed hash."""
        return self._onboarding.reference(investor)

    def onboard(self, investor: Investor) -> records.Investor:
        """Records an investor with their bank account; the same again returns the record.

        Raises InvalidInput, WalletTaken for a bank account of somebody else.
        """
        return self._onboarding.onboard(investor)

    def challenge_wallet(
        self, investor: AnyInvestor, address: str, *, lifetime: timedelta = CHALLENGE_LIFETIME
    ) -> WalletChallenge:
        """What the owner of `address` signs (EIP-712) to show that it is theirs.

        Raises NotFound, InvalidInput, WalletTaken if it is another investor's.
        """
        return self._onboarding.challenge(investor, address, lifetime=lifetime)

    def prove_wallet(
        self, challenge: WalletChallenge, signature: bytes, *, kind: WalletKind = WalletKind.UNHOSTED
    ) -> records.Wallet:
        """Records the wallet on its owner's signature, a key's or a contract's (ERC-1271).

        Raises ChallengeMismatch, ChallengeExpired, ChallengeReplayed, NotWalletOwner, WalletTaken.
        """
        return self._onboarding.prove(challenge, signature, kind=kind)

    def register_wallet(self, *addresses: str) -> tuple[records.Wallet, ...]:
        """Writes proven wallets to the registry and waits until that is final. Sent by the registrar.

        Raises NotFound, NotEligible (no proof, or the verification has lapsed), EventMissing, and what
        sending raises.
        """
        return self._onboarding.register(addresses)

    def request_micropayment(
        self, investor: AnyInvestor, address: str, *, by: str, native: bool = False
    ) -> Micropayment:
        """Asks the owner of `address` to pay an odd amount of the token (or of the chain's own coin) from it,
        which shows that it is theirs. `by` is a maker. Raises NotFound, InvalidInput, WalletTaken.
        """
        return self._micropayments.request(self.reference(investor), address, by=by, native=native)

    def prove_by_micropayment(
        self, micropayment: Micropayment | str, transaction: str, *, kind: WalletKind = WalletKind.UNHOSTED
    ) -> records.Wallet:
        """Records the wallet on the transaction (its hash) that paid what was asked, once it is final.

        Raises StillPending, ChallengeMismatch, ChallengeExpired, ChallengeReplayed, NotWalletOwner,
        WalletTaken.
        """
        return self._micropayments.prove(micropayment, transaction, kind=kind)

    def renew(self, investor: AnyInvestor, verified_until: datetime) -> records.Investor:
        """Sets until when the investor is verified, in the ledger and for registered wallets on chain."""
        return self._onboarding.renew(investor, verified_until)

    # ------------------------------------------------------------------------------------------------ minting

    def request_mint(
        self,
        investor: AnyInvestor,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        expiry: timedelta = DEFAULT_EXPIRY,
    ) -> MintOrder:
        """Takes an order for tokens against money at par, good for `expiry`.

        The same key gives the same order. Raises InvalidInput (float, decimals, zero), NotEligible (wallet
        not proven, not registered or frozen, investor not verified), OrderAboveCap, MarketWoundDown,
        IdempotencyConflict, NotAuthorised.
        """
        return self._minting.request(
            self.reference(investor),
            amount,
            wallet=wallet,
            idempotency_key=idempotency_key,
            maker=maker,
            expiry=expiry,
        )

    def import_orders(
        self, path: str | Path, *, maker: str, expiry: timedelta = DEFAULT_EXPIRY
    ) -> ImportReport:
        """Requests every line of a CSV file (`client_order_id,investor,wallet,amount`); errors by line.

        The client's order id is the idempotency key, so importing again adds nothing.
        """

        def request(investor: str, amount: str, wallet: str, key: str) -> MintOrder:
            return self.request_mint(
                investor, amount, wallet=wallet, idempotency_key=key, maker=maker, expiry=expiry
            )

        return import_orders(path, self.ledger, request)

    def confirm_funds(
        self,
        order: Order | str,
        *,
        receipt: str,
        amount: AnyAmount,
        payer: str,
        by: str,
        value_date: date | None = None,
    ) -> MintOrder:
        """`requested` to `funded`: the bank line `receipt` over `amount` pays for the order.

        `payer` is the desk's reference of the account that paid, or the investor's label; `by` a
        treasurer; `value_date` today in the calendar's time zone. The line is on record whatever follows:
        `return_funds` sends back what was refused. Raises ThirdPartyPayment, FundsMismatch,
        FundsAlreadyMatched, IdempotencyConflict (the line with other contents), OrderExpired.
        """
        return self._minting.confirm_funds(
            order, receipt=receipt, amount=amount, payer=payer, by=by, value_date=value_date
        )

    def return_funds(self, receipt: str, *, payment_reference: str) -> FundsReceipt:
        """Records that a bank line went back. Raises IllegalTransition while an order stands on it, and for
        ever once the chain has minted that order.
        """
        return self._minting.return_funds(receipt, payment_reference=payment_reference)

    # -------------------------------------------------------------------------------------------- approvals

    def approve(
        self, orders: Order | str | Iterable[Order | str], approver: Signer, *, by: str | None = None
    ) -> tuple[BatchProposal, ...]:
        """Signs mint orders; together they form one batch (of at most 200 orders).

        With the last signature that the chain wants for the batch's total, and a checker among the
        signers, the orders are `approved`. Orders whose batch was dissolved are signed again the same way.
        Raises NotAuthorised (stranger, revoked, maker or funder of an order, the same person's other key,
        no APPROVER on chain), BatchConflict, IllegalTransition, and what the chain would refuse the
        orders for now (BackingExceeded, ReserveStale, OperatorLimitExceeded, ...).
        """
        return self._approvals.approve(MINT, as_orders(orders), approver, by)

    def approve_redemption(
        self, orders: Order | str | Iterable[Order | str], approver: Signer, *, by: str | None = None
    ) -> tuple[BatchProposal, ...]:
        """The same for escrowed redemptions: what is signed is their acceptance."""
        return self._approvals.approve(ACCEPTANCE, as_orders(orders), approver, by)

    def propose_batch(self, orders: Order | str | Iterable[Order | str]) -> tuple[BatchProposal, ...]:
        """The batches of these orders of one kind, for keys that sign elsewhere. Raises as `approve`."""
        ids = as_orders(orders)
        is_mint = self.ledger.orders.get(ids[0]).kind is OrderKind.MINT
        return self._approvals.propose(MINT if is_mint else ACCEPTANCE, ids)

    def sign_batch(self, batch: BatchProposal | str, *, signer: str, signature: bytes) -> BatchProposal:
        """Adds the signature of `signer` made elsewhere over `proposal.signable`. Raises as `approve`."""
        batch_id = batch if isinstance(batch, str) else batch.batch_id
        return self._approvals.add_signature(batch_id, signer, signature)

    def batch(self, batch: Batch | str) -> BatchProposal:
        """A batch as it stands: its data, who signed and how many have to."""
        return self._approvals.proposal(batch)

    def dissolve_batch(self, batch: BatchProposal | Batch | str) -> Batch:
        """Ends a batch that wasn't sent; its orders need another one, signed anew."""
        return self._approvals.dissolve(batch.batch_id if isinstance(batch, BatchProposal) else batch)

    def check(self, orders: Order | str | Iterable[Order | str], *, by: str) -> tuple[Order, ...]:
        """Approves orders by a checker without a key; approvers' signatures are needed besides."""
        return self._approvals.check_orders(as_orders(orders), by)

    # ----------------------------------------------------------------------------------------------- worker

    def run(self, until: datetime | None = None) -> RunReport:
        """The worker: sends what is approved, waits up to `patience`, settles what is final.

        With `until` it goes on as long as something is on its way, but not beyond that instant. Safe to
        kill and run again at any moment. Raises NodeError and LedgerError.
        """
        report = self._worker.run(self._context.patience).report()
        while until is not None and report.pending and self._context.clock.now() < until:
            report = self._worker.run(self._context.patience).report(report)
        return report

    # ------------------------------------------------------------------------------------------- redemption

    def request_redemption(
        self,
        investor: AnyInvestor,
        amount: AnyAmount,
        *,
        wallet: str,
        bank_account: str,
        idempotency_key: str,
        maker: str,
    ) -> RedemptionOrder:
        """Takes an order for money, paid to the investor's own account; the same key gives the same order.

        Raises NotCentAligned for fractions of a cent, InvalidInput, NotEligible (another's wallet or
        account), IdempotencyConflict, NotAuthorised.
        """
        return self._redemptions.request(
            self.reference(investor),
            amount,
            wallet=wallet,
            bank_account=bank_account,
            idempotency_key=idempotency_key,
            maker=maker,
        )

    def validate_redemption(self, order: Order | str, *, by: str) -> RedemptionOrder:
        """`requested` to `valid`: the clock starts, the money is due by the end of the next business day."""
        return self._redemptions.validate(order, by=by)

    def redemption_authorization(
        self, order: Order | str, *, lifetime: timedelta = timedelta(hours=24)
    ) -> RedemptionAuthorization:
        """What the holder signs so that the tokens may go into escrow for this order (ERC-3009)."""
        return self._redemptions.authorization(order, lifetime=lifetime)

    def escrow(self, authorization: RedemptionAuthorization, signature: bytes) -> RedemptionOrder:
        """`valid` to `escrowed` on the holder's signature; the operator pays the gas.

        A holder may instead call `requestRedemption` with `redemption_reference(order)`: `run` finds it.
        Returns the order, still `valid` if the chain hasn't answered yet: `run` goes on. Raises what the
        contract refuses, IllegalTransition.
        """
        return self._redemptions.escrow(authorization, signature)

    def payments_due(self) -> PaymentsDue:
        """The redemptions that the treasury has to pay, and those that it must not pay now: their burn came
        first, and then a restriction, a list, or no list that is current (regulation.md R-AML-10, R-AML-11).
        """
        return self._redemptions.payments_due()

    def record_payout(
        self,
        order: Order | str,
        *,
        payment_reference: str,
        by: str,
        amount: AnyAmount | None = None,
        paid_at: datetime | None = None,
    ) -> Payout:
        """`burned` to `paid`: the bank confirms the payment; `run` records it on chain and settles.

        `amount` defaults to the order's at par, `paid_at` to now; `by` is a treasurer who neither made
        nor approved the order. A payment that was made is on record also of an order that was held back
        (`payments_due`), with an alert. Raises PayoutAlreadyRecorded, BurnNotFinal, FundsMismatch,
        NotAuthorised.
        """
        return self._redemptions.record_payout(
            order, payment_reference=payment_reference, by=by, amount=amount, paid_at=paid_at
        )

    # ------------------------------------------------------------------------------- holding back and ending

    def hold(self, order: Order | str, *, by: str, reason: str) -> Order:
        """Puts an order on hold. By compliance."""
        return self._end(order, State.ON_HOLD, by, Role.COMPLIANCE, reason)

    def release(self, order: Order | str, *, by: str, reason: str) -> Order:
        """Takes an order from hold back to where it was. By compliance."""
        found = self.ledger.orders.get(order_id(order))
        return self._end(found, found.held_from or State.REQUESTED, by, Role.COMPLIANCE, reason)

    def cancel(self, order: Order | str, *, by: str, reason: str) -> Order:
        """Ends an order on the customer's wish. By maker or checker; escrowed tokens: see `reject`."""
        found = self.ledger.orders.get(order_id(order))
        if isinstance(found, RedemptionOrder) and found.number is not None:
            return self.reject(found, by=by, reason=reason)
        role = self._context.role_of(by, Role.MAKER, Role.CHECKER)
        return self._end(found, State.CANCELLED, by, role, reason)

    def reject(self, order: Order | str, *, by: str, reason: str) -> Order:
        """Ends an order. By checker or compliance. Escrowed tokens go back at the next run, with `reason`
        (up to 32 bytes) on chain; money received goes back by `return_funds`.
        """
        found = self.ledger.orders.get(order_id(order))
        if isinstance(found, RedemptionOrder):
            return self._redemptions.reject(found, by=by, reason=reason)
        role = self._context.role_of(by, Role.CHECKER, Role.COMPLIANCE)
        return self._end(found, State.REJECTED, by, role, reason)

    def _end(self, order: Order | str, to: State, by: str, role: Role, reason: str) -> Order:
        found = self.ledger.orders.get(order_id(order))
        self._redemptions.refuse_under_way(found)
        if isinstance(found, MintOrder) and to in _ENDED:
            self._minting.refuse_minted(found)
        with self.ledger.transaction() as tx:
            moved = tx.orders.step(found.id, to, actor=by, role=role, reason=reason)
            if to is State.CANCELLED and isinstance(moved, RedemptionOrder) and moved.number is not None:
                raise IllegalTransition(
                    f"order {moved.id}'s tokens went into escrow just now: cancel it again, and they go back",
                    order=moved.id,
                )
            if isinstance(moved, MintOrder) and to in _ENDED:
                tx.batches.leave([moved.id])
            elif isinstance(moved, RedemptionOrder) and moved.batch_id is not None:
                # The chain takes all redemptions that were signed together, or none.
                tx.batches.dissolve(moved.batch_id)
        return moved

    def incidents(self) -> tuple[Incident, ...]:
        """What stopped the worker's minting, oldest first, with who acknowledged it."""
        return self.ledger.incidents.find()

    def acknowledge_incident(self, incident: Incident | str, *, by: str, note: str) -> Incident:
        """A person of compliance has looked: minting may go on, and `run` sends again, byte for byte, what
        was gone from the chain. Raises NotAuthorised, NotFound, IllegalTransition.
        """
        found = incident if isinstance(incident, str) else incident.id
        return self._incidents.acknowledge(found, by=by, note=note)

    def freeze(self, account: str, amount: AnyAmount | None = None) -> Mined:
        """Freezes an account, or `amount` tokens of it, at once, on the guardian's own lane."""
        return self._freezes.freeze(account, amount)

    def unfreeze(self, account: str, case_id: str, amount: AnyAmount | None = None) -> Mined:
        """Lowers what is frozen to `amount` (nothing, if not given) under a case. Sent by compliance."""
        return self._freezes.unfreeze(account, case_id, amount)

    @property
    def lanes(self) -> Lanes:
        """The sending keys, for what another room sends in a role's name."""
        return self._lanes

    def derived_secret(self, purpose: str) -> bytes:
        """32 bytes made of the desk's secret, for one purpose and no other."""
        return hmac.digest(self._context.secret, b"derived:" + purpose.encode(), "sha256")

    @property
    def actions(self) -> SuiteActions:
        """What `toolkit.compliance` does on this desk's chain; a fund's share classes come `with_funds`."""
        return self._actions

    # ---------------------------------------------------------------------------------------------- reading

    def orders(
        self, state: State | str | Sequence[State | str] | None = None, *, kind: OrderKind | str | None = None
    ) -> tuple[Order, ...]:
        """The orders in a state (or several, or all), oldest first."""
        states = None if state is None else [state] if isinstance(state, str) else list(state)
        return self.ledger.orders.find(
            kind=None if kind is None else one_of(OrderKind, kind, "kind of order"),
            state=None if states is None else [one_of(State, item, "state") for item in states],
        )

    def order(self, order: Order | str) -> Order:
        """The order as it stands now. Raises NotFound."""
        return self.ledger.orders.get(order_id(order))

    def history(self, order: Order | str) -> tuple[OrderEvent, ...]:
        """Every step of an order, oldest first. Why compliance held it or let it go is compliance's to read
        (`toolkit.compliance.access`), and isn't said here: no tipping off (regulation.md R-AML-11).
        """
        return tuple(map(_for_the_desk, self.ledger.orders.history(order_id(order))))

    def status(self) -> DeskStatus:
        """Chain and ledger side by side at the last final block, every difference listed."""
        return status_of(self._context)


def _for_the_desk(step: OrderEvent) -> OrderEvent:
    """The step without the reason, if compliance held the order by it or let it go."""
    said_by_compliance = step.role is Role.COMPLIANCE and State.ON_HOLD in (step.from_state, step.to_state)
    return replace(step, reason=_UNSAID) if said_by_compliance else step
