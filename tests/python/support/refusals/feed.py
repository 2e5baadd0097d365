"""What the attested feed refuses."""

from __future__ import annotations

import pytest
from support.refusals.cases import Attempt, Table, attempt, create, created, governed, raw
from support.suite import REPORT, Suite

from toolkit.bindings import errors, structs
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.roles import Role
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner
from toolkit.reserves.attestation import Attestation

table: Table[Suite] = Table()
case = table.case


def publication(suite: Suite, value: int, as_of: int, *signers: LocalSigner, report: bytes = REPORT) -> Call:
    """An attestation that the SDK's own bundle might not let pass, with the signatures of `signers`."""
    digest = Attestation(value, as_of, report).digest(suite.issuance.feed_domain())
    signatures = [structs.Signature(signer.address, signer.sign_digest(digest)) for signer in signers]
    return suite.feed.publish(structs.Attestation(value, as_of, report), signatures)


# --------------------------------------------------------------------------------------------- attestations


@case(errors.FeedNotConfigured, at="AttestedFeed.publish")
def a_feed_without_attestors(suite: Suite) -> Attempt:
    feed = AttestedFeed(
        suite.client, created(suite, "AttestedFeed", suite.access.address, 6, "not yet configured")
    )
    statement = structs.Attestation(5, suite.now() - 1, REPORT)
    return attempt(suite, suite.stranger, feed.publish(statement, []))


@case(errors.AttestationFromFuture, at="AttestedFeed.publish")
def an_attestation_from_the_future(suite: Suite) -> Attempt:
    as_of = suite.now() + 3600
    call = publication(suite, 5, as_of, *suite.attestors)
    at = pytest.approx(as_of - 3600, abs=600)
    return attempt(suite, suite.stranger, call, as_of=as_of, block_timestamp=at)


@case(errors.AttestationNotNewer, at="AttestedFeed.publish")
def an_attestation_as_of_the_last_ones_instant(suite: Suite) -> Attempt:
    suite.attest(5)
    as_of = suite.feed.reading().as_of
    call = publication(suite, 6, as_of, *suite.attestors)
    return attempt(suite, suite.stranger, call, as_of=as_of, last_as_of=as_of)


@case(errors.ValueTooLarge, at="AttestedFeed.publish")
def a_value_of_113_bits(suite: Suite) -> Attempt:
    call = publication(suite, 2**112, suite.now() - 1, *suite.attestors)
    return attempt(suite, suite.stranger, call, value=2**112)


@case(errors.ReportMissing, at="AttestedFeed.publish")
def an_attestation_of_no_report(suite: Suite) -> Attempt:
    call = publication(suite, 5, suite.now() - 1, *suite.attestors, report=bytes(32))
    return attempt(suite, suite.stranger, call)


@case(errors.NotEnoughSignatures, at="AttestedFeed.publish")
def one_signature_of_two(suite: Suite) -> Attempt:
    call = publication(suite, 5, suite.now() - 1, suite.attestors[0])
    return attempt(suite, suite.stranger, call, valid=1, required=2)


@case(errors.NotEnoughSignatures)
def a_signature_of_a_stranger_does_not_count(suite: Suite) -> Attempt:
    call = publication(suite, 5, suite.now() - 1, suite.attestors[0], suite.stranger)
    return attempt(suite, suite.stranger, call, valid=1, required=2)


@case(errors.NotEnoughSignatures)
def signatures_for_another_chain_do_not_count(suite: Suite) -> Attempt:
    from dataclasses import replace

    statement = Attestation(5, suite.now() - 1, REPORT)
    digest = statement.digest(replace(suite.issuance.feed_domain(), chain_id=1))
    signatures = [structs.Signature(item.address, item.sign_digest(digest)) for item in suite.attestors]
    call = suite.feed.publish(structs.Attestation(5, statement.as_of, REPORT), signatures)
    return attempt(suite, suite.stranger, call, valid=0, required=2)


@case(errors.NotEnoughSignatures)
def a_rise_beyond_the_bound_takes_every_attestor(suite: Suite) -> Attempt:
    threshold = suite.feed.set_attestors([item.address for item in suite.attestors], 1)
    suite.govern(threshold)
    suite.attest(1000)
    suite.node.advance_time(10)
    call = publication(suite, 1201, suite.now() - 1, suite.attestors[0])
    return attempt(suite, suite.stranger, call, valid=1, required=2)


