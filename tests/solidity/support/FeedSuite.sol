// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./Suite.sol";
import {vm} from "./Vm.sol";

/// @notice The suite, and what tests of the feed do again and again.
abstract contract FeedSuite is Suite {
    uint256 internal constant VALUE = 1_000_000e6;

    function _publish(Attestation memory a, uint256 signatures) internal returns (uint80) {
        return feed.publish(a, _signatures(attestorKeys, feed.attestationDigest(a), signatures));
    }

    /// @dev Publishes with `signatures` and expects `refusal`.
    function _refused(Attestation memory a, uint256 signatures, bytes memory refusal) internal {
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), signatures);
        vm.expectRevert(refusal);
        feed.publish(a, list);
    }

    function _tooFew(uint256 valid, uint256 required) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, valid, required);
    }
}
