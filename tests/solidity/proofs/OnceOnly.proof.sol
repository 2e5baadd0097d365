// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {PrimaryMarket} from "../../../contracts/market/PrimaryMarket.sol";
import {Creator} from "../support/Mocks.sol";
import {vm} from "../support/Vm.sol";
import {ARTIFACTS, AllowingAuthority, svm} from "./Harness.sol";

/// @notice A token and a registry that refuse nothing: whatever stops a second mint, it is the market.
contract WillingCounterpart {
    function mint(address[] calldata, uint256[] calldata) external pure returns (uint256) {
        return 0;
    }

    function requireVerified(address[] calldata) external pure {}
}

/// @notice `OnceOnly`, for order numbers: the market's own code with an arbitrary bitmap, arbitrary limits and tiers.
/// @dev Bounds: batches of one order and one approval (two where it says so), signed by a key. Every number is of 256
/// bits. Signatures are as halmos has them: any digest and signature recover to some account.
contract OnceOnlyProof {
    address private constant APPROVER = address(0xA1);
    address private constant OPERATOR = address(0xB2);

    PrimaryMarket internal market;

    function setUp() public {
        WillingCounterpart willing = new WillingCounterpart();
        bytes memory arguments = abi.encode(new AllowingAuthority(), willing, willing);
        bytes memory code = vm.getCode(string.concat(ARTIFACTS, "PrimaryMarket.sol/PrimaryMarket.json"));
        market = PrimaryMarket(new Creator().create(bytes.concat(code, arguments)));
        svm.enableSymbolicStorage(address(market));
    }

    function check_AnExecutedNumberIsRefused(MintOrder memory order, bytes32 r, bytes32 s, uint40 time)
        public
    {
        vm.warp(time);
        vm.assume(market.isExecuted(order.number));
        _refused(_batches(_orders(order), r, s));
    }

    function check_AMintExecutesItsNumberAndNoOther(
        MintOrder memory order,
        uint256 other,
        bytes32 r,
        bytes32 s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(other != order.number);
        bool executed = market.isExecuted(order.number);
        bool otherExecuted = market.isExecuted(other);
        vm.prank(OPERATOR);
        market.mint(_batches(_orders(order), r, s));
        assert(!executed);
        assert(market.isExecuted(order.number));
        assert(market.isExecuted(other) == otherExecuted);
    }

    function check_TwiceInOneBatchIsRefused(
        MintOrder memory first,
        MintOrder memory second,
        bytes32 r,
        bytes32 s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(first.number == second.number);
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (first, second);
        _refused(_batches(orders, r, s));
    }

    function check_TwiceInOneCallIsRefused(
        MintOrder memory first,
        MintOrder memory second,
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(first.number == second.number);
        MintBatch[] memory batches = new MintBatch[](2);
        batches[0] = _batches(_orders(first), r[0], s[0])[0];
        batches[1] = _batches(_orders(second), r[1], s[1])[0];
        _refused(batches);
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _refused(MintBatch[] memory batches) private {
        vm.prank(OPERATOR);
        (bool ok,) = address(market).call(abi.encodeCall(market.mint, (batches)));
        assert(!ok);
    }

    function _orders(MintOrder memory order) private pure returns (MintOrder[] memory orders) {
        orders = new MintOrder[](1);
        orders[0] = order;
    }

    function _batches(MintOrder[] memory orders, bytes32 r, bytes32 s)
        private
        pure
        returns (MintBatch[] memory batches)
    {
        Signature[] memory approvals = new Signature[](1);
        approvals[0] = Signature({signer: APPROVER, data: abi.encodePacked(r, s, uint8(27))});
        batches = new MintBatch[](1);
        batches[0] = MintBatch({orders: orders, approvals: approvals, skipped: 0});
    }
}
