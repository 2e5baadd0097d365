// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./Harness.sol";

/// @notice `Conservation` and `OnceOnly` for signed transfers (ERC-3009), in each of their four forms.
/// @dev Signatures are as halmos has them: any digest and signature recover to some account. Contract accounts answer
/// nothing here; ERC-1271 is asked by `staticcall`, so that no answer could change the state.
contract SignedTransfersProof is TokenHarness {
    struct Authorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    function check_TransferWithAuthorization(
        Authorization memory a,
        address caller,
        address other,
        uint40 time
    ) public {
        _conserves(a, caller, other, time, _transfer(a));
    }

    function check_TransferWithAuthorizationBytes(
        Authorization memory a,
        address caller,
        address other,
        uint40 time
    ) public {
        _conserves(a, caller, other, time, _transferBytes(a));
    }

    function check_ReceiveWithAuthorization(
        Authorization memory a,
        address caller,
        address other,
        uint40 time
    ) public {
        _conserves(a, caller, other, time, _receive(a));
        assert(caller == a.to);
    }

    function check_ReceiveWithAuthorizationBytes(
        Authorization memory a,
        address caller,
        address other,
        uint40 time
    ) public {
        _conserves(a, caller, other, time, _receiveBytes(a));
        assert(caller == a.to);
    }

    /// @dev Used or cancelled, in whatever form it is presented.
    function check_AUsedAuthorizationIsRefused(Authorization memory a, address caller, uint40 time) public {
        _assumeState();
        vm.warp(time);
        vm.assume(token.authorizationState(a.from, a.nonce));
        _refused(caller, _transfer(a));
        _refused(caller, _transferBytes(a));
        _refused(caller, _receive(a));
        _refused(caller, _receiveBytes(a));
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _conserves(Authorization memory a, address caller, address other, uint40 time, bytes memory data)
        private
    {
        _assumeState();
        vm.warp(time);
        vm.assume(other != a.from && other != a.to);
        _assumeHeld(a.from, a.to, other);
        bool used = token.authorizationState(a.from, a.nonce);
        uint256 free = _free(a.from);
        uint256 held = _held(a.from, a.to, a.to);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();
        uint256 otherBalance = token.balanceOf(other);

        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        vm.assume(ok);

        assert(!used && token.authorizationState(a.from, a.nonce));
        assert(a.validAfter < time && time < a.validBefore);
        assert(a.value <= free);
        assert(_held(a.from, a.to, a.to) == held);
        assert(token.totalSupply() == supply && token.minted() == minted);
        assert(token.balanceOf(other) == otherBalance);
    }

    function _refused(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        assert(!ok);
    }

    function _free(address account) private view returns (uint256) {
        uint256 balance = token.balanceOf(account);
        uint256 frozen = token.getFrozenTokens(account);
        return frozen < balance ? balance - frozen : 0;
    }

    function _transfer(Authorization memory a) private pure returns (bytes memory) {
        return abi.encodeWithSignature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
            a
        );
    }

    function _receive(Authorization memory a) private pure returns (bytes memory) {
        return abi.encodeWithSignature(
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
            a
        );
    }

    function _transferBytes(Authorization memory a) private pure returns (bytes memory) {
        return abi.encodeWithSignature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            a.from,
            a.to,
            a.value,
            a.validAfter,
            a.validBefore,
            a.nonce,
            abi.encodePacked(a.r, a.s, a.v)
        );
    }

    function _receiveBytes(Authorization memory a) private pure returns (bytes memory) {
        return abi.encodeWithSignature(
            "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            a.from,
            a.to,
            a.value,
            a.validAfter,
            a.validBefore,
            a.nonce,
            abi.encodePacked(a.r, a.s, a.v)
        );
    }
}
