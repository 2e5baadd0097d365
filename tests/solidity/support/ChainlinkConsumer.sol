// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/interfaces/AggregatorV3Interface.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice A consumer as Chainlink's documentation wants one, compiled against Chainlink's own interface.
contract ChainlinkConsumer {
    using SafeCast for int256;

    AggregatorV3Interface public immutable FEED;
    uint256 public immutable HEARTBEAT;

    error BadRound(uint80 round);
    error Stale(uint256 updatedAt);

    constructor(AggregatorV3Interface feed, uint256 heartbeat) {
        FEED = feed;
        HEARTBEAT = heartbeat;
    }

    /// @notice The last answer with 18 decimals, once all is checked that consumers are told to check.
    function answer() external view returns (uint256) {
        (uint80 round, int256 value, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) =
            FEED.latestRoundData();
        if (round == 0 || value <= 0 || startedAt == 0 || updatedAt == 0 || answeredIn < round) {
            revert BadRound(round);
        }
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > HEARTBEAT) revert Stale(updatedAt);
        return value.toUint256() * 10 ** (18 - FEED.decimals());
    }

    /// @notice Answers back to the first round, newest first.
    function history() external view returns (int256[] memory answers, uint256[] memory updatedAt) {
        (uint80 round,,,,) = FEED.latestRoundData();
        answers = new int256[](round);
        updatedAt = new uint256[](round);
        for (uint80 i = 0; i < round; ++i) {
            (, answers[i],, updatedAt[i],) = FEED.getRoundData(round - i);
        }
    }
}
