// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
import {
    CountryRule,
    IFundShare,
    Restriction,
    SharePolicy
} from "../../../contracts/interfaces/IFundShare.sol";
import {WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {ShareSuite} from "../support/ShareSuite.sol";
import {vm} from "../support/Vm.sol";

interface G {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }
    function lastCallGas() external view returns (Gas memory);
}

contract ZGas is ShareSuite {
    event log_named_uint(string name, uint256 count);

    function _g(string memory n, uint256 per) internal {
        G.Gas memory g = G(address(vm)).lastCallGas();
        emit log_named_uint(n, (g.gasTotalUsed) / per);
    }

    function _run(string memory tag) internal {
        emit log_named_uint(tag, 0);
        vault.issue(1e12);
        _subscribe(alice, 1_234_560_000);
        _subscribe(bob, 1_234_560_000);
        _subscribe(carol, 1_234_560_000);
        vm.prank(alice);
        share.transfer(bob, 234_560_000);
        _g("share transfer existing", 1);
        vm.prank(alice);
        share.transfer(dave, 234_560_000);
        _g("share transfer fresh", 1);
        vault.collect(alice, alice, 100_000_000);
        _g("collect", 1);
        vault.deliver(alice, 100_000_000, uint40(block.timestamp));
        _g("deliver", 1);
        vault.giveBack(alice, 100_000_000);
        _g("giveBack", 1);
        address[] memory a = new address[](50);
        uint256[] memory m = new uint256[](50);
        WalletEntry[] memory e = new WalletEntry[](50);
        for (uint256 i; i < 50; ++i) {
            a[i] = vm.addr(5000 + i);
            m[i] = 1_234_560_000;
            e[i] = WalletEntry(a[i], _professional(a[i]));
        }
        vm.prank(registrar);
        registry.setWallets(e);
        _g("onboard 50 each", 50);
        _admit(vm.addr(777));
        _g("onboard one", 1);
        vault.deliver(a, m, uint40(block.timestamp));
        _g("deliver 50 first, each", 50);
        vault.deliver(a, m, uint40(block.timestamp));
        _g("deliver 50 repeat, each", 50);
    }

    function test_Plain() public {
        _attest(1e12);
        _mint(alice, 1000e6);
        _mint(bob, 1000e6);
        vm.prank(alice);
        token.transfer(bob, 234_560_000);
        _g("coin transfer existing (42268)", 1);
        _run("plain");
    }

    function test_Limits() public {
        SharePolicy memory p = _countedPolicy();
        p.maxHolding = 1e13;
        p.minHolding = 1e6;
        p.maxHolders = 200;
        _setPolicy(p);
        _run("limits");
    }
}
