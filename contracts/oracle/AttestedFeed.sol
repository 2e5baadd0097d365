// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {Signatures} from "../access/Signatures.sol";
import {AggregatorV3Interface, Attestation, IAttestedFeed} from "../interfaces/IAttestedFeed.sol";
import {Signature} from "../interfaces/IssuanceTypes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title AttestedFeed
/// @notice An attested figure with its history: anyone publishes, a threshold of attestors vouches.
/// @dev The value is what the attestors allocate to this chain: the EIP-712 domain binds chain id and contract, so that
/// one reserve behind several chains can't be counted twice. Not proxied: another feed is a new contract.
contract AttestedFeed is IAttestedFeed, AggregatorV3Interface, Governed, EIP712 {
    using EnumerableSet for EnumerableSet.AddressSet;
    using SafeCast for uint256;

    /// @dev One slot: everything a consumer's `reading` needs. `attestors` is how many `GOVERNOR` named.
    struct Latest {
        uint112 value;
        uint40 asOf;
        uint32 maxAge;
        uint40 round;
        bool suspended;
        uint8 threshold;
        uint8 attestors;
    }

    /// @dev `agreed` is the last value that every attestor signed.
    struct Bounds {
        uint32 maxRiseBps;
        uint32 maxFallBps;
        uint112 agreed;
    }

    struct Round {
        uint112 value;
        uint40 asOf;
        uint40 postedAt;
        bytes32 report;
    }

    bytes32 private constant ATTESTATION_TYPEHASH =
        keccak256("Attestation(uint128 value,uint64 asOf,bytes32 report)");
    uint256 private constant BPS = 10_000;

    uint8 private immutable DECIMALS;
    string private _description;

    Latest private _latest;
    Bounds private _bounds;
    EnumerableSet.AddressSet private _attestors;
    mapping(uint80 round => Round) private _rounds;

    constructor(address authority_, uint8 decimals_, string memory description_)
        Governed(authority_)
        EIP712("AttestedFeed", "1")
    {
        if (decimals_ > 18) revert TooManyDecimals(decimals_);
        DECIMALS = decimals_;
        _description = description_;
    }

    // ------------------------------------------------------------------------------------------------ publish

    /// @inheritdoc IAttestedFeed
    /// @dev A signature that is invalid, or of an account that is no attestor (any more), is skipped: one bad signer
    /// can't block the others. The valid ones have to be enough.
    function publish(Attestation calldata attestation, Signature[] calldata signatures)
        external
        returns (uint80 round)
    {
        Latest memory latest = _latest;
        if (latest.threshold == 0 || latest.maxAge == 0) revert FeedNotConfigured();
        if (attestation.asOf >= block.timestamp) {
            revert AttestationFromFuture(attestation.asOf, block.timestamp);
        }
        if (attestation.asOf <= latest.asOf) revert AttestationNotNewer(attestation.asOf, latest.asOf);
        if (attestation.value > type(uint112).max) revert ValueTooLarge(attestation.value);
        if (attestation.report == bytes32(0)) revert ReportMissing();

        address[] memory signers = _signers(attestationDigest(attestation), signatures);
        uint256 required = _required(latest, attestation.value);
        if (signers.length < required) revert NotEnoughSignatures(signers.length, required);

        if (signers.length >= latest.attestors) _bounds.agreed = uint112(attestation.value);
        round = latest.round + 1;
        latest.value = uint112(attestation.value);
        latest.asOf = uint256(attestation.asOf).toUint40();
        latest.round = uint256(round).toUint40();
        _latest = latest;
        _rounds[round] = Round({
            value: latest.value,
            asOf: latest.asOf,
            postedAt: block.timestamp.toUint40(),
            report: attestation.report
        });
        emit Attested(round, attestation.report, attestation.value, attestation.asOf, signers, msg.sender);
    }

    // ------------------------------------------------------------------------------------- guardian, governor

    /// @inheritdoc IAttestedFeed
    /// @dev Only `GUARDIAN`.
    function suspend() external restricted direct {
        if (_latest.suspended) revert FeedSuspended();
        _latest.suspended = true;
        emit Suspended(msg.sender);
    }

    /// @inheritdoc IAttestedFeed
    /// @dev Only `GUARDIAN`. Whoever is taken out still counts where every attestor is asked, until `setAttestors`: a
    /// guardian must not be able to make a threshold of attestors all of them.
    function suspendAttestor(address attestor) external restricted direct {
        if (!_attestors.remove(attestor)) revert NotAttestor(attestor);
        emit AttestorSuspended(attestor, msg.sender);
    }

    /// @inheritdoc IAttestedFeed
    /// @dev Only `GOVERNOR`.
    function resume() external restricted {
        if (!_latest.suspended) revert FeedNotSuspended();
        _latest.suspended = false;
        emit Resumed(msg.sender);
    }

    /// @inheritdoc IAttestedFeed
    /// @dev Only `GOVERNOR`. Each attestor once, none of them zero.
    function setAttestors(address[] calldata newAttestors, uint8 newThreshold) external restricted {
        if (newThreshold == 0 || newThreshold > newAttestors.length) {
            revert InvalidThreshold(newThreshold, newAttestors.length);
        }
        _attestors.clear();
        for (uint256 i = 0; i < newAttestors.length; ++i) {
            address attestor = newAttestors[i];
            if (attestor == address(0) || !_attestors.add(attestor)) revert InvalidAttestor(attestor);
        }
        _latest.threshold = newThreshold;
        _latest.attestors = newAttestors.length.toUint8();
        emit AttestorsChanged(newAttestors, newThreshold, msg.sender);
    }

    /// @inheritdoc IAttestedFeed
    /// @dev Only `GOVERNOR`.
    function setLimits(uint32 newMaxAge, uint32 maxRiseBps, uint32 maxFallBps) external restricted {
        if (newMaxAge == 0) revert InvalidMaxAge();
        _latest.maxAge = newMaxAge;
        _bounds.maxRiseBps = maxRiseBps;
        _bounds.maxFallBps = maxFallBps;
        emit LimitsChanged(newMaxAge, maxRiseBps, maxFallBps, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ readings

    /// @inheritdoc IAttestedFeed
    function reading() external view returns (uint256 value, uint256 asOf, uint256 freshUntil) {
        Latest memory latest = _latest;
        bool usable = latest.round != 0 && !latest.suspended;
        return (latest.value, latest.asOf, usable ? uint256(latest.asOf) + latest.maxAge : 0);
    }

    /// @inheritdoc AggregatorV3Interface
    /// @dev `startedAt` and `updatedAt` are the instant the value held, so that a consumer measures age from there.
    /// A suspended or empty feed reverts.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (_latest.suspended) revert FeedSuspended();
        return getRoundData(_latest.round);
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _round(roundId);
        return (roundId, int256(uint256(round.value)), round.asOf, round.asOf, roundId);
    }

    /// @inheritdoc IAttestedFeed
    function roundReport(uint80 roundId) external view returns (bytes32) {
        return _round(roundId).report;
    }

    /// @inheritdoc IAttestedFeed
    function roundPostedAt(uint80 roundId) external view returns (uint256) {
        return _round(roundId).postedAt;
    }

    /// @inheritdoc IAttestedFeed
    function attestationDigest(Attestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(ATTESTATION_TYPEHASH, attestation.value, attestation.asOf, attestation.report)
            )
        );
    }

    /// @inheritdoc IAttestedFeed
    function requiredSignatures(uint256 value) external view returns (uint256) {
        return _required(_latest, value);
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external view returns (uint8) {
        return DECIMALS;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external view returns (string memory) {
        return _description;
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    /// @inheritdoc IAttestedFeed
    function attestors() external view returns (address[] memory) {
        return _attestors.values();
    }

    /// @inheritdoc IAttestedFeed
    function isAttestor(address account) external view returns (bool) {
        return _attestors.contains(account);
    }

    /// @inheritdoc IAttestedFeed
    function threshold() external view returns (uint8) {
        return _latest.threshold;
    }

    /// @inheritdoc IAttestedFeed
    function suspended() external view returns (bool) {
        return _latest.suspended;
    }

    /// @inheritdoc IAttestedFeed
    function maxAge() external view returns (uint32) {
        return _latest.maxAge;
    }

    /// @inheritdoc IAttestedFeed
    function bounds() external view returns (uint32 maxRiseBps, uint32 maxFallBps) {
        return (_bounds.maxRiseBps, _bounds.maxFallBps);
    }

    /// @inheritdoc IAttestedFeed
    function latestRound() external view returns (uint80) {
        return _latest.round;
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev The attestors among the signers whose signature is valid. Strict order makes them distinct.
    function _signers(bytes32 digest, Signature[] calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        signers = new address[](signatures.length);
        uint256 valid = 0;
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = signatures[i].signer;
            if (signer <= previous) revert SignersNotSorted(previous, signer);
            previous = signer;
            if (_attestors.contains(signer) && Signatures.isValid(signer, digest, signatures[i].data)) {
                signers[valid++] = signer;
            }
        }
        assembly ("memory-safe") {
            mstore(signers, valid)
        }
    }

    /// @dev The threshold within the bounds, every attestor beyond them, and never fewer than the threshold. The bounds
    /// are measured from the last value and from the last that every attestor signed, so that a threshold can't climb
    /// away in small steps. A first value has nothing to be measured against, so it takes every attestor.
    function _required(Latest memory latest, uint256 value) private view returns (uint256) {
        Bounds memory bounds_ = _bounds;
        if (
            latest.round != 0 && _within(bounds_, latest.value, value)
                && _within(bounds_, bounds_.agreed, value)
        ) {
            return latest.threshold;
        }
        return Math.max(latest.threshold, latest.attestors);
    }

    function _within(Bounds memory bounds_, uint256 from, uint256 to) private pure returns (bool) {
        if (to >= from) return (to - from) * BPS <= from * bounds_.maxRiseBps;
        return (from - to) * BPS <= from * bounds_.maxFallBps;
    }

    function _round(uint80 roundId) private view returns (Round memory round) {
        round = _rounds[roundId];
        // A published round's `asOf` is above zero, since it is above the last one's.
        // slither-disable-next-line incorrect-equality
        if (round.asOf == 0) revert NoRound(roundId);
    }
}
