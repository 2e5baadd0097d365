// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../contracts/interfaces/IAttestedFeed.sol";
import {Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {FeedSuite} from "./support/FeedSuite.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice How many attestors a value takes, to the unit.
contract FeedBoundsTest is FeedSuite {
    function test_FirstValueTakesEveryAttestor() public {
        Attestation memory a = _attestation(VALUE, START - 1);
        vm.assertEq(feed.requiredSignatures(VALUE), 3, "required");
        _refused(a, 2, _tooFew(2, 3));
        _publish(a, 3);
    }

    function test_WithinTheBoundsTheThresholdIsEnough_AndNotFewer() public {
        _attest(VALUE);
        vm.warp(START + 60);
        Attestation memory a = _attestation(VALUE + 1, START + 59);
        _refused(a, 1, _tooFew(1, 2));
        _publish(a, 2);
    }

    function test_ExactlyAtTheRiseBound() public {
        _attest(VALUE);
        vm.warp(START + 60);
        vm.assertEq(feed.requiredSignatures(VALUE * 11 / 10), 2, "at the bound");
        vm.assertEq(feed.requiredSignatures(VALUE * 11 / 10 + 1), 3, "one above");
        _refused(_attestation(VALUE * 11 / 10 + 1, START + 1), 2, _tooFew(2, 3));
        _publish(_attestation(VALUE * 11 / 10, START + 1), 2);
    }

    function test_ExactlyAtTheFallBound() public {
        _attest(VALUE);
        vm.warp(START + 60);
        vm.assertEq(feed.requiredSignatures(VALUE * 8 / 10), 2, "at the bound");
        vm.assertEq(feed.requiredSignatures(VALUE * 8 / 10 - 1), 3, "one below");
        _refused(_attestation(VALUE * 8 / 10 - 1, START + 1), 2, _tooFew(2, 3));
        _publish(_attestation(VALUE * 8 / 10 - 1, START + 1), 3);
    }

    function test_AnyRiseFromZeroTakesEveryAttestor() public {
        _attest(0);
        vm.assertEq(feed.requiredSignatures(0), 2, "zero again");
        vm.assertEq(feed.requiredSignatures(1), 3, "rise from zero");
    }

    function testFuzz_BoundsHaveNoSlack(uint112 last, uint112 next) public {
        _attest(last);
        uint256 moved = next > last ? uint256(next) - last : uint256(last) - next;
        bool within = moved * 10_000 <= uint256(last) * (next > last ? 1000 : 2000);
        vm.assertEq(feed.requiredSignatures(next), within ? 2 : 3, "required");
    }

    /// @dev The bounds are measured from what all of them signed last, too: steps within them lead nowhere.
    function test_AThresholdDoesNotClimbByStepsBeyondTheBound() public {
        _attest(VALUE);
        vm.warp(START + 1);
        _publish(_attestation(VALUE * 11 / 10, START), 2);
        vm.assertEq(feed.requiredSignatures(VALUE * 11 / 10), 2, "at the bound");
        vm.warp(START + 2);
        _refused(_attestation(VALUE * 11 / 10 + 1, START + 1), 2, _tooFew(2, 3));
        _publish(_attestation(VALUE, START + 1), 2);
        vm.warp(START + 3);
        _refused(_attestation(VALUE * 11 / 10 + 1, START + 2), 2, _tooFew(2, 3));
    }

    function test_NorSinkByStepsBelowIt() public {
        _attest(VALUE);
        vm.warp(START + 1);
        _publish(_attestation(VALUE * 8 / 10, START), 2);
        vm.warp(START + 2);
        _refused(_attestation(VALUE * 8 / 10 - 1, START + 1), 2, _tooFew(2, 3));
        vm.assertEq(feed.requiredSignatures(VALUE * 88 / 100), 2, "at the rise bound of the last value");
        _refused(_attestation(VALUE * 88 / 100 + 1, START + 1), 2, _tooFew(2, 3));
    }

    function test_WhatAllSignMovesTheBounds() public {
        _attest(VALUE);
        vm.warp(START + 1);
        _publish(_attestation(VALUE * 11 / 10, START), 3);
        vm.assertEq(feed.requiredSignatures(VALUE * 121 / 100), 2, "measured from the new value");
        vm.assertEq(feed.requiredSignatures(VALUE * 121 / 100 + 1), 3, "and not beyond");
    }

    /// @dev A signature that does not count is none: three of which one is void are a threshold.
    function test_AVoidSignatureDoesNotMoveTheBounds() public {
        _attest(VALUE);
        vm.warp(START + 1);
        Attestation memory a = _attestation(VALUE * 11 / 10, START);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 3);
        list[2].data = list[1].data;
        feed.publish(a, list);
        vm.assertEq(feed.requiredSignatures(VALUE * 11 / 10 + 1), 3, "beyond the bound of the first");
    }

    /// @dev A guardian can't make a threshold of attestors all of them by suspending the rest.
    function test_SuspensionDoesNotMakeAThresholdAll() public {
        _attest(VALUE);
        vm.prank(guardian);
        feed.suspendAttestor(attestor(2));
        vm.warp(START + 1);
        _refused(_attestation(VALUE * 2, START), 3, _tooFew(2, 3));
        _refused(_attestation(VALUE / 2, START), 3, _tooFew(2, 3));
        _publish(_attestation(VALUE * 11 / 10, START), 3);
        vm.warp(START + 2);
        _refused(_attestation(VALUE * 121 / 100, START + 1), 3, _tooFew(2, 3));

        address[] memory rest = new address[](2);
        (rest[0], rest[1]) = (attestor(0), attestor(1));
        _govern(address(feed), abi.encodeCall(IAttestedFeed.setAttestors, (rest, 2)));
        _publish(_attestation(VALUE * 2, START + 1), 2);
    }

    /// @dev Whatever a threshold publishes, it stays within the bounds of what all of them signed.
    function testFuzz_AThresholdStaysNearWhatAllSigned(uint256[12] memory values) public {
        _attest(VALUE);
        for (uint256 i = 0; i < values.length; ++i) {
            vm.warp(START + 1 + i);
            Attestation memory a = _attestation(bound(values[i], VALUE / 2, VALUE * 3 / 2), START + i);
            Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 2);
            uint256 required = feed.requiredSignatures(a.value);
            (bool ok,) = address(feed).call(abi.encodeCall(feed.publish, (a, list)));
            vm.assertEq(ok, required == 2, "as announced");
            (uint256 value,,) = feed.reading();
            vm.assertLe(value, VALUE * 11 / 10, "rise");
            vm.assertGe(value, VALUE * 8 / 10, "fall");
        }
    }
}
