// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {InvestorRegistry} from "../../../contracts/compliance/InvestorRegistry.sol";
import {Distribution} from "../../../contracts/market/Distribution.sol";
import {PrimaryMarket} from "../../../contracts/market/PrimaryMarket.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";

/// @notice A field that the first version didn't have, in a namespace of its own.
abstract contract Grown {
    struct GrownStorage {
        uint256 field;
        mapping(address account => uint256) fields;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Grown")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x6fc963912a5aea1640abf4464ab215fbbed6f00a6bfc3c5b39e27d50ff8fb000;

    function setField(uint256 value, address account) external {
        GrownStorage storage $ = _grown();
        $.field = value;
        $.fields[account] = value;
    }

    function field(address account) external view returns (uint256, uint256) {
        GrownStorage storage $ = _grown();
        return ($.field, $.fields[account]);
    }

    function _grown() private pure returns (GrownStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}

contract GrownStablecoin is Stablecoin, Grown {
    constructor(address authority) Stablecoin(authority, "Demo Coin", "DEMO", 6, "HKD") {}
}

contract GrownMarket is PrimaryMarket, Grown {
    constructor(address authority, address token, address registry)
        PrimaryMarket(authority, token, registry)
    {}
}

contract GrownRegistry is InvestorRegistry, Grown {
    constructor(address authority) InvestorRegistry(authority) {}
}

contract GrownShare is FundShare, Grown {
    constructor(address authority, address registry)
        FundShare(authority, "Demo Fund A", "DEMOFA", 6, registry)
    {}
}

contract GrownDistribution is Distribution, Grown {
    constructor(address authority, address coin, address registry) Distribution(authority, coin, registry) {}
}

/// @notice An implementation that UUPS refuses, as it isn't one.
contract NoProxiableUuid {
    uint256 public field;
}
