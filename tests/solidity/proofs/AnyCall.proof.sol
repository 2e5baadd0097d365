// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {vm} from "../support/Vm.sol";
import {Store, svm} from "./Harness.sol";
import {TokenHarness} from "./TokenHarness.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What holds for every function of the token, whoever calls it with whatever: halmos takes the functions from
/// the compiled contract, so that one added later is under the same rules without a line here.
/// @dev Beyond the harness's bounds: arrays of one element and bytes of 65, as scripts/check_proofs.py sets them. Left
/// out everywhere: `upgradeToAndCall`, after which other code has to be proved. Documents have a proof of their own,
/// because the address of one that is stored may have any length, and clearing it is a loop over it.
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
    /// @dev `DocumentsStorage.documents`, of which `uri` is the first field.
    bytes32 private constant DOCUMENTS_SLOT =
        0x4fdff85b2cfb1a68920568fd683457d4eb3d33b207d8fa09018ea089a179ba02;
    bytes4 private constant FORCED_TRANSFER =
        bytes4(keccak256("forcedTransfer(address,address,uint256,bytes32)"));

    /// @dev What is not among the functions that move tokens moves nothing, makes nothing, burns nothing, pays nothing.
    function check_NothingElseMovesTokens(address caller, address account, uint40 time) public {
        _assumeState();
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        vm.assume(!_isTransfer(bytes4(data)) && !_isMarkets(bytes4(data)) && !_isCompliance(bytes4(data)));
        vm.assume(bytes4(data) != UPGRADE && !_isDocuments(bytes4(data)));
        _movesNothing(caller, data, account);
    }

    /// @dev The same of the documents' functions, where what was stored before is nothing or 65 bytes, and what is written 65.
    function check_DocumentsMoveNoTokens(
        address caller,
        address account,
        bytes32 name,
        bytes32 documentHash,
        bool stored,
        bool removes
    ) public {
        _assumeState();
        bytes32 slot = keccak256(abi.encode(name, DOCUMENTS_SLOT));
        // As Solidity stores a string of 65 bytes: twice the length and one.
        if (stored) Store(address(vm)).store(address(token), slot, bytes32(uint256(131)));
        else Store(address(vm)).store(address(token), slot, bytes32(0));
        string memory uri = string(svm.createBytes(65, "uri"));
        bytes memory data = abi.encodeCall(IERC1643.setDocument, (name, uri, documentHash));
        if (removes) data = abi.encodeCall(IERC1643.removeDocument, (name));
        _movesNothing(caller, data, account);
    }

    /// @dev What is among them leaves what was frozen of a balance where it is; a frozen account neither sends nor
    /// receives, not even a mint; while the token is paused only the market burns its own. Compliance, which acts under a
    /// case, may take what is frozen, and mints nothing either: only the market does.
    function check_FrozenUnitsStayWhateverMovesTokens(address caller, address holder, uint40 time) public {
        _assumeState();
        vm.assume(holder != address(this));
        vm.warp(time);
        bytes memory data = svm.createCalldata("Stablecoin");
        vm.assume(_isTransfer(bytes4(data)) || _isMarkets(bytes4(data)) || _isCompliance(bytes4(data)));
        address party = _firstArgument(data);
        uint256 balance = token.balanceOf(holder);
        uint256 callers = token.balanceOf(caller);
        uint256 partys = token.balanceOf(party);
        uint256 markets = token.balanceOf(address(this));
        uint256 frozen = token.getFrozenTokens(holder);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();
        bool paused = token.paused();

        _succeeds(caller, data);

        // Together no two hold more than there is; said of the figures from before.
        vm.assume(balance <= supply && markets <= supply);
        vm.assume(_sameOrWithin(caller, holder, balance + callers, supply));
        vm.assume(_sameOrWithin(party, holder, balance + partys, supply));
        vm.assume(_sameOrWithin(caller, address(this), markets + callers, supply));
        vm.assume(_sameOrWithin(party, address(this), markets + partys, supply));
        assert(
            token.minted() == minted || (bytes4(data) == Stablecoin.mint.selector && caller == address(this))
        );
        assert(token.minted() >= minted);
        _harnessStillHolds();
        if (_isCompliance(bytes4(data))) return;
        uint256 left = token.balanceOf(holder);
        assert(left >= balance || left >= frozen);
        assert(left == balance || (frozen != type(uint128).max && !paused));
    }

    function check_SettingTheMarketMarksIt(address caller, address market) public {
        vm.assume(token.market() == address(0));
        vm.prank(caller);
        token.setMarket(market);
        assert(token.market() == market);
        assert(_isEscrow(market));
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _movesNothing(address caller, bytes memory data, address account) private {
        uint256 balance = token.balanceOf(account);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();
        uint256 discharged = token.discharged();

        _succeeds(caller, data);

        assert(token.balanceOf(account) == balance);
        assert(token.totalSupply() == supply);
        assert(token.minted() == minted);
        assert(token.discharged() == discharged);
        _harnessStillHolds();
    }

    /// @dev A call that is refused changes nothing at all, so only the others are of interest.
    function _succeeds(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        vm.assume(ok);
    }

    /// @dev What the harness assumes of every state about the market: set once, and its account marked for good.
    function _harnessStillHolds() private view {
        assert(token.market() == address(this));
        assert(_isEscrow(address(this)));
    }

    /// @dev Without branches: each `||` would have halmos follow two paths from there on.
    function _sameOrWithin(address a, address b, uint256 sum, uint256 limit)
        private
        pure
        returns (bool holds)
    {
        assembly ("memory-safe") {
            holds := or(eq(a, b), iszero(gt(sum, limit)))
        }
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

    /// @dev The market's calls that make, burn or pay.
    function _isMarkets(bytes4 selector) private pure returns (bool) {
        return selector == Stablecoin.mint.selector || selector == Stablecoin.burnEscrow.selector
            || selector == Stablecoin.discharge.selector;
    }

    function _isDocuments(bytes4 selector) private pure returns (bool) {
        return selector == IERC1643.setDocument.selector || selector == IERC1643.removeDocument.selector;
    }

    /// @dev What may take frozen tokens.
    function _isCompliance(bytes4 selector) private pure returns (bool) {
        return selector == FORCED_TRANSFER || selector == Stablecoin.burnByOrder.selector;
    }
}
