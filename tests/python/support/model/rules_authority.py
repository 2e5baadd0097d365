"""What those in office do: attestors, registrar, guardian, compliance and governor. And time."""

from __future__ import annotations

from hypothesis import strategies as st
from support.model.choices import (
    Size,
    Voices,
    accounts,
    cases,
    edges,
    holders,
    picks,
    places,
    sizes,
    usually,
    voices,
)
from support.model.feed import Round, Signed
from support.model.refusals import Refusal, refuse
from support.model.rules import pick_of
from support.model.rules_governor import Change, GovernorRules
from support.model.token import ACCOUNT_FROZEN
from support.verbs import verb

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import Attestation as AttestationStruct
from toolkit.bindings.structs import (
    InvestorClass,
    Signature,
    Wallet,
    WalletEntry,
    WalletKind,
)
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner
from toolkit.reserves.attestation import ATTESTATION_TYPES, PRIMARY_TYPE, Attestation
from toolkit.reserves.bundle import AttestationBundle

REPORT = b"\x11" * 32

backs = usually(1, 0, 2, 60, 3600, 30 * 3600, None, weight=2)
"""How long before its block an attestation's value held; None for as long as the last."""

extremes = usually(None, 2**112 - 1, 2**112, 2**128 - 1, 0, weight=6)
frozen_places = st.sampled_from([0, 0, 1, 1, 2, 2, 3, 4])


