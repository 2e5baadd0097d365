"""What holders do with their tokens."""

from __future__ import annotations

from hypothesis import strategies as st
from support.model.choices import (
    Flaw,
    Size,
    accounts,
    edges,
    flaws,
    holders,
    picks,
    places,
    sizes,
    usually,
    windows,
)
from support.model.coin import Window
from support.model.rules import CoinRules
from support.model.token import UNLIMITED
from support.verbs import verb


class HolderRules(CoinRules):
    """ERC-20, ERC-2612 and ERC-3009."""

    @verb(4, sender=accounts, to=places, size=sizes)
    def transfer(self, sender: int, to: int, size: Size) -> None:
        person, target = self.people[sender], self.place(to)
        amount = self.holding(size, person.address)
        self.bench.attempt_as(
            "transfer",
            person,
            self.sdk.token.transfer(target, amount),
            lambda coin: coin.token.move(person.address, target, amount),
        )

    @verb(2, owner=holders, spender=accounts, size=sizes, boundless=st.booleans())
    def approve(self, owner: int, spender: int, size: Size, boundless: bool) -> None:
        person, other = self.people[owner], self.addresses[spender]
        amount = UNLIMITED if boundless else self.holding(size, person.address)
        self.bench.attempt_as(
            "approve",
            person,
            self.sdk.token.approve(other, amount),
            lambda coin: coin.token.approve(person.address, other, amount),
        )

    @verb(4, pick=picks, spender=accounts, owner=holders, to=places, size=edges)
    def transfer_from(self, pick: int, spender: int, owner: int, to: int, size: Size) -> None:
        pair = (self.addresses[owner], self.addresses[spender])
        granted = sorted(
            key for key, left in self.model.token.allowances.items() if left and key[1] in self.addresses
        )
        if granted and pick % 4:
            pair = granted[pick % len(granted)]
        holder, by = pair
        token, target = self.model.token, self.place(to)
        amount = self.amount(
            size, token.balances[holder], token.free(holder), min(token.allowances[pair], 2**112)
        )
        self.bench.attempt_as(
            "transfer from",
            self.people[self.addresses.index(by)],
            self.sdk.token.transfer_from(holder, target, amount),
            lambda coin: coin.token.move_from(by, holder, target, amount),
        )

    @verb(
        3,
        owner=holders,
        spender=places,
        size=sizes,
        flaw=flaws,
        left=usually(0, -1, 600),
        stale=usually(0, 1),
    )
    def permit(self, owner: int, spender: int, size: Size, flaw: Flaw, left: int, stale: int) -> None:
        """`stale` signs for the nonce after the one that is next."""
        person, other = self.people[owner], self.place(spender % 5)
        amount, deadline = self.holding(size, person.address), self.now + left
        nonce = self.model.token.nonces[person.address] + stale
        terms = {"owner": person.address, "spender": other, "nonce": nonce, "deadline": deadline}
        data = self.sdk.token.permit_data(amount=amount, **terms)
        altered = self.sdk.token.permit_data(amount=amount + 1, **terms)
        revoking = self.sdk.token.cancel_data(authorizer=person.address, nonce=bytes(32))
        signature = self.signed(data, altered, revoking, person, flaw)
        good = flaw is Flaw.NONE and not stale
        self.bench.attempt_as(
            "permit",
            self.outsider,
            self.sdk.token.permit(
                owner=person.address, spender=other, amount=amount, deadline=deadline, signature=signature
            ),
            lambda coin: coin.token.permit(coin.clock, person.address, other, amount, deadline, good=good),
        )

    @verb(
        4,
        holder=holders,
        to=places,
        size=sizes,
        flaw=flaws,
        window=windows,
        again=usually(None, 0),
        pick=picks,
    )
    def transfer_by_authorisation(
        self, holder: int, to: int, size: Size, flaw: Flaw, window: Window, again: int | None, pick: int
    ) -> None:
        person, target = self.people[holder], self.place(to)
        amount, valid = self.holding(size, person.address), self._valid(window)
        nonce = self._nonce(person.address, again, pick)
        terms = self._terms(person.address, target, valid, nonce)
        signature = self.signed(
            self.sdk.token.transfer_data(amount=amount, **terms),
            self.sdk.token.transfer_data(amount=amount + 1, **terms),
            self.sdk.token.receive_data(amount=amount, **terms),
            person,
            flaw,
        )
        self.bench.attempt_as(
            "transfer by authorisation",
            self.outsider,
            self.sdk.token.transfer_with_authorization(amount=amount, signature=signature, **terms),
            lambda coin: coin.transfer_by_authorisation(
                person.address, target, amount, nonce, valid, good=flaw is Flaw.NONE
            ),
        )

    @verb(
        4,
        holder=holders,
        payee=accounts,
        presenter=usually(None, 3),
        size=sizes,
        flaw=flaws,
        window=windows,
        again=usually(None, 0),
        pick=picks,
    )
    def receive_by_authorisation(
        self,
        holder: int,
        payee: int,
        presenter: int | None,
        size: Size,
        flaw: Flaw,
        window: Window,
        again: int | None,
        pick: int,
    ) -> None:
        person, target = self.people[holder], self.addresses[payee]
        caller = self.people[payee if presenter is None else presenter]
        amount, valid = self.holding(size, person.address), self._valid(window)
        nonce = self._nonce(person.address, again, pick)
        terms = self._terms(person.address, target, valid, nonce)
        signature = self.signed(
            self.sdk.token.receive_data(amount=amount, **terms),
            self.sdk.token.receive_data(amount=amount + 1, **terms),
            self.sdk.token.transfer_data(amount=amount, **terms),
            person,
            flaw,
        )
        self.bench.attempt_as(
            "receive by authorisation",
            caller,
            self.sdk.token.receive_with_authorization(amount=amount, signature=signature, **terms),
            lambda coin: coin.receive_by_authorisation(
                caller.address, person.address, target, amount, nonce, valid, good=flaw is Flaw.NONE
            ),
        )

    @verb(2, holder=holders, flaw=flaws, again=usually(None, 0), pick=picks)
    def cancel_authorisation(self, holder: int, flaw: Flaw, again: int | None, pick: int) -> None:
        person = self.people[holder]
        nonce = self._nonce(person.address, again, pick)
        data = self.sdk.token.cancel_data(authorizer=person.address, nonce=nonce)
        other = self.sdk.token.cancel_data(authorizer=person.address, nonce=b"\xff" * 32)
        signature = self.signed(data, other, other, person, Flaw.FORGED if flaw is not Flaw.NONE else flaw)
        self.bench.attempt_as(
            "cancel authorisation",
            self.outsider,
            self.sdk.token.cancel_authorization(authorizer=person.address, nonce=nonce, signature=signature),
            lambda coin: coin.token.cancel_authorisation(person.address, nonce, good=flaw is Flaw.NONE),
        )

    # --- inside ------------------------------------------------------------------------------------------

    def _valid(self, window: Window) -> Window:
        return self.now + window[0], self.now + window[1]

    def _nonce(self, holder: str, again: int | None, pick: int) -> bytes:
        """A nonce of its own, or one that was used."""
        used = sorted(nonce for account, nonce in self.model.token.used if account == holder)
        if again is not None and used:
            return used[pick % len(used)]
        return self.now.to_bytes(32, "big")

    def _terms(self, holder: str, to: str, valid: Window, nonce: bytes) -> dict[str, object]:
        return {"holder": holder, "to": to, "valid_after": valid[0], "valid_before": valid[1], "nonce": nonce}
