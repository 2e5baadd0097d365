// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AggregatorV3Interface} from "../../../contracts/interfaces/IAttestedFeed.sol";

/// @notice A feed that has decimals and nothing else to say.
contract RevertingFeed {
    uint8 public immutable decimals;

    error Unwilling();

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function reading() external pure {
        revert Unwilling();
    }
}

/// @notice A plain Chainlink aggregator, without a `reading`.
contract PlainAggregator is AggregatorV3Interface {
    uint8 public constant decimals = 6;
    string public constant description = "a reserve";
    uint256 public constant version = 4;

    function getRoundData(uint80 id) external view returns (uint80, int256, uint256, uint256, uint80) {
        return (id, type(int256).max, block.timestamp, block.timestamp, id);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return this.getRoundData(1);
    }
}

/// @notice Somebody else's contract that reads a reserve through Chainlink's interface, with its own measure of age.
contract AggregatorReader {
    function reserve(AggregatorV3Interface source, uint256 maxAge) external view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = source.latestRoundData();
        return block.timestamp - updatedAt <= maxAge ? uint256(answer) : 0;
    }
}
