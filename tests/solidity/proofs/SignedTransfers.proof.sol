// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./TokenHarness.sol";

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
        bool used = token.authorizationState(a.from, a.nonce);
        uint256[3] memory held = [token.balanceOf(a.from), token.balanceOf(a.to), token.balanceOf(other)];
        uint256 frozen = token.getFrozenTokens(a.from);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();

        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        vm.assume(ok);

        // Together the two hold no more than there is; said of the figures from before.
        vm.assume(held[0] <= supply);
        vm.assume(a.from == a.to || held[0] + held[1] <= supply);
        assert(!used && token.authorizationState(a.from, a.nonce));
        assert(a.validAfter < time && time < a.validBefore);
        assert(a.value <= held[0] && (a.value == 0 || frozen <= held[0] - a.value));
        assert(token.balanceOf(a.from) == (a.from == a.to ? held[0] : held[0] - a.value));
        assert(token.balanceOf(a.to) == (a.from == a.to ? held[1] : held[1] + a.value));
        assert(token.totalSupply() == supply && token.minted() == minted);
        assert(token.balanceOf(other) == held[2]);
    }

    function _refused(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool ok,) = address(token).call(data);
        assert(!ok);
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
