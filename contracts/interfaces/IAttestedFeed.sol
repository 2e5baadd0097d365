// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Signature} from "./IssuanceTypes.sol";

/// @notice A signed statement of a value as of an instant.
/// @param value Base units, as many decimals as the feed.
/// @param asOf Unix time at which the value held.
/// @param report Keccak-256 of the canonical report behind it.
struct Attestation {
    uint128 value;
    uint64 asOf;
    bytes32 report;
}

/// @title IAttestedFeed
/// @notice An attested figure: the reserve of a stablecoin, the net asset value of a share class.
interface IAttestedFeed {
    /// @notice A round of the feed was published.
    event Attested(
        uint80 indexed round,
        bytes32 indexed report,
        uint256 value,
        uint256 asOf,
        address[] signers,
        address sender
    );

    event AttestorsChanged(address[] attestors, uint8 threshold, address indexed actor);
    event AttestorSuspended(address indexed attestor, address indexed actor);
    event LimitsChanged(uint32 maxAge, uint32 maxRiseBps, uint32 maxFallBps, address indexed actor);
    event Suspended(address indexed actor);
    event Resumed(address indexed actor);

    /// @notice Fewer valid signatures of attestors than needed.
    error NotEnoughSignatures(uint256 valid, uint256 required);

    /// @notice Signatures are to be sorted by signer, ascending, each signer once.
    error SignersNotSorted(address previous, address current);

    /// @notice The value holds as of an instant that is not after the last one's.
    error AttestationNotNewer(uint256 asOf, uint256 lastAsOf);

    /// @notice The instant has to lie before the block that publishes it.
    error AttestationFromFuture(uint256 asOf, uint256 blockTimestamp);

    /// @notice The value does not fit in 112 bits.
    error ValueTooLarge(uint256 value);

    /// @notice The report's hash is missing.
    error ReportMissing();

    /// @notice The feed has no attestors, threshold or maximum age yet.
    error FeedNotConfigured();

    error InvalidThreshold(uint256 threshold, uint256 attestors);
    error InvalidAttestor(address attestor);
    error InvalidMaxAge();
    error NotAttestor(address account);
    error TooManyDecimals(uint8 decimals);

    /// @notice The feed is suspended.
    error FeedSuspended();

    /// @notice The feed is not suspended.
    error FeedNotSuspended();

    /// @notice There is no such round.
    error NoRound(uint80 round);

    /// @notice Publishes an attestation. Anyone may send it; it stands on its signatures.
    /// @return round The new round.
    function publish(Attestation calldata attestation, Signature[] calldata signatures)
        external
        returns (uint80 round);

    /// @notice Replaces the attestors and the threshold.
    function setAttestors(address[] calldata attestors, uint8 threshold) external;

    /// @notice Takes one attestor off the list at once. The threshold stays.
    function suspendAttestor(address attestor) external;

    /// @notice Sets how long a value stays fresh (seconds from `asOf`), and the rise and fall (basis points of the
    /// last value) beyond which every attestor has to sign.
    function setLimits(uint32 maxAge, uint32 maxRiseBps, uint32 maxFallBps) external;

    /// @notice Makes the feed stale at once.
    function suspend() external;

    /// @notice Ends a suspension.
    function resume() external;

    /// @notice The last value and until when it is fresh: 0 while the feed is suspended or empty.
    function reading() external view returns (uint256 value, uint256 asOf, uint256 freshUntil);

    /// @notice The EIP-712 digest that attestors sign.
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32);

    /// @notice How many attestors have to sign `value`: the threshold, or all of them beyond the bounds.
    function requiredSignatures(uint256 value) external view returns (uint256);

    function roundReport(uint80 round) external view returns (bytes32);
    function roundPostedAt(uint80 round) external view returns (uint256);
    function attestors() external view returns (address[] memory);
    function isAttestor(address account) external view returns (bool);
    function threshold() external view returns (uint8);
    function suspended() external view returns (bool);
    function maxAge() external view returns (uint32);
    function bounds() external view returns (uint32 maxRiseBps, uint32 maxFallBps);
    function latestRound() external view returns (uint80);
}

/// @title AggregatorV3Interface
/// @notice Chainlink's reading interface, so that consumers of proof of reserve or of a price read the feed unchanged.
interface AggregatorV3Interface {
    function decimals() external view returns (uint8);
    function description() external view returns (string memory);
    function version() external view returns (uint256);
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 roundId_, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
