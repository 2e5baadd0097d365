// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {Driver} from "./Driver.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

/// @notice What nobody may do, whatever role they hold. The attacker tries it, and so does the staff.
abstract contract AttackerActions is Driver {
    /// @notice The token's functions for its market.
    function actAsMarket(uint256 seed) external act(seed) {
        address[] memory to = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (to[0], amounts[0]) = (attacker, 1 + _roll(1000));
        bytes[4] memory calls = [
            abi.encodeCall(IStablecoin.mint, (to, amounts)),
            abi.encodeCall(IStablecoin.burnEscrow, (_roll(2))),
            abi.encodeCall(IStablecoin.discharge, (_roll(2))),
            abi.encodeCall(IStablecoin.lowerFrozen, (attacker, _roll(2)))
        ];
        _attempt(_anybody(), address(token), calls[_roll(4)], "NoBackdoor: somebody else acted as the market");
    }

    /// @notice The access manager's own functions.
    function actAsAdmin(uint256 seed) external act(seed) {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IStablecoin.setBuffer.selector;
        uint64 role = uint64(_roll(10));
        bytes[10] memory calls = [
            abi.encodeCall(IAccessManager.grantRole, (role, attacker, 0)),
            abi.encodeCall(IAccessManager.revokeRole, (role, guardian)),
            abi.encodeCall(IAccessManager.setRoleAdmin, (Roles.OPERATOR, role)),
            abi.encodeCall(IAccessManager.setRoleGuardian, (Roles.GOVERNOR, role)),
            abi.encodeCall(IAccessManager.setGrantDelay, (role, 0)),
            abi.encodeCall(
                IAccessManager.setTargetFunctionRole, (address(token), selectors, type(uint64).max)
            ),
            abi.encodeCall(IAccessManager.setTargetClosed, (address(market), true)),
            abi.encodeCall(IAccessManager.setTargetAdminDelay, (address(token), 0)),
            abi.encodeCall(IAccessManager.updateAuthority, (address(token), attacker)),
            abi.encodeCall(IAccessManager.labelRole, (Roles.OPERATOR, "anybody"))
        ];
        bytes memory data = calls[_roll(10)];
        if (_odds(4)) {
            bytes[] memory several = new bytes[](1);
            several[0] = data;
            data = abi.encodeCall(Multicall.multicall, (several));
        }
        _attempt(_anybody(), address(manager), data, "NoBackdoor: somebody else acted as an administrator");
    }

    /// @notice What is fixed for good, and what takes an upgrader.
    function takeOver(uint256 seed) external act(seed) {
        address[5] memory targets =
            [address(token), address(market), address(registry), address(feed), address(gate)];
        uint256 which = _roll(5);
        bytes[3] memory calls = [
            abi.encodeCall(IAccessManaged.setAuthority, (attacker)),
            abi.encodeCall(Stablecoin.initialize, ()),
            abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation[targets[which]], ""))
        ];
        bytes memory data = calls[which < 3 ? _roll(3) : 0];
        _attempt(_anybody(), targets[which], data, "NoBackdoor: a contract was taken over");
        if (which < 3 && bytes4(data) != IAccessManaged.setAuthority.selector) {
            _attempt(
                attacker, implementation[targets[which]], data, "NoBackdoor: an implementation was taken over"
            );
        }
    }

    /// @notice The forced transfer of ERC-7943 has no case, so it is nobody's.
    function forceWithoutCase(uint256 seed) external act(seed) {
        bytes4 selector = IERC7943Fungible.forcedTransfer.selector;
        bytes memory data = abi.encodeWithSelector(selector, _holder(), attacker, _roll(2));
        _attempt(
            _odds(2) ? compliance : _anybody(),
            address(token),
            data,
            "NoBackdoor: tokens were taken without a case"
        );
    }

    /// @dev Anybody but the administrator and the upgrader, whose acts are scheduled elsewhere.
    function _anybody() private returns (address) {
        address caller = _odds(2) ? attacker : _pick(staff);
        return caller == admin || caller == upgrader ? attacker : caller;
    }
}
