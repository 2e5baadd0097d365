// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Creator} from "../support/Mocks.sol";
import {vm} from "../support/Vm.sol";
import {ARTIFACTS, AllowingAuthority, svm} from "./Harness.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice The attested feed: who has to sign what, from an arbitrary state.
/// @dev Bounds: two signatures of two accounts, of which each may be an attestor or not; times of 40 bits.
/// Signatures are as halmos has them.
contract FeedProof {
    /// @dev `_latest` and `_bounds`; `setUp` sees to it that they are there.
    bytes32 private constant LATEST_SLOT = bytes32(uint256(3));
    bytes32 private constant BOUNDS_SLOT = bytes32(uint256(4));

    address private constant FIRST = address(0xA1);
    address private constant SECOND = address(0xA2);

    AttestedFeed internal feed;

    function setUp() public {
        bytes memory arguments = abi.encode(new AllowingAuthority(), uint8(6), "reserve");
        bytes memory code = vm.getCode(string.concat(ARTIFACTS, "AttestedFeed.sol/AttestedFeed.json"));
        feed = AttestedFeed(new Creator().create(bytes.concat(code, arguments)));
        address[] memory attestors = new address[](3);
        (attestors[0], attestors[1], attestors[2]) = (address(1), address(2), address(3));
        feed.setAttestors(attestors, 2);
        feed.setLimits(5, 6, 7);
        assert(_every() == 3 && uint256(vm.load(address(feed), BOUNDS_SLOT)) == 6 + (7 << 32));
        feed = AttestedFeed(new Creator().create(bytes.concat(code, arguments)));
        svm.enableSymbolicStorage(address(feed));
    }

    function check_AnAttestationHasItsSignatures(
        Attestation memory attestation,
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint40 time
    ) public {
        vm.warp(time);
        uint256 threshold = feed.threshold();
        uint256 agreed = _agreed();
        uint256 round = feed.latestRound();
        (, uint256 asOf,) = feed.reading();
        uint256 every = _assumeMaxIsRight(threshold);
        uint256 attestors = (feed.isAttestor(FIRST) ? 1 : 0) + (feed.isAttestor(SECOND) ? 1 : 0);

        feed.publish(attestation, _signatures([FIRST, SECOND], r, s));

        assert(threshold != 0 && attestors >= threshold);
        assert(attestation.asOf > asOf && attestation.asOf < time);
        (uint256 value, uint256 asOfNow,) = feed.reading();
        assert(value == attestation.value && asOfNow == attestation.asOf);
        assert(feed.latestRound() == round + 1);
        assert(_agreed() == agreed || (_agreed() == value && attestors >= every));
        assert(round != 0 || attestors >= every);
    }

    /// @dev Nobody's signature counts twice.
    function check_TheSameSignerTwiceIsRefused(
        Attestation memory attestation,
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint40 time
    ) public {
        vm.warp(time);
        (bool ok,) =
            address(feed).call(abi.encodeCall(feed.publish, (attestation, _signatures([FIRST, FIRST], r, s))));
        assert(!ok);
    }

    /// @dev What the first proof takes from OpenZeppelin's library, whose arithmetic without branches it can't see through.
    function check_TheLargerIsNotBelowEither(uint8 a, uint8 b) public pure {
        uint256 larger = Math.max(a, b);
        assert(larger >= a && larger >= b);
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _signatures(address[2] memory signers, bytes32[2] memory r, bytes32[2] memory s)
        private
        pure
        returns (Signature[] memory signatures)
    {
        signatures = new Signature[](2);
        for (uint256 i = 0; i < 2; ++i) {
            signatures[i] = Signature({signer: signers[i], data: abi.encodePacked(r[i], s[i], uint8(27))});
        }
    }

    /// @dev What `check_TheLargerIsNotBelowEither` shows, for the two that the feed compares.
    function _assumeMaxIsRight(uint256 threshold) private view returns (uint256 every) {
        every = _every();
        uint256 most = Math.max(threshold, every);
        vm.assume(most >= threshold && most >= every);
    }

    /// @dev How many attestors all of them are.
    function _every() private view returns (uint256) {
        return uint8(uint256(vm.load(address(feed), LATEST_SLOT)) >> 240);
    }

    /// @dev The last value that every attestor signed.
    function _agreed() private view returns (uint256) {
        return uint112(uint256(vm.load(address(feed), BOUNDS_SLOT)) >> 64);
    }
}