class AuthorityRules(GovernorRules):
    """Each verb by who may do it, and all of them by somebody who may not."""

    # --- attestors ---------------------------------------------------------------------------------------

    @verb(
        8,
        size=edges,
        extreme=extremes,
        back=backs,
        who=voices,
        report=usually(REPORT, bytes(32), weight=9),
        pick=picks,
    )
    def attest(
        self, size: Size, extreme: int | None, back: int | None, who: Voices, report: bytes, pick: int
    ) -> None:
        as_of = self.model.feed.last.as_of if back is None else self.now - back
        self.publish(self._value(size, extreme), as_of, who, report, pick)

    def publish(self, value: int, as_of: int, who: Voices, report: bytes = REPORT, pick: int = 0) -> None:
        """Through the issuance where every signature is an attestor's own, else as only the chain can
        judge.
        """
        statement = Attestation(value, as_of, report)
        domain, feed = self.sdk.feed_domain(), self.model.feed
        known = [self.bench.signer_of(account) for account in self.bench.terms.reserve.attestors]
        able = [signer for signer in known if signer.address in feed.attestors]
        able = able[pick % len(able) :] + able[: pick % len(able)] if able else []
        count = feed.required(value) if who is not Voices.ALL else len(able)
        signers = able[: count - 1 if who is Voices.TOO_FEW else count]
        bundle = AttestationBundle(statement, domain, [signer.address for signer in known])
        for signer in signers:
            bundle.sign(signer)
        signed = [Signed(item.signer) for item in bundle.signatures_sorted()]
        signatures = [Signature(item.signer, item.data) for item in bundle.signatures_sorted()]
        if who is Voices.TWICE and signed:
            signed, signatures = [*signed, signed[0]], [*signatures, signatures[0]]
        if who in (Voices.STRANGER, Voices.FORGED) and signed:
            claimed = signed[0].signer if who is Voices.FORGED else self.outsider.address
            data = self.outsider.sign_typed_data(
                domain.to_data(), ATTESTATION_TYPES, PRIMARY_TYPE, statement.message()
            )
            signed[0] = Signed(claimed, good=who is Voices.STRANGER)
            signatures[0] = Signature(claimed, data)

        def act() -> None:
            if who in (Voices.TWICE, Voices.STRANGER, Voices.FORGED) or not feed.attestors:
                call = self.sdk.feed.publish(AttestationStruct(value, as_of, report), signatures)
                self.bench.send(self.outsider, call)
            else:
                self.sdk.reserve.publish(bundle)

        self.bench.attempt(
            "attest", lambda coin: coin.feed.publish(coin.clock, Round(value, as_of, report), signed), act
        )

    def _value(self, size: Size, extreme: int | None) -> int:
        """A reserve near the bounds of the last ones, or just about what the tokens need."""
        if extreme is not None:
            return extreme
        feed, token = self.model.feed, self.model.token
        bounds = [
            base + base * move // 10_000
            for base in (feed.last.value, feed.agreed)
            for move in (feed.max_rise_bps, -feed.max_fall_bps)
        ]
        liabilities = token.minted - token.discharged()
        return min(
            2**128 - 1, self.amount(Size(size.number * 20, size.edge, size.offset), *bounds, liabilities)
        )

    # --- registrar ---------------------------------------------------------------------------------------

    @verb(2, who=accounts, lasting=usually(2**39, 0, 90_000), stolen=usually(0, 1, weight=9))
    def register(self, who: int, lasting: int, stolen: int) -> None:
        account, until = self.addresses[who], self.now + lasting
        investor = bytes(15) + bytes([who + 1 + 100 * stolen])
        wallet = Wallet(investor, until, 344, InvestorClass.CORPORATE_PROFESSIONAL, WalletKind.UNHOSTED)
        self.bench.attempt_as(
            "register",
            Role.REGISTRAR,
            self.sdk.registry.set_wallets([WalletEntry(account, wallet)]),
            lambda coin: coin.register(account, investor, until),
        )

    @verb(1, who=accounts)
    def remove_wallet(self, who: int) -> None:
        account = self.addresses[who]
        self.bench.attempt_as(
            "remove wallet",
            Role.REGISTRAR,
            self.sdk.registry.remove_wallets([account]),
            lambda coin: coin.remove_wallet(account),
        )

    # --- guardian ----------------------------------------------------------------------------------------

    @verb(
        3,
        who=frozen_places,
        size=sizes,
        whole=usually(False, True, weight=3),
        beyond=usually(False, True, weight=15),
    )
    def freeze(self, who: int, size: Size, whole: bool, beyond: bool) -> None:
        account, token = self.place(who), self.model.token
        amount = self.amount(size, token.frozen[account], token.balances[account], ACCOUNT_FROZEN)
        self.freeze_to(account, ACCOUNT_FROZEN + 1 if beyond else ACCOUNT_FROZEN if whole else amount)

    @verb(5, pick=picks, lasting=usually(False, True, weight=1), holder=holders)
    def guard(self, pick: int, lasting: bool, holder: int) -> None:
        """Everything else that a guardian may stop at once; what a holder and the desk can do then; and its
        end, unless it is `lasting`.
        """
        attestor = pick_of([*self.bench.terms.reserve.attestors, self.outsider.address], pick // 8 + pick)
        verb, call, change = self._stops(attestor)[pick // 2 % 4]
        for _ in range(1 + pick % 2):
            self.bench.attempt_as(verb, Role.GUARDIAN, call, change)
        self.see()
        self.transfer(sender=holder, to=0, size=Size(number=1))
        self.mint(to=holder, size=Size(number=1))
        self.redeem(holder=holder, size=Size(number=1), approver=1)
        if not lasting:
            _, verb, call, change = self._lifts()[pick // 2 % 4]
            for _ in range(1 + pick % 2):
                self.bench.govern(verb, call, change)

    def _stops(self, attestor: str) -> list[tuple[str, Call, Change]]:
        sdk = self.sdk
        return [
            ("pause", sdk.token.pause(), lambda coin: coin.token.pause()),
            ("suspend feed", sdk.feed.suspend(), lambda coin: coin.feed.suspend()),
            ("stop minting", sdk.market.stop_minting(), lambda coin: coin.market.stop()),
            (
                "suspend attestor",
                sdk.feed.suspend_attestor(attestor),
                lambda coin: coin.feed.suspend_attestor(attestor),
            ),
        ]

    # --- compliance --------------------------------------------------------------------------------------

    @verb(4, applies=lambda self: self.frozen(), who=frozen_places, pick=picks, size=edges, case=cases)
    def unfreeze(self, who: int, pick: int, size: Size, case: bytes) -> None:
        """Rather somebody of whom something is frozen than another."""
        frozen = self.frozen()
        account = pick_of(frozen, pick) if frozen and pick % 5 else self.place(who)
        token = self.model.token
        amount = self.amount(size, 0, token.frozen[account], token.balances[account])
        self.bench.attempt_as(
            "unfreeze",
            Role.COMPLIANCE,
            self.sdk.token.unfreeze(account, amount, case),
            lambda coin: coin.token.unfreeze(account, amount, case),
        )

    def frozen(self) -> list[str]:
        return [account for account in self.addresses if self.model.token.frozen[account]]

    @verb(4, who=frozen_places, to=places, size=sizes, case=cases)
    def forced_transfer(self, who: int, to: int, size: Size, case: bytes) -> None:
        account, target = self.place(who), self.place(to)
        amount = self.holding(size, account)
        self.bench.attempt_as(
            "forced transfer",
            Role.COMPLIANCE,
            self.sdk.token.forced_transfer(account, target, amount, case),
            lambda coin: coin.token.forced_transfer(account, target, amount, case),
        )

    @verb(3, who=frozen_places, size=sizes, case=cases)
    def burn_by_order(self, who: int, size: Size, case: bytes) -> None:
        account = self.place(who)
        amount = self.holding(size, account)
        self.bench.attempt_as(
            "burn by order",
            Role.COMPLIANCE,
            self.sdk.token.burn_by_order(account, amount, case),
            lambda coin: coin.token.burn_by_order(coin.clock, account, amount, case),
        )

    # --- nobody, and time --------------------------------------------------------------------------------

    @verb(2, deed=picks, who=picks)
    def intrude(self, deed: int, who: int) -> None:
        """Somebody does what is for another to do."""
        role, call = self._deeds()[deed % len(self._deeds())]
        others = [other for other in Role if other not in (role, Role.GOVERNOR, Role.DEALING_MANAGER)]
        intruders: list[LocalSigner] = [self.outsider, *(self.bench.signers(other)[0] for other in others)]
        intruder = intruders[who % len(intruders)]
        self.bench.attempt_as(
            "intrude",
            intruder,
            call,
            lambda coin: refuse(Refusal(errors.AccessManagedUnauthorized, caller=intruder.address)),
        )

    def _deeds(self) -> list[tuple[Role, Call]]:
        token, market, registry = self.sdk.token, self.sdk.market, self.sdk.registry
        holder, case = self.addresses[0], b"\xca" * 32
        return [
            (Role.OPERATOR, market.mint([])),
            (Role.OPERATOR, market.accept_redemptions([1], [])),
            (Role.OPERATOR, market.reject_redemptions([1], bytes(32))),
            (Role.TREASURER, market.record_payouts([(1, case)])),
            (Role.REGISTRAR, registry.remove_wallets([holder])),
            (Role.COMPLIANCE, token.unfreeze(holder, 0, case)),
            (Role.COMPLIANCE, token.forced_transfer(holder, self.addresses[1], 1, case)),
            (Role.COMPLIANCE, token.burn_by_order(holder, 1, case)),
            (Role.COMPLIANCE, market.seize_escrow(1, self.addresses[1], case)),
            (Role.COMPLIANCE, market.return_unsolicited(holder, 1, case)),
            (Role.GUARDIAN, token.freeze(holder)),
            *((Role.GUARDIAN, call) for _, call, _ in self._stops(self.bench.terms.reserve.attestors[0])),
            *((Role.GOVERNOR, call) for _, _, call, _ in self._lifts()),
            (Role.GOVERNOR, market.wind_down()),
            (Role.GOVERNOR, market.set_order_cap(2**112 - 1)),
        ]

    @verb(
        5,
        size=st.sampled_from([1, 59, 3600, 7 * 3600, 25 * 3600]),
        edge=st.sampled_from([None, None, 0, 1, 2]),
    )
    def time_passes(self, size: int, edge: int | None) -> None:
        """Some time, or until something ends: the last second of freshness or of a redemption's period. In
        the second after, somebody mints.
        """
        clock = self.model.clock
        fresh_until = self.model.feed.fresh_until
        ends = [fresh_until - 1, fresh_until]
        ends += [
            item.requested_at + self.model.market.period for item in self.model.market.redemptions.values()
        ]
        at = clock + size if edge is None else ends[edge % len(ends)]
        self.bench.attempt("time passes", lambda coin: None, self.bench.node.mine, at=max(at, clock + 1))
        if edge is not None:
            self.see()
            self.mint(to=0, size=Size(number=1))
