// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../contracts/access/Governed.sol";
import {Roles} from "../../contracts/access/Roles.sol";
import {OmnibusRegistry} from "../../contracts/compliance/OmnibusRegistry.sol";
import {SumLeaf, SumNode} from "../../contracts/compliance/SumTree.sol";
import {WalletEntry, WalletKind} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {
    IOmnibusRegistry,
    OmnibusCommitment,
    OmnibusStatement
} from "../../contracts/interfaces/IOmnibusRegistry.sol";
import {Suite} from "./support/Suite.sol";
import {bound, vm} from "./support/Vm.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC1967} from "@openzeppelin/contracts/interfaces/IERC1967.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice Trees are built here in another way than the contract walks them: level by level, on the hashes' definition.
contract OmnibusTest is Suite {
    uint256 private constant MOST = type(uint128).max;

    OmnibusRegistry private omnibus;
    address private pool = vm.addr(501);
    uint32 private today;

    function setUp() public override {
        super.setUp();
        bytes memory arguments = abi.encode(manager, registry);
        omnibus = OmnibusRegistry(_proxy(_create("OmnibusRegistry.sol:OmnibusRegistry", arguments)));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = IOmnibusRegistry.commit.selector;
        _administer(
            abi.encodeCall(manager.setTargetFunctionRole, (address(omnibus), selectors, Roles.REGISTRAR))
        );
        _registerAs(pool, WalletKind.Omnibus);
        _attest(1_000_000 * unit);
        _mint(pool, 1000);
        vm.roll(block.number + 3);
        today = uint32((block.timestamp + 8 hours) / 1 days);
    }

    function _registerAs(address account, WalletKind kind) private {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] =
            WalletEntry({account: account, wallet: _wallet(account, uint40(block.timestamp + 365 days))});
        entries[0].wallet.kind = kind;
        vm.prank(registrar);
        registry.setWallets(entries);
    }

    // ------------------------------------------------------------------------------------------------ the tree

    function _leafHash(bytes32 domain, SumLeaf memory leaf) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), domain, leaf.index, leaf.client, leaf.salt, leaf.amount));
    }

    function _root(bytes32 domain, uint64 clients, SumNode memory top) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), domain, clients, top.hash, top.sum));
    }

    function _leaves(uint256 count, uint256 seed, uint256 most)
        private
        pure
        returns (SumLeaf[] memory leaves)
    {
        leaves = new SumLeaf[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 roll = keccak256(abi.encode(seed, i));
            leaves[i] = SumLeaf({
                index: uint64(i),
                client: bytes16(roll),
                salt: keccak256(abi.encode(roll)),
                amount: uint128(uint256(roll) % (most + 1))
            });
        }
    }

    /// @dev The top of the tree and the path of the leaf at `place`.
    function _tree(bytes32 domain, SumLeaf[] memory leaves, uint256 place)
        private
        pure
        returns (SumNode memory top, SumNode[] memory path)
    {
        SumNode[] memory level = new SumNode[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = SumNode({hash: _leafHash(domain, leaves[i]), sum: leaves[i].amount});
        }
        path = new SumNode[](0);
        while (level.length > 1) {
            uint256 sibling = place % 2 == 1 ? place - 1 : place + 1;
            if (sibling < level.length) path = _longer(path, level[sibling]);
            SumNode[] memory above = new SumNode[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = 2 * i + 1 == level.length ? level[2 * i] : _over(level[2 * i], level[2 * i + 1]);
            }
            level = above;
            place /= 2;
        }
        top = level[0];
    }

    function _over(SumNode memory left, SumNode memory right) private pure returns (SumNode memory) {
        return SumNode({
            hash: keccak256(abi.encodePacked(uint8(1), left.hash, left.sum, right.hash, right.sum)),
            sum: left.sum + right.sum
        });
    }

    function _longer(SumNode[] memory path, SumNode memory node)
        private
        pure
        returns (SumNode[] memory longer)
    {
        longer = new SumNode[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
        }
        longer[path.length] = node;
    }

    function _shorter(SumNode[] memory path) private pure returns (SumNode[] memory shorter) {
        shorter = new SumNode[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i];
        }
    }

    function _statement(bytes32 root, uint128 total, uint64 clients)
        private
        view
        returns (OmnibusStatement memory)
    {
        return OmnibusStatement({
            wallet: pool,
            token: address(token),
            day: today,
            root: root,
            total: total,
            clients: clients,
            builtOn: uint64(block.number - 1),
            builtOnHash: blockhash(block.number - 1)
        });
    }

    function _statement() private view returns (OmnibusStatement memory) {
        return _statement(keccak256("root"), 1000, 3);
    }

    function _commit(OmnibusStatement memory statement) private {
        vm.prank(registrar);
        omnibus.commit(statement);
    }

    function _refused(OmnibusStatement memory statement, bytes memory refusal) private {
        vm.prank(registrar);
        vm.expectRevert(refusal);
        omnibus.commit(statement);
    }

    /// @dev A committed tree over `count` clients that hold what the pool holds.
    function _committed(uint256 count, uint256 seed) private returns (SumLeaf[] memory leaves) {
        leaves = _leaves(count, seed, 1000);
        uint256 total = 0;
        for (uint256 i = 0; i < count; ++i) {
            total += leaves[i].amount;
        }
        if (total > 1000) _mint(pool, total - 1000);
        else leaves[0].amount += uint128(1000 - total);
        (SumNode memory top,) = _tree(_domain(), leaves, 0);
        _commit(_statement(_root(_domain(), uint64(count), top), top.sum, uint64(count)));
    }

    function _domain() private view returns (bytes32) {
        return omnibus.domainOf(pool, address(token), today);
    }

    function _isIn(SumLeaf memory leaf, SumNode[] memory path) private view returns (bool) {
        return omnibus.verify(pool, address(token), today, leaf, path);
    }

    // ------------------------------------------------------------------------------------------------ verifying

    function testFuzz_EveryClientVerifies(uint256 count, uint256 seed) public {
        count = bound(count, 1, 33);
        SumLeaf[] memory leaves = _committed(count, seed);
        for (uint256 i = 0; i < count; ++i) {
            (, SumNode[] memory path) = _tree(_domain(), leaves, i);
            vm.assertTrue(_isIn(leaves[i], path), "in the tree");
        }
    }

    function testFuzz_WhatWasChangedDoesNotVerify(uint256 count, uint256 seed, uint256 which, uint256 how)
        public
    {
        count = bound(count, 2, 20);
        SumLeaf[] memory leaves = _committed(count, seed);
        which = bound(which, 0, count - 1);
        how = bound(how, 0, 8);
        (, SumNode[] memory path) = _tree(_domain(), leaves, which);
        SumLeaf memory leaf = leaves[which];
        SumNode memory sibling = path[seed % path.length];
        if (how == 0) leaf.amount += 1;
        if (how == 1) leaf.client ^= bytes16(uint128(1));
        if (how == 2) leaf.salt ^= bytes32(uint256(1));
        if (how == 3) leaf.index = uint64((which + 1) % count);
        if (how == 4) leaf.index += uint64(count);
        if (how == 5) sibling.sum += 1;
        if (how == 6) sibling.hash ^= bytes32(uint256(1));
        if (how == 7) path = _longer(path, sibling);
        if (how == 8) path = _shorter(path);
        vm.assertFalse(_isIn(leaf, path), "changed");
    }

    /// @dev A unit taken from the leaf and given to a sibling keeps the total, and is seen all the same.
    function testFuzz_SumsCanNotBeShiftedBetweenSiblings(uint256 count, uint256 seed, uint256 which) public {
        count = bound(count, 2, 20);
        SumLeaf[] memory leaves = _committed(count, seed);
        which = bound(which, 0, count - 1);
        (, SumNode[] memory path) = _tree(_domain(), leaves, which);
        SumLeaf memory leaf = leaves[which];
        vm.assume(path[0].sum > 0);
        leaf.amount += 1;
        path[0].sum -= 1;
        vm.assertFalse(_isIn(leaf, path), "shifted");
    }

    function test_AnInnerNodeIsNoLeaf() public {
        SumLeaf[] memory leaves = _committed(4, 7);
        (, SumNode[] memory path) = _tree(_domain(), leaves, 0);
        SumLeaf memory forged =
            SumLeaf({index: 0, client: bytes16(path[1].hash), salt: path[0].hash, amount: path[1].sum});
        SumNode[] memory shorter = new SumNode[](1);
        shorter[0] = path[1];
        vm.assertFalse(_isIn(forged, shorter), "a node isn't a leaf");
    }

    /// @dev With sums that wrap, 2^128 - 500 and 1500 would add up to the balance: a negative entry.
    function test_SumsThatOverflowDoNotVerify() public {
        SumLeaf[] memory leaves = _leaves(2, 3, 0);
        leaves[0].amount = uint128(MOST - 499);
        leaves[1].amount = 1500;
        SumNode[] memory path = new SumNode[](1);
        bytes32 domain = _domain();
        bytes32 left = _leafHash(domain, leaves[0]);
        path[0] = SumNode({hash: _leafHash(domain, leaves[1]), sum: 1500});
        bytes32 node =
            keccak256(abi.encodePacked(uint8(1), left, leaves[0].amount, path[0].hash, uint128(1500)));
        _commit(_statement(_root(domain, 2, SumNode({hash: node, sum: 1000})), 1000, 2));
        vm.assertFalse(_isIn(leaves[0], path), "the sum passes 2^128");
        path[0] = SumNode({hash: left, sum: leaves[0].amount});
        vm.assertFalse(_isIn(leaves[1], path), "and from the other side");
    }

    /// @dev A tree of two, one of them shown to a third client as hers at another place.
    function test_APlaceBeyondTheLastIsNoPlace() public {
        SumLeaf[] memory leaves = _committed(2, 11);
        (, SumNode[] memory path) = _tree(_domain(), leaves, 0);
        leaves[0].index = 2;
        vm.assertFalse(_isIn(leaves[0], path), "two clients have places 0 and 1");
    }

    function test_AProofIsOfOneWalletTokenDayAndChain() public {
        SumLeaf[] memory leaves = _committed(5, 13);
        (, SumNode[] memory path) = _tree(_domain(), leaves, 2);
        vm.assertTrue(_isIn(leaves[2], path), "here");
        vm.assertFalse(omnibus.verify(alice, address(token), today, leaves[2], path), "wallet");
        vm.assertFalse(omnibus.verify(pool, address(feed), today, leaves[2], path), "token");
        vm.assertFalse(omnibus.verify(pool, address(token), today - 1, leaves[2], path), "day");
        vm.chainId(block.chainid + 1);
        vm.assertFalse(_isIn(leaves[2], path), "chain");
    }

    // ----------------------------------------------------------------------------------------------- committing

    function test_ACommitmentIsKeptAndTold() public {
        OmnibusStatement memory s = _statement();
        vm.expectEmit(address(omnibus));
        emit IOmnibusRegistry.Committed(
            pool, address(token), registrar, today, s.root, 1000, 3, s.builtOn, s.builtOnHash
        );
        _commit(s);
        OmnibusCommitment memory kept = omnibus.commitmentOf(pool, address(token), today);
        vm.assertEq(kept.root, s.root, "root");
        vm.assertEq(kept.total, 1000, "total");
        vm.assertEq(kept.clients, 3, "clients");
        vm.assertEq(kept.builtOn, s.builtOn, "block");
        vm.assertEq(kept.builtOnHash, s.builtOnHash, "hash");
        vm.assertEq(kept.actor, registrar, "actor");
        vm.assertEq(kept.committedAt, block.timestamp, "time");
        vm.assertEq(omnibus.lastDayOf(pool, address(token)), today, "last day");
        vm.assertEq(omnibus.registry(), address(registry), "registry");
    }

    function testFuzz_OnlyATotalThatIsTheBalance(uint128 total) public {
        vm.assume(total != 1000);
        OmnibusStatement memory s = _statement(keccak256("root"), total, 3);
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.TotalIsNotBalance.selector, total, 1000));
        s.total = 1000;
        _commit(s);
    }

    function test_OffByOneIsRefused() public {
        OmnibusStatement memory s = _statement(keccak256("root"), 1001, 3);
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.TotalIsNotBalance.selector, 1001, 1000));
        vm.prank(pool);
        token.transfer(alice, 1);
        s.total = 1000;
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.TotalIsNotBalance.selector, 1000, 999));
    }

    function testFuzz_DaysOnlyGoForward(uint32 day) public {
        OmnibusStatement memory s = _statement();
        s.day = today - 3;
        _commit(s);
        s.day = uint32(bound(day, 0, today - 3));
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.DayNotAfter.selector, s.day, today - 3));
        s.day = today;
        _commit(s);
        vm.assertEq(
            omnibus.commitmentOf(pool, address(token), today - 3).total, 1000, "the earlier one is kept"
        );
    }

    function test_ADayBeginsAtMidnightInHongKong() public {
        OmnibusStatement memory s = _statement();
        uint256 midnight = (uint256(today) + 1) * 1 days - 8 hours;
        s.day = today + 1;
        vm.warp(midnight - 1);
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.DayNotReached.selector, today + 1, today));
        vm.warp(midnight);
        _commit(s);
    }

    function test_OnlyAnOmnibusWallet() public {
        _mint(alice, 1000);
        OmnibusStatement memory s = _statement();
        s.wallet = alice;
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.NotOmnibus.selector, alice, 1));
        s.wallet = stranger;
        _refused(s, abi.encodeWithSelector(IOmnibusRegistry.NotOmnibus.selector, stranger, 0));
    }

    function test_TheBlockIsOfThisChain() public {
        OmnibusStatement memory s = _statement();
        s.builtOnHash = keccak256("another chain's");
        _refused(
            s, abi.encodeWithSelector(IOmnibusRegistry.BlockNotOfThisChain.selector, s.builtOn, s.builtOnHash)
        );
        s = _statement();
        vm.roll(block.number + 300);
        _refused(
            s, abi.encodeWithSelector(IOmnibusRegistry.BlockNotOfThisChain.selector, s.builtOn, s.builtOnHash)
        );
        (s.builtOn, s.builtOnHash) = (uint64(block.number), bytes32(0));
        _refused(
            s, abi.encodeWithSelector(IOmnibusRegistry.BlockNotOfThisChain.selector, s.builtOn, bytes32(0))
        );
    }

    function test_AnIncompleteStatementIsRefused() public {
        bytes memory refusal = abi.encodeWithSelector(IOmnibusRegistry.IncompleteStatement.selector);
        _refused(_statement(bytes32(0), 1000, 3), refusal);
        _refused(_statement(keccak256("root"), 1000, 0), refusal);
        OmnibusStatement memory s = _statement();
        s.token = stranger;
        _refused(s, refusal);
    }

    function testFuzz_OnlyTheRegistrarCommits(address who) public {
        vm.assume(who != registrar && who != address(0));
        OmnibusStatement memory s = _statement();
        vm.prank(who);
        vm.expectRevert(
            who == address(manager)
                ? abi.encodeWithSelector(Governed.ActorUnknown.selector)
                : abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who)
        );
        omnibus.commit(s);
    }

    function test_TheRegistrarCallsItDirectly() public {
        OmnibusStatement memory s = _statement();
        vm.prank(registrar);
        vm.expectRevert(Governed.ActorUnknown.selector);
        manager.execute(address(omnibus), abi.encodeCall(IOmnibusRegistry.commit, (s)));
    }

    function test_OnlyTheUpgraderUpgradesAndCommitmentsStay() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        _administer(
            abi.encodeCall(manager.setTargetFunctionRole, (address(omnibus), selectors, Roles.UPGRADER))
        );
        _committed(3, 1);
        bytes32 before = keccak256(abi.encode(omnibus.commitmentOf(pool, address(token), today)));
        address next = _create("OmnibusRegistry.sol:OmnibusRegistry", abi.encode(manager, registry));
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, registrar));
        omnibus.upgradeToAndCall(next, "");
        _ready(upgrader, address(omnibus), abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, "")));
        vm.expectEmit(address(omnibus));
        emit IERC1967.Upgraded(next);
        vm.prank(upgrader);
        omnibus.upgradeToAndCall(next, "");
        vm.assertEq(keccak256(abi.encode(omnibus.commitmentOf(pool, address(token), today))), before, "kept");
    }
}
