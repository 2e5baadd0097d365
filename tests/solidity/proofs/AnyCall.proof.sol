// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {vm} from "../support/Vm.sol";
import {TokenHarness, svm} from "./Harness.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What holds for every function of the token, whoever calls it with whatever: halmos takes the functions from
/// the compiled contract, so that one added later is under the same rules without a line here.
/// @dev Beyond the harness's bounds: arrays of one element and bytes of 65, as scripts/check_proofs.py sets them. Left
/// out everywhere: `upgradeToAndCall`, after which other code has to be proved.
contract AnyCallProof is TokenHarness {
    bytes4 private constant UPGRADE = UUPSUpgradeable.upgradeToAndCall.selector;
    bytes4 private constant TRANSFER_BY_KEY = bytes4(
        keccak256(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
        )
    );
    bytes4 private constant TRANSFER_BY_CODE =
        bytes4(keccak256("transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"));
    bytes4 private constant RECEIVE_BY_KEY = bytes4(
        keccak256(
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
        )
    );
    bytes4 private constant RECEIVE_BY_CODE =
        bytes4(keccak256("receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"));
    bytes4 private constant FORCED_TRANSFER =
        bytes4(keccak256("forcedTransfer(address,address,uint256,bytes32)"));

    /// @dev `Conservation`: what is not among these moves nothing, makes nothing, burns nothing and pays nothing.
    function check_NothingElseMovesTokens(address caller, address account, uint40 time) public {
        _assumeState();
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        bytes4 selector = bytes4(data);
        vm.assume(!_isTransfer(selector) && !_isCompliance(selector));
        vm.assume(selector != Stablecoin.mint.selector && selector != Stablecoin.burnEscrow.selector);
        vm.assume(selector != Stablecoin.discharge.selector && selector != UPGRADE);
        uint256 balance = token.balanceOf(account);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();
        uint256 discharged = token.discharged();

        _call(caller, data);

        assert(token.balanceOf(account) == balance);
        assert(token.totalSupply() == supply);
        assert(token.minted() == minted);
        assert(token.discharged() == discharged);
    }

    /// @dev `Frozen`: whatever is called, what was frozen of a balance is still there; a frozen account neither sends nor
    /// receives, not even a mint; and while the token is paused nothing moves. Compliance is left out, which acts under
    /// a case, and so is the market's own account, which it burns from.
    function check_FrozenUnitsStayWhateverIsCalled(address caller, address holder, uint40 time) public {
        _assumeState();
        vm.assume(holder != address(this));
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        vm.assume(!_isCompliance(bytes4(data)) && bytes4(data) != UPGRADE);
        _assumeHeld(holder, caller, _firstArgument(data));
        uint256 balance = token.balanceOf(holder);
        uint256 frozen = token.getFrozenTokens(holder);
        bool still = frozen == type(uint128).max || token.paused();

        _call(caller, data);

        uint256 left = token.balanceOf(holder);
        assert(left >= (frozen < balance ? frozen : balance));
        assert(!still || left == balance);
    }

    /// @dev `Backing` starts from here: only the market's `mint` adds to what was minted, and nothing takes from it.
    function check_OnlyTheMarketMints(address caller, uint40 time) public {
        _assumeState();
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        vm.assume(bytes4(data) != UPGRADE);
        uint256 minted = token.minted();

        _call(caller, data);

        bool byMarket = caller == address(this) && bytes4(data) == Stablecoin.mint.selector;
        assert(byMarket ? token.minted() >= minted : token.minted() == minted);
    }

    /// @dev The market is set once, and its account stays marked: the harness assumes both of every state.
    function check_TheEscrowMarkStays(address caller, uint40 time) public {
        _assumeState();
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        vm.assume(bytes4(data) != UPGRADE);

        _call(caller, data);

        assert(token.market() == address(this));
        assert(_isEscrow(address(this)));
    }

    function check_SettingTheMarketMarksIt(address caller, address market) public {
        vm.assume(token.market() == address(0));
        vm.prank(caller);
        token.setMarket(market);
        assert(token.market() == market);
        assert(_isEscrow(market));
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _call(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        ok; // A refused call has to keep the rules too.
    }

    /// @dev Whose tokens a transfer moves, if not the caller's.
    function _firstArgument(bytes memory data) private pure returns (address) {
        uint256 word = 0;
        if (data.length >= 36) {
            assembly ("memory-safe") {
                word := mload(add(data, 36))
            }
        }
        return address(uint160(word));
    }

    /// @dev By the holder or on the holder's word.
    function _isTransfer(bytes4 selector) private pure returns (bool) {
        return selector == IERC20.transfer.selector || selector == IERC20.transferFrom.selector
            || selector == TRANSFER_BY_KEY || selector == TRANSFER_BY_CODE || selector == RECEIVE_BY_KEY
            || selector == RECEIVE_BY_CODE;
    }

    /// @dev What may take frozen tokens.
    function _isCompliance(bytes4 selector) private pure returns (bool) {
        return selector == FORCED_TRANSFER || selector == Stablecoin.burnByOrder.selector;
    }
}
