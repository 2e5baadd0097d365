"""The token: whose tokens there are, what is frozen of them, and who may move them. Design 4.1 and 4.3."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from support.model.refusals import Refusal, refuse, when

from toolkit.bindings import errors

ACCOUNT_FROZEN = 2**128 - 1
UNLIMITED = 2**256 - 1
NO_CASE = bytes(32)


@dataclass
class Token:
    """`discharges` are the settled liabilities with their times; `used` the spent authorisations."""

    address: str
    market: str
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    frozen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    allowances: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    used: set[tuple[str, bytes]] = field(default_factory=set)
    minted: int = 0
    burned: int = 0
    discharges: list[tuple[int, int]] = field(default_factory=list)
    paused: bool = False

    def __post_init__(self) -> None:
        # The token itself holds nothing, so that nothing is lost by a transfer to the wrong address.
        self.frozen[self.address] = ACCOUNT_FROZEN

    @property
    def outstanding(self) -> int:
        return self.minted - self.burned

    def discharged(self, by: int | None = None) -> int:
        """What was settled, by a time where one is given."""
        return sum(amount for time, amount in self.discharges if by is None or time <= by)

    def is_frozen(self, account: str) -> bool:
        return self.frozen[account] == ACCOUNT_FROZEN

    def free(self, account: str) -> int:
        """What may move: the balance but for what is frozen of it."""
        return max(0, self.balances[account] - self.frozen[account])

    def frozen_beyond_balance(self, account: str) -> int:
        """What a freeze still asks for when all that the account holds is counted."""
        if self.is_frozen(account):
            return ACCOUNT_FROZEN
        return max(0, self.frozen[account] - self.balances[account])

    # --- holders -----------------------------------------------------------------------------------------

    def move(self, sender: str, to: str, amount: int) -> None:
        """A holder's own transfer, by whatever authority."""
        held, free = self.balances[sender], self.free(sender)
        refuse(
            when(self.paused, errors.TokenPaused),
            when(self.is_frozen(sender), errors.ERC7943CannotSend, account=sender),
            when(self.is_frozen(to), errors.ERC7943CannotReceive, account=to),
            when(amount > held, errors.ERC20InsufficientBalance, sender=sender, balance=held, needed=amount),
            when(
                held >= amount > free,
                errors.ERC7943InsufficientUnfrozenBalance,
                account=sender,
                unfrozen=free,
            ),
        )
        self._shift(sender, to, amount)

    def approve(self, owner: str, spender: str, amount: int) -> None:
        self.allowances[owner, spender] = amount

    def move_from(self, spender: str, owner: str, to: str, amount: int) -> None:
        allowed = self.allowances[owner, spender]
        refuse(
            when(self.is_frozen(spender), errors.ERC7943CannotSend, account=spender),
            when(allowed < amount, errors.ERC20InsufficientAllowance, spender=spender, allowance=allowed),
        )
        if allowed != UNLIMITED:
            self.allowances[owner, spender] = allowed - amount
        self.move(owner, to, amount)

    def permit(self, now: int, owner: str, spender: str, amount: int, deadline: int, *, good: bool) -> None:
        refuse(
            when(now > deadline, errors.ERC2612ExpiredSignature, deadline=deadline),
            when(not good, errors.ERC2612InvalidSigner, owner=owner),
        )
        self.nonces[owner] += 1
        self.approve(owner, spender, amount)

    def authorise(self, now: int, holder: str, nonce: bytes, valid: tuple[int, int], *, good: bool) -> None:
        """Uses up an authorisation that is valid after, and before, two instants."""
        after, before = valid
        refuse(
            when(now <= after, errors.ERC3009NotYetValid, valid_after=after),
            when(now >= before, errors.ERC3009Expired, valid_before=before),
            when((holder, nonce) in self.used, errors.ERC3009AlreadyUsed, authorizer=holder, nonce=nonce),
            when(not good, errors.ERC3009InvalidSignature, authorizer=holder),
        )
        self.used.add((holder, nonce))

    def cancel_authorisation(self, holder: str, nonce: bytes, *, good: bool) -> None:
        refuse(
            when((holder, nonce) in self.used, errors.ERC3009AlreadyUsed, authorizer=holder, nonce=nonce),
            when(not good, errors.ERC3009InvalidSignature, authorizer=holder),
        )
        self.used.add((holder, nonce))

    # --- guardian, governor, compliance ------------------------------------------------------------------

    def pause(self) -> None:
        refuse(when(self.paused, errors.TokenPaused))
        self.paused = True

    def resume(self) -> None:
        refuse(when(not self.paused, errors.TokenNotPaused))
        self.paused = False

    def freeze(self, account: str, amount: int) -> None:
        """An absolute amount, which may exceed the balance and never falls."""
        frozen = self.frozen[account]
        refuse(
            when(account == self.market, errors.EscrowIsProtected, market=account),
            when(amount < frozen, errors.FreezeMayOnlyRaise, account=account, frozen=frozen, asked=amount),
            when(amount > ACCOUNT_FROZEN, errors.SafeCastOverflowedUintDowncast, bits=128, value=amount),
        )
        self.frozen[account] = amount

    def unfreeze(self, account: str, amount: int, case: bytes) -> None:
        frozen = self.frozen[account]
        refuse(
            when(account == self.market, errors.EscrowIsProtected, market=account),
            when(amount >= frozen, errors.UnfreezeMayOnlyLower, account=account, frozen=frozen, asked=amount),
            when(case == NO_CASE, errors.CaseIdRequired),
        )
        self.frozen[account] = amount

    def forced_transfer(self, sender: str, to: str, amount: int, case: bytes) -> None:
        refuse(
            when(sender == to, errors.ForcedTransferToSelf, account=sender),
            when(self.is_frozen(to), errors.ERC7943CannotReceive, account=to),
            *self._taking(sender, amount, case),
        )
        self._use_up_freeze(sender, amount)
        self._shift(sender, to, amount)

    def burn_by_order(self, now: int, account: str, amount: int, case: bytes) -> None:
        """The liability ends with the token."""
        refuse(*self._taking(account, amount, case))
        self._use_up_freeze(account, amount)
        self.burn(account, amount)
        self.discharge(now, amount)

    def lower_freeze(self, account: str, amount: int) -> None:
        """What was taken elsewhere is frozen no more; an account that is frozen as such stays frozen."""
        if not self.is_frozen(account):
            self.frozen[account] -= amount

    # --- the market --------------------------------------------------------------------------------------

    def credit(self, to: str, amount: int) -> None:
        self.balances[to] += amount
        self.minted += amount

    def burn(self, account: str, amount: int) -> None:
        self.balances[account] -= amount
        self.burned += amount

    def discharge(self, now: int, amount: int) -> None:
        self.discharges.append((now, amount))

    # --- inside ------------------------------------------------------------------------------------------

    def _taking(self, account: str, amount: int, case: bytes) -> list[Refusal | None]:
        held = self.balances[account]
        return [
            when(account == self.market, errors.EscrowIsProtected, market=account),
            when(amount > held, errors.ERC20InsufficientBalance, sender=account, balance=held, needed=amount),
            when(case == NO_CASE, errors.CaseIdRequired),
        ]

    def _use_up_freeze(self, account: str, amount: int) -> None:
        """Frozen tokens are taken last, and what is taken of them is frozen no more."""
        taken = max(0, amount - self.free(account))
        self.lower_freeze(account, taken)

    def _shift(self, sender: str, to: str, amount: int) -> None:
        self.balances[sender] -= amount
        self.balances[to] += amount
