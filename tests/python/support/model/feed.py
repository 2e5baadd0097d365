"""The attested feed, from design 4.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.model.arithmetic import LARGEST_AMOUNT, is_within
from support.model.refusals import refuse, when

from toolkit.bindings import errors


@dataclass(frozen=True)
class Signed:
    """A signature that claims to be `signer`'s, and whether it is."""

    signer: str
    good: bool = True


@dataclass(frozen=True)
class Round:
    value: int
    as_of: int
    report: bytes


@dataclass
class Feed:
    """`every` is how many attestors the governor named. Suspending one of them takes its voice, and leaves
    the others as many as they have to be.
    """

    attestors: tuple[str, ...]
    threshold: int
    max_age: int
    max_rise_bps: int
    max_fall_bps: int
    every: int
    agreed: int = 0
    suspended: bool = False
    rounds: list[Round] = field(default_factory=list)

    @property
    def last(self) -> Round:
        return self.rounds[-1] if self.rounds else Round(0, 0, b"")

    @property
    def fresh_until(self) -> int:
        return 0 if self.suspended or not self.rounds else self.last.as_of + self.max_age

    def required(self, value: int) -> int:
        """How many have to sign: the threshold, or everybody for a first value and for a jump, measured
        from the last value and from the last that everybody signed.
        """
        bounds = (self.max_rise_bps, self.max_fall_bps)
        is_usual = bool(self.rounds) and all(
            is_within(value, base, *bounds) for base in (self.last.value, self.agreed)
        )
        return self.threshold if is_usual else max(self.threshold, self.every)

    def publish(self, now: int, attested: Round, signatures: Sequence[Signed]) -> None:
        given = [signature.signer for signature in signatures]
        valid = len({item.signer for item in signatures if item.good and item.signer in self.attestors})
        required = self.required(attested.value)
        refuse(
            when(attested.as_of >= now, errors.AttestationFromFuture, as_of=attested.as_of),
            when(attested.as_of <= self.last.as_of, errors.AttestationNotNewer, last_as_of=self.last.as_of),
            when(attested.value > LARGEST_AMOUNT, errors.ValueTooLarge, value=attested.value),
            when(not any(attested.report), errors.ReportMissing),
            when(len(set(given)) != len(given), errors.SignersNotSorted),
            when(valid < required, errors.NotEnoughSignatures, valid=valid, required=required),
        )
        if valid >= self.every:
            self.agreed = attested.value
        self.rounds.append(attested)

    def suspend(self) -> None:
        refuse(when(self.suspended, errors.FeedSuspended))
        self.suspended = True

    def resume(self) -> None:
        refuse(when(not self.suspended, errors.FeedNotSuspended))
        self.suspended = False

    def suspend_attestor(self, attestor: str) -> None:
        refuse(when(attestor not in self.attestors, errors.NotAttestor, account=attestor))
        self.attestors = tuple(item for item in self.attestors if item != attestor)

    def set_attestors(self, attestors: Sequence[str], threshold: int) -> None:
        refuse(
            when(not 1 <= threshold <= len(attestors), errors.InvalidThreshold, threshold=threshold),
            when(len(set(attestors)) != len(attestors), errors.InvalidAttestor),
        )
        self.attestors, self.threshold, self.every = tuple(attestors), threshold, len(attestors)

    def set_limits(self, max_age: int, max_rise_bps: int, max_fall_bps: int) -> None:
        refuse(when(max_age == 0, errors.InvalidMaxAge))
        self.max_age, self.max_rise_bps, self.max_fall_bps = max_age, max_rise_bps, max_fall_bps
