// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {ApprovalTier, IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";

/// @notice Trap X12: a minter without limits, and attestors who are gone.
contract UnbackedMintsTest is AttackSuite {
    uint256 private constant UNBACKED = 80_000_000e6;

    function _mintRefusedFrom(address sender, uint256 amount, bytes memory refusal) private {
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, amount)))));
        _refused(sender, address(market), call, refusal);
    }

    /// @dev The token mints for its market only, whoever asks, and asks for the attestation itself.
    function test_X12_NoAccountMintsAtTheToken() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, admin, 0)));
        address[7] memory who = [admin, governor, upgrader, operator, guardian, stranger, address(manager)];
        address[] memory accounts = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (accounts[0], amounts[0]) = (alice, 1);
        bytes memory call = abi.encodeCall(IStablecoin.mint, (accounts, amounts));
        for (uint256 i = 0; i < who.length; ++i) {
            _refused(
                who[i],
                address(token),
                call,
                abi.encodeWithSelector(IStablecoin.CallerIsNotMarket.selector, who[i])
            );
        }
        amounts[0] = UNBACKED;
        _refused(
            address(market),
            address(token),
            abi.encodeCall(IStablecoin.mint, (accounts, amounts)),
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, UNBACKED + 1000, 1_000_000e6)
        );
        vm.assertEq(token.totalSupply(), 1000, "supply");
    }

    /// @dev An operator without a limit mints nothing; one whose every limit is the largest mints what is attested.
    function test_X12_AMinterWithoutLimitsMintsNothingUnbacked() public {
        _administer(abi.encodeCall(manager.grantRole, (Roles.OPERATOR, admin, 0)));
        _mintRefusedFrom(
            admin, 1, abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, admin, 0, 1)
        );
        uint112 most = type(uint112).max;
        ApprovalTier[] memory tiers = new ApprovalTier[](1);
        tiers[0] = ApprovalTier({upTo: most, approvals: 1});
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOrderCap, (most)));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (admin, most)));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        _mintRefusedFrom(
            admin,
            UNBACKED,
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, UNBACKED + 1000, 1_000_000e6)
        );
        uint256 free = token.headroom();
        _mintRefusedFrom(
            admin,
            free + 1,
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1_000_000e6 + 1, 1_000_000e6)
        );
        _passes(
            admin, address(market), abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, free)))))
        );
        vm.assertEq(token.totalSupply(), 1_000_000e6, "what is attested, to the last unit");
    }

    /// @dev Nobody attests any more, for a year, and the ones who did are suspended: no mint, and every way out.
    function test_X12_WithoutAttestorsMintingStops_AndRedemptionGoesOn() public {
        uint256 accepted = _request(alice, 100);
        uint256 open = _request(alice, 200);
        _accept(_ids(accepted));
        uint256 freshUntil = START - 1 + MAX_AGE;
        vm.warp(freshUntil);
        _mint(alice, 1);
        vm.warp(freshUntil + 1);
        bytes memory stale = abi.encodeWithSelector(IStablecoin.ReserveStale.selector, START - 1, freshUntil);
        _mintRefusedFrom(operator, 1, stale);
        vm.assertEq(token.headroom(), 0, "headroom");
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(guardian);
            feed.suspendAttestor(attestor(i));
        }
        vm.warp(START + 360 days);
        _mintRefusedFrom(operator, 1, stale);

        _pay(_ids(accepted));
        _accept(_ids(open));
        _pay(_ids(open));
        vm.prank(alice);
        token.transfer(bob, 300);
        _redeem(bob, 300);
        uint256 withdrawn = _request(alice, 50);
        vm.prank(alice);
        market.cancelRedemption(withdrawn);
        _redeem(alice, 401);
        vm.assertEq(token.totalSupply(), 0, "everybody is out");
        vm.assertEq(token.discharged(), 1001, "and paid");
    }
}
