// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IInvestorRegistry, WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "./AttackSuite.sol";
import {vm} from "./Vm.sol";

/// @notice What tests of the audit rows do again and again.
abstract contract AuditSuite is AttackSuite {
    function _unverified(address account, uint256 until) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, account, until);
    }

    function _mintRefused(address to, uint256 amount, bytes memory refusal) internal {
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(to, amount)))));
        _refused(operator, address(market), call, refusal);
    }

    function _entry(address account, bytes16 investor) internal pure returns (bytes memory) {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0].account = account;
        entries[0].wallet = _wallet(account, uint40(UNTIL));
        entries[0].wallet.investor = investor;
        return abi.encodeCall(IInvestorRegistry.setWallets, (entries));
    }

    function _attestLater(uint256 value) internal {
        vm.warp(block.timestamp + 60);
        _attest(value);
    }

    function _publishRefused(uint256 value, uint256 asOf, bytes memory refusal) internal {
        Attestation memory a = _attestation(value, asOf);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 2);
        _refused(stranger, address(feed), abi.encodeCall(IAttestedFeed.publish, (a, list)), refusal);
    }
}
