// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../contracts/access/Governed.sol";
import {
    AggregatorV3Interface,
    Attestation,
    IAttestedFeed
} from "../../contracts/interfaces/IAttestedFeed.sol";
import {Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../contracts/oracle/AttestedFeed.sol";
import {FeedSuite} from "./support/FeedSuite.sol";
import {RevertingWallet, Wallet1271} from "./support/Mocks.sol";
import {vm} from "./support/Vm.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice What is published, by whom, who governs it, and how it is read.
contract FeedTest is FeedSuite {
    // ------------------------------------------------------------------------------------------------ publish

    function test_AnyonePublishes_AndTheRoundIsKept() public {
        Attestation memory a = _attestation(VALUE, block.timestamp - 100);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.Attested(1, REPORT, VALUE, START - 100, _attestors(), stranger);
        vm.prank(stranger);
        vm.assertEq(feed.publish(a, list), 1, "round");

        (uint256 value, uint256 asOf, uint256 freshUntil) = feed.reading();
        vm.assertEq(value, VALUE, "value");
        vm.assertEq(asOf, START - 100, "asOf");
        vm.assertEq(freshUntil, START - 100 + MAX_AGE, "freshUntil");
        vm.assertEq(feed.latestRound(), 1, "latest round");
        vm.assertEq(feed.roundReport(1), REPORT, "report");
        vm.assertEq(feed.roundPostedAt(1), START, "posted at");
    }

    function test_NewerMeansStrictlyLater() public {
        _attestAsOf(VALUE, START - 10);
        bytes memory refusal =
            abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START - 10, START - 10);
        _refused(_attestation(VALUE, START - 10), 3, refusal);
        refusal = abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START - 11, START - 10);
        _refused(_attestation(VALUE, START - 11), 3, refusal);
    }

    function test_NotFromTheFuture_NorFromThisVerySecond() public {
        bytes memory refusal =
            abi.encodeWithSelector(IAttestedFeed.AttestationFromFuture.selector, START, START);
        _refused(_attestation(VALUE, START), 3, refusal);
        refusal = abi.encodeWithSelector(IAttestedFeed.AttestationFromFuture.selector, START + 1, START);
        _refused(_attestation(VALUE, START + 1), 3, refusal);
        refusal = abi.encodeWithSelector(IAttestedFeed.AttestationFromFuture.selector, START + 1 hours, START);
        _refused(_attestation(VALUE, START + 1 hours), 3, refusal);
    }

    function test_ValueHasToFitIn112Bits() public {
        uint256 tooLarge = uint256(type(uint112).max) + 1;
        _refused(
            _attestation(tooLarge, START - 1),
            3,
            abi.encodeWithSelector(IAttestedFeed.ValueTooLarge.selector, tooLarge)
        );
        _publish(_attestation(type(uint112).max, START - 1), 3);
    }

    function test_ReportIsPartOfIt() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        a.report = bytes32(0);
        _refused(a, 3, abi.encodeWithSelector(IAttestedFeed.ReportMissing.selector));
    }

    /// @dev With limits and no attestors nobody would have to sign.
    function test_AHalfConfiguredFeedTakesNothing() public {
        AttestedFeed fresh = _newFeed(6);
        _administer(address(fresh), abi.encodeCall(IAttestedFeed.setLimits, (MAX_AGE, 1000, 2000)));
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory none = new Signature[](0);
        vm.expectRevert(IAttestedFeed.FeedNotConfigured.selector);
        fresh.publish(a, none);
    }

    function test_UnconfiguredFeedTakesNothing() public {
        AttestedFeed fresh = _newFeed(6);
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory none = new Signature[](0);
        vm.expectRevert(IAttestedFeed.FeedNotConfigured.selector);
        fresh.publish(a, none);
    }

    // --------------------------------------------------------------------------------------------- signatures

    function test_SignersAreSortedAndDistinct() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        (list[0], list[1]) = (list[1], list[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.SignersNotSorted.selector, list[0].signer, list[1].signer)
        );
        feed.publish(a, list);

        list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        list[1] = list[0];
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.SignersNotSorted.selector, list[0].signer, list[0].signer)
        );
        feed.publish(a, list);

        list[0].signer = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.SignersNotSorted.selector, address(0), address(0))
        );
        feed.publish(a, list);
    }

    function test_StrangerIsSkipped_AndCountsForNothing() public {
        _attest(VALUE);
        vm.warp(START + 60);
        Attestation memory a = _attestation(VALUE, START + 1);
        bytes32 digest = feed.attestationDigest(a);
        uint256[3] memory keys = [attestorKeys[0], attestorKeys[1], uint256(999)];
        keys = _ascending(keys);
        feed.publish(a, _signatures(keys, digest, 3));

        vm.warp(START + 120);
        a = _attestation(VALUE, START + 61);
        keys = _ascending([attestorKeys[0], uint256(998), uint256(999)]);
        Signature[] memory list = _signatures(keys, feed.attestationDigest(a), 3);
        vm.expectRevert(_tooFew(1, 2));
        feed.publish(a, list);
    }

    function test_InvalidSignatureIsSkipped() public {
        _attest(VALUE);
        vm.warp(START + 60);
        Attestation memory a = _attestation(VALUE, START + 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        list[1].data = hex"1234";
        address[] memory counted = new address[](2);
        counted[0] = attestor(0);
        counted[1] = attestor(2);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.Attested(2, REPORT, VALUE, START + 1, counted, address(this));
        feed.publish(a, list);
    }

    function test_OneSignatureUnderTwoNamesCountsOnce() public {
        _attest(VALUE);
        vm.warp(START + 60);
        Attestation memory a = _attestation(VALUE, START + 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 2);
        list[1].data = list[0].data;
        vm.expectRevert(_tooFew(1, 2));
        feed.publish(a, list);
    }

    function test_HighSIsSkipped() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(attestorKeys[0], feed.attestationDigest(a));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        list[0].data = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(_tooFew(2, 3));
        feed.publish(a, list);
    }

    function test_AttestationOfAnotherChainCountsForNothing() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        vm.chainId(31_338);
        vm.expectRevert(_tooFew(0, 3));
        feed.publish(a, list);
        vm.chainId(31_337);
        feed.publish(a, list);
    }

    function test_AttestationOfAnotherFeedCountsForNothing() public {
        AttestedFeed other = _newFeed(6);
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory list = _signatures(attestorKeys, other.attestationDigest(a), 3);
        vm.expectRevert(_tooFew(0, 3));
        feed.publish(a, list);
    }

    function test_EveryFieldIsSigned() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        a.value += 1;
        vm.expectRevert(_tooFew(0, 3));
        feed.publish(a, list);
        a = _attestation(VALUE, START - 2);
        vm.expectRevert(_tooFew(0, 3));
        feed.publish(a, list);
        a = _attestation(VALUE, START - 1);
        a.report = keccak256("another report");
        vm.expectRevert(_tooFew(0, 3));
        feed.publish(a, list);
    }

    function test_ContractAccountAttests_AndAFailingOneIsSkipped() public {
        address[] memory list = new address[](2);
        list[0] = address(new Wallet1271(alice));
        list[1] = address(new RevertingWallet());
        if (list[0] > list[1]) (list[0], list[1]) = (list[1], list[0]);
        _govern(address(feed), abi.encodeCall(AttestedFeed.setAttestors, (list, 1)));

        Attestation memory a = _attestation(VALUE, block.timestamp - 1);
        Signature[] memory signatures = new Signature[](2);
        for (uint256 i = 0; i < 2; ++i) {
            signatures[i] = Signature({signer: list[i], data: _sign(ALICE_KEY, feed.attestationDigest(a))});
        }
        vm.expectRevert(_tooFew(1, 2));
        feed.publish(a, signatures);

        address[] memory working = new address[](1);
        bool firstWorks = list[0].code.length != type(RevertingWallet).runtimeCode.length;
        working[0] = firstWorks ? list[0] : list[1];
        _govern(address(feed), abi.encodeCall(AttestedFeed.setAttestors, (working, 1)));
        feed.publish(a, signatures);
        vm.assertEq(feed.latestRound(), 1, "round");
    }

    // ------------------------------------------------------------------------------------- guardian, governor

    function test_SuspendedAttestorSignsNoMore_AndTheThresholdStays() public {
        _attest(VALUE);
        address gone = attestor(0);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.AttestorSuspended(gone, guardian);
        vm.prank(guardian);
        feed.suspendAttestor(gone);
        vm.assertFalse(feed.isAttestor(gone), "still an attestor");
        vm.assertEq(feed.attestors().length, 2, "attestors");
        vm.assertEq(feed.threshold(), 2, "threshold");

        vm.warp(START + 60);
        _refused(_attestation(VALUE, START + 1), 2, _tooFew(1, 2));
        _publish(_attestation(VALUE, START + 1), 3);

        address last = attestor(1);
        vm.prank(guardian);
        feed.suspendAttestor(last);
        vm.warp(START + 120);
        vm.assertEq(feed.requiredSignatures(VALUE), 2, "the threshold");
        vm.assertEq(feed.requiredSignatures(VALUE * 2), 3, "all that the governor named");
        _refused(_attestation(VALUE, START + 61), 3, _tooFew(1, 2));

        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NotAttestor.selector, stranger));
        feed.suspendAttestor(stranger);
    }

    function test_SuspensionMakesItStaleAtOnce() public {
        _attest(VALUE);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.Suspended(guardian);
        vm.prank(guardian);
        feed.suspend();
        vm.assertTrue(feed.suspended(), "suspended");
        (,, uint256 freshUntil) = feed.reading();
        vm.assertEq(freshUntil, 0, "fresh until");
        vm.expectRevert(IAttestedFeed.FeedSuspended.selector);
        feed.latestRoundData();
        vm.prank(guardian);
        vm.expectRevert(IAttestedFeed.FeedSuspended.selector);
        feed.suspend();

        vm.warp(START + 60);
        _attest(VALUE + 1);
        (,, freshUntil) = feed.reading();
        vm.assertEq(freshUntil, 0, "published, but still suspended");

        bytes memory resume = abi.encodeCall(AttestedFeed.resume, ());
        _ready(governor, address(feed), resume);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.Resumed(governor);
        vm.prank(governor);
        feed.resume();
        (,, freshUntil) = feed.reading();
        vm.assertEq(freshUntil, START + 59 + MAX_AGE, "fresh again");

        _ready(governor, address(feed), resume);
        vm.prank(governor);
        vm.expectRevert(IAttestedFeed.FeedNotSuspended.selector);
        feed.resume();
    }

    function test_AttestorsAreReplaced() public {
        address[] memory list = new address[](2);
        (list[0], list[1]) = (alice, bob);
        _ready(governor, address(feed), abi.encodeCall(AttestedFeed.setAttestors, (list, 2)));
        vm.expectEmit(address(feed));
        emit IAttestedFeed.AttestorsChanged(list, 2, governor);
        vm.prank(governor);
        feed.setAttestors(list, 2);
        vm.assertFalse(feed.isAttestor(attestor(0)), "old attestor");
        vm.assertTrue(feed.isAttestor(alice) && feed.isAttestor(bob), "new attestors");
        vm.assertEq(feed.requiredSignatures(VALUE), 2, "every one of them");
    }

    function _setAttestorsRefused(address[] memory list, uint8 threshold, bytes memory refusal) private {
        _ready(governor, address(feed), abi.encodeCall(AttestedFeed.setAttestors, (list, threshold)));
        vm.prank(governor);
        vm.expectRevert(refusal);
        feed.setAttestors(list, threshold);
    }

    function test_ThresholdIsNeverZero_NorAboveTheAttestors() public {
        address[] memory list = _attestors();
        bytes4 error = IAttestedFeed.InvalidThreshold.selector;
        _setAttestorsRefused(list, 0, abi.encodeWithSelector(error, 0, 3));
        _setAttestorsRefused(list, 4, abi.encodeWithSelector(error, 4, 3));
        _setAttestorsRefused(new address[](0), 0, abi.encodeWithSelector(error, 0, 0));
    }

    function test_AttestorsAreDistinctAndNotZero() public {
        address[] memory list = _attestors();
        list[2] = list[0];
        bytes4 error = IAttestedFeed.InvalidAttestor.selector;
        _setAttestorsRefused(list, 2, abi.encodeWithSelector(error, list[0]));
        list[2] = address(0);
        _setAttestorsRefused(list, 2, abi.encodeWithSelector(error, address(0)));
    }

    function test_NoMoreAttestorsThanAThresholdCanCount() public {
        address[] memory list = new address[](256);
        for (uint256 i = 0; i < 256; ++i) {
            list[i] = address(uint160(0x1000 + i));
        }
        _setAttestorsRefused(
            list, 2, abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 8, 256)
        );
        assembly {
            mstore(list, 255)
        }
        _govern(address(feed), abi.encodeCall(AttestedFeed.setAttestors, (list, 255)));
        vm.assertEq(feed.requiredSignatures(VALUE), 255, "every one of them");
    }

    function test_Limits() public {
        bytes memory call = abi.encodeCall(AttestedFeed.setLimits, (7 days, 1, 2));
        _ready(governor, address(feed), call);
        vm.expectEmit(address(feed));
        emit IAttestedFeed.LimitsChanged(7 days, 1, 2, governor);
        vm.prank(governor);
        feed.setLimits(7 days, 1, 2);
        (uint32 rise, uint32 fall) = feed.bounds();
        vm.assertEq(feed.maxAge(), 7 days, "max age");
        vm.assertEq(rise, 1, "rise");
        vm.assertEq(fall, 2, "fall");

        _ready(governor, address(feed), abi.encodeCall(AttestedFeed.setLimits, (0, 1, 2)));
        vm.prank(governor);
        vm.expectRevert(IAttestedFeed.InvalidMaxAge.selector);
        feed.setLimits(0, 1, 2);
    }

    // ------------------------------------------------------------------------------------------------ reading

    function test_ReadsAsAnAggregator() public {
        _attestAsOf(VALUE, START - 100);
        vm.warp(START + 60);
        _attestAsOf(VALUE + 5, START + 10);
        AggregatorV3Interface aggregator = AggregatorV3Interface(address(feed));
        vm.assertEq(aggregator.decimals(), 6, "decimals");
        vm.assertEq(aggregator.version(), 1, "version");
        vm.assertEq(aggregator.description(), "Reserve of DEMO", "description");
        (uint80 round, int256 answer, uint256 started, uint256 updated, uint80 answered) =
            aggregator.latestRoundData();
        vm.assertEq(round, 2, "round");
        vm.assertEq(answer, int256(VALUE + 5), "answer");
        vm.assertEq(started, START + 10, "age counts from asOf, not from posting");
        vm.assertEq(updated, START + 10, "updated");
        vm.assertEq(answered, 2, "answered in");
        (round, answer, started, updated, answered) = aggregator.getRoundData(1);
        vm.assertEq(answer, int256(VALUE), "first answer");
        vm.assertEq(updated, START - 100, "first updated");
    }

    function test_NoRoundNoAnswer() public {
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NoRound.selector, 0));
        feed.latestRoundData();
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NoRound.selector, 7));
        feed.getRoundData(7);
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.NoRound.selector, 7));
        feed.roundReport(7);
        (uint256 value, uint256 asOf, uint256 freshUntil) = feed.reading();
        vm.assertEq(value + asOf + freshUntil, 0, "empty reading");
    }

    function test_ConstructorRefuses() public {
        bytes memory code = vm.getCode("AttestedFeed.sol:AttestedFeed");
        vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.TooManyDecimals.selector, 19));
        creator.create(bytes.concat(code, abi.encode(manager, 19, "x")));
        vm.expectRevert(abi.encodeWithSelector(Governed.AuthorityHasNoCode.selector, alice));
        creator.create(bytes.concat(code, abi.encode(alice, 6, "x")));
    }

    function test_AuthorityIsFixed() public {
        vm.assertEq(feed.authority(), address(manager), "authority");
        vm.expectRevert(abi.encodeWithSelector(Governed.AuthorityIsFixed.selector, manager));
        feed.setAuthority(alice);
    }

    function _ascending(uint256[3] memory keys) private pure returns (uint256[3] memory) {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 2 - i; ++j) {
                if (vm.addr(keys[j]) > vm.addr(keys[j + 1])) (keys[j], keys[j + 1]) = (keys[j + 1], keys[j]);
            }
        }
        return keys;
    }
}