@case(errors.NotEnoughSignatures)
def a_rise_by_steps_beyond_the_bound_takes_every_attestor(suite: Suite) -> Attempt:
    suite.govern(suite.feed.set_attestors([item.address for item in suite.attestors], 1))
    suite.attest(1000)
    highest = 1000 + 1000 * suite.feed.bounds().max_rise_bps // 10_000
    suite.node.advance_time(10)
    suite.send(suite.stranger, publication(suite, highest, suite.now() - 1, suite.attestors[0]))
    suite.node.advance_time(10)
    call = publication(suite, highest + 1, suite.now() - 1, suite.attestors[0])
    return attempt(suite, suite.stranger, call, valid=1, required=2)


@case(errors.SignersNotSorted, at="AttestedFeed._signers")
def one_attestor_signs_twice(suite: Suite) -> Attempt:
    attestor = suite.attestors[0]
    call = publication(suite, 5, suite.now() - 1, attestor, attestor)
    return attempt(suite, suite.stranger, call, previous=attestor.address, current=attestor.address)


# ------------------------------------------------------------------------------------------------- settings


@case(errors.TooManyDecimals, at="AttestedFeed.constructor")
def a_feed_of_nineteen_decimals(suite: Suite) -> Attempt:
    call = create("AttestedFeed", suite.access.address, 19, "too fine")
    return attempt(suite, suite.stranger, call, decimals=19)


@case(errors.InvalidThreshold, at="AttestedFeed.setAttestors")
def a_threshold_above_the_attestors(suite: Suite) -> Attempt:
    call = suite.feed.set_attestors([suite.stranger.address], 2)
    return governed(suite, call, threshold=2, attestors=1)


@case(errors.InvalidThreshold)
def a_threshold_of_zero(suite: Suite) -> Attempt:
    call = suite.feed.set_attestors([suite.stranger.address], 0)
    return governed(suite, call, threshold=0, attestors=1)


@case(errors.InvalidAttestor, at="AttestedFeed.setAttestors")
def an_attestor_named_twice(suite: Suite) -> Attempt:
    twice = suite.stranger.address
    return governed(suite, suite.feed.set_attestors([twice, twice], 1), attestor=twice)


@case(errors.InvalidAttestor)
def the_zero_address_as_attestor(suite: Suite) -> Attempt:
    return governed(suite, suite.feed.set_attestors([ZERO_ADDRESS], 1), attestor=ZERO_ADDRESS)


@case(errors.InvalidMaxAge, at="AttestedFeed.setLimits")
def a_maximum_age_of_zero(suite: Suite) -> Attempt:
    return governed(suite, suite.feed.set_limits(0, 2000, 1000))


@case(errors.NotAttestor, at="AttestedFeed.suspendAttestor")
def a_stranger_is_suspended_as_attestor(suite: Suite) -> Attempt:
    stranger = suite.stranger.address
    return attempt(suite, Role.GUARDIAN, suite.feed.suspend_attestor(stranger), account=stranger)


# --------------------------------------------------------------------------------------- suspension, rounds


@case(errors.FeedSuspended, at="AttestedFeed.suspend")
def a_feed_is_suspended_twice(suite: Suite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    return attempt(suite, Role.GUARDIAN, suite.feed.suspend())


@case(errors.FeedSuspended, at="AttestedFeed.latestRoundData")
def a_suspended_feed_is_read_as_chainlinks(suite: Suite) -> Attempt:
    suite.attest(5)
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    return attempt(suite, suite.stranger, raw(suite.feed, "latestRoundData"))


@case(errors.FeedNotSuspended, at="AttestedFeed.resume")
def a_feed_that_runs_is_resumed(suite: Suite) -> Attempt:
    return governed(suite, suite.feed.resume())


@case(errors.NoRound, at="AttestedFeed._round")
def a_round_that_does_not_exist(suite: Suite) -> Attempt:
    return attempt(suite, suite.stranger, raw(suite.feed, "roundReport", 7), round=7)
