// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {PrimaryMarket} from "../../../contracts/market/PrimaryMarket.sol";
import {Creator} from "../support/Mocks.sol";
import {vm} from "../support/Vm.sol";
import {ARTIFACTS, AllowingAuthority, svm} from "./Harness.sol";

/// @notice A token and a registry that refuse nothing and count what the market moves: whatever stops the market, it is
/// the market.
contract WillingCounterpart {
    uint256 public received;
    uint256 public sent;
    uint256 public burned;
    uint256 public discharged;

    uint256 private _balance;
    uint256 private _frozen;

    /// @dev What the market holds, and what the holder asked about has frozen beyond its balance.
    function tell(uint256 balance, uint256 frozen) external {
        (_balance, _frozen) = (balance, frozen);
    }

    function balanceOf(address) external view returns (uint256) {
        return _balance + received - sent - burned;
    }

    function frozenBeyondBalance(address) external view returns (uint256) {
        return _frozen;
    }

    function firstFrozenBeyondBalance(address[] calldata accounts) external pure returns (uint256) {
        return accounts.length;
    }

    function mint(address[] calldata, uint256[] calldata) external pure returns (uint256) {
        return 0;
    }

    function requireVerified(address[] calldata) external pure {}

    function lowerFrozen(address, uint256) external pure {}

    function transfer(address, uint256 amount) external returns (bool) {
        sent += amount;
        return true;
    }

    function transferFrom(address, address, uint256 amount) external returns (bool) {
        received += amount;
        return true;
    }

    function receiveWithAuthorization(
        address,
        address,
        uint256 amount,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        received += amount;
    }

    function burnEscrow(uint256 amount) external {
        burned += amount;
    }

    function discharge(uint256 amount) external {
        discharged += amount;
    }
}

/// @notice The market's own code in an arbitrary state, without the proxy, before a token and a registry that refuse
/// nothing.
/// @dev Bounds, the same for every proof of the market: every number is of 256 bits and every stored figure arbitrary
/// (the bitmap, caps, limits, tiers, requests, counters); the time has 40 bits. Batches are of one order and one
/// approval (two orders, batches or ids where a proof says so). Signatures are as halmos has them: any digest and
/// signature recover to some account.
abstract contract MarketHarness {
    address internal constant APPROVER = address(0xA1);
    address internal constant OPERATOR = address(0xB2);

    PrimaryMarket internal market;
    WillingCounterpart internal willing;

    function setUp() public {
        willing = new WillingCounterpart();
        bytes memory arguments = abi.encode(new AllowingAuthority(), willing, willing);
        bytes memory code = vm.getCode(string.concat(ARTIFACTS, "PrimaryMarket.sol/PrimaryMarket.json"));
        market = PrimaryMarket(new Creator().create(bytes.concat(code, arguments)));
        svm.enableSymbolicStorage(address(market));
    }

    function _orders(MintOrder memory order) internal pure returns (MintOrder[] memory orders) {
        orders = new MintOrder[](1);
        orders[0] = order;
    }

    function _batches(MintOrder[] memory orders, bytes32 r, bytes32 s)
        internal
        pure
        returns (MintBatch[] memory)
    {
        return _approved(orders, APPROVER, r, s);
    }

    function _approved(MintOrder[] memory orders, address approver, bytes32 r, bytes32 s)
        internal
        pure
        returns (MintBatch[] memory batches)
    {
        Signature[] memory approvals = new Signature[](1);
        approvals[0] = Signature({signer: approver, data: abi.encodePacked(r, s, uint8(27))});
        batches = new MintBatch[](1);
        batches[0] = MintBatch({orders: orders, approvals: approvals, skipped: 0});
    }
}
