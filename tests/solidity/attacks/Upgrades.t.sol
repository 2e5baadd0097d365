// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {Grown, NoProxiableUuid} from "../support/Grown.sol";
import {vm} from "../support/Vm.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @notice Storage across an upgrade, and who may initialise and upgrade what.
contract UpgradesTest is AttackSuite {
    function _proxies() private view returns (address[3] memory) {
        return [address(token), address(market), address(registry)];
    }

    /// @dev The upgrader's call after its delay.
    function _upgrade(address proxy, address implementation, bytes memory call) private {
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, call));
        _ready(upgrader, proxy, data);
        vm.prank(upgrader);
        UUPSUpgradeable(proxy).upgradeToAndCall(implementation, call);
    }

    /// @dev Something in every part of every contract's storage.
    function _fill() private {
        _govern(address(token), abi.encodeCall(IERC1643.setDocument, (CASE, "uri", REPORT)));
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (123)));
        _attest(1_000_000e6);
        _redeem(alice, 100);
        _accept(_ids(_request(alice, 50)));
        _request(alice, 30);
        _freeze(alice, 7);
        _freezeAccount(carol);
        vm.prank(alice);
        token.approve(bob, 55);
        _passes(stranger, address(token), _permitCall(alice, _sign(ALICE_KEY, _permitDigest(alice))));
        _passes(stranger, address(token), _cancelCall(alice, _sign(ALICE_KEY, _cancelDigest(alice))));
        vm.prank(guardian);
        market.stopMinting();
    }

    /// @dev Everything that the three contracts say of themselves.
    function _everything() private view returns (bytes memory all) {
        (string memory uri, bytes32 hash, uint256 modifiedAt) = token.getDocument(CASE);
        all = abi.encode(_fingerprint(), uri, hash, modifiedAt, token.getAllDocuments());
        all = abi.encode(all, token.feed(), token.market(), token.bufferBps(), token.ceiling());
        all = abi.encode(all, token.allowance(alice, bob), token.authorizationState(alice, NONCE));
        all = abi.encode(all, token.dischargedAt(uint48(block.timestamp)), token.coverageBps());
        all = abi.encode(all, token.name(), token.symbol(), token.decimals(), token.DOMAIN_SEPARATOR());
        for (uint256 id = 1; id <= market.redemptionCount(); ++id) {
            all = abi.encode(all, market.redemption(id));
        }
        all = abi.encode(all, market.approvalTiers(), market.orderCap(), market.redemptionPeriod());
        all = abi.encode(all, market.isExecuted(1), market.isExecuted(2), market.woundDown());
        all = abi.encode(all, registry.walletOf(alice), registry.walletOf(bob), registry.walletOf(stranger));
    }

    /// @dev Who is a member of which role, with which delay, and whose the functions are that upgrade.
    function _memberships() private view returns (bytes memory all) {
        address[14] memory who = [
            admin,
            governor,
            upgrader,
            guardian,
            compliance,
            registrar,
            operator,
            treasurer,
            dealer,
            approver(0),
            approver(1),
            approver(2),
            address(gate),
            stranger
        ];
        for (uint64 role = 0; role < 10; ++role) {
            for (uint256 i = 0; i < who.length; ++i) {
                (bool member, uint32 delay) = manager.hasRole(role, who[i]);
                all = abi.encode(all, member, delay);
            }
        }
        address[3] memory proxies = _proxies();
        for (uint256 i = 0; i < 3; ++i) {
            bytes4 selector = UUPSUpgradeable.upgradeToAndCall.selector;
            all = abi.encode(all, manager.getTargetFunctionRole(proxies[i], selector));
        }
    }

    /// @dev The next version of each contract, its upgrade scheduled and ready to be made.
    function _nextVersions() private returns (address[3] memory next) {
        next = [
            _create("Grown.sol:GrownStablecoin", abi.encode(manager)),
            _create("Grown.sol:GrownMarket", abi.encode(manager, token, registry)),
            _create("Grown.sol:GrownRegistry", abi.encode(manager))
        ];
        address[3] memory proxies = _proxies();
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next[i], ""));
            vm.prank(upgrader);
            manager.schedule(proxies[i], data, 0);
        }
        vm.warp(block.timestamp + UPGRADER_DELAY);
    }

    function test_AnUpgradeWithAnAddedFieldKeepsEverything() public {
        _fill();
        address[3] memory next = _nextVersions();
        address[3] memory proxies = _proxies();
        bytes memory before = _everything();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(upgrader);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next[i], "");
            vm.assertEq(_implementation(proxies[i]), next[i], "upgraded");
            vm.assertEq(_everything(), before, "kept by the upgrade");
            Grown(proxies[i]).setField(type(uint256).max, alice);
            vm.assertEq(_everything(), before, "kept beside the new field");
            (uint256 field, uint256 ofAlice) = Grown(proxies[i]).field(alice);
            vm.assertEq(field, type(uint256).max, "the new field");
            vm.assertEq(ofAlice, type(uint256).max, "the new mapping");
        }
    }

    // ------------------------------------------------------------------------------------------- trap X2: upgrade

    function test_X2_AnUpgradeKeepsSupplyAndRoles_AndNobodyInitialisesWhatItBrought() public {
        _fill();
        address[3] memory next = _nextVersions();
        address[3] memory proxies = _proxies();
        (uint256 supply, bytes memory members) = (token.totalSupply(), _memberships());
        bytes memory call = abi.encodeCall(Stablecoin.initialize, ());
        bytes memory refusal = abi.encodeWithSelector(Initializable.InvalidInitialization.selector);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(upgrader);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next[i], "");
            vm.assertEq(token.totalSupply(), supply, "supply");
            vm.assertEq(_memberships(), members, "roles");
            _refused(stranger, proxies[i], call, refusal);
            _refused(upgrader, proxies[i], call, refusal);
            _refused(stranger, next[i], call, refusal);
            vm.assertEq(Stablecoin(proxies[i]).authority(), address(manager), "authority");
        }
        vm.assertEq(supply, 900 - 50, "of 1000 minted, 150 were burned");
    }

    function _nextMarket() private returns (address) {
        return _create("Grown.sol:GrownMarket", abi.encode(manager, token, registry));
    }

    /// @dev Signed, valid and unsent when the market is upgraded: refused by the new code, for mints and acceptances.
    /// Nothing but the signing domain has changed, and the same orders go once they are approved again.
    function test_X2_AnApprovalSignedBeforeAnUpgradeIsRefusedAfterIt() public {
        address next = _nextMarket();
        bytes memory upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        _ready(upgrader, address(market), upgrade);
        uint256[] memory ids = _ids(_request(alice, 400));
        MintOrder[] memory orders = _one(_order(alice, 2));
        MintBatch memory signed = _batch(orders)[0];
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(ids), 3);
        (bytes memory before, bytes memory members) = (_everything(), _memberships());
        string memory version = _version();

        _passes(upgrader, address(market), upgrade);
        vm.assertEq(_everything(), before, "storage and supply");
        vm.assertEq(_memberships(), members, "roles");
        vm.assertFalse(Strings.equal(_version(), version), "version");
        _mintRefused(signed, _invalidApproval(signed.approvals[0].signer));
        _acceptRefused(ids, approvals, _invalidApproval(approvals[0].signer));

        _send(_batch(orders));
        vm.assertEq(token.balanceOf(alice), 1000 - 400 + 2, "approved anew");
        _mintRefused(
            signed, abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, orders[0].number)
        );
        _accept(ids);
        vm.assertEq(market.escrowed(), 0, "accepted anew");
    }

    /// @dev The same code at another address is another implementation. The very implementation that was approved
    /// under takes up what was approved under it and has not ended otherwise.
    function test_X2_ApprovalsAreOfTheirVeryImplementation_ThereAndBack() public {
        address first = _implementation(address(market));
        MintOrder memory short = _order(alice, 1);
        short.expiry = uint64(block.timestamp + UPGRADER_DELAY + 1);
        MintBatch memory ofFirst = _batch(_one(_order(alice, 2)))[0];
        MintBatch memory expired = _batch(_one(short))[0];
        bytes memory refusal = _invalidApproval(ofFirst.approvals[0].signer);

        _upgrade(address(market), _nextMarket(), "");
        _mintRefused(ofFirst, refusal);
        MintBatch memory ofSecond = _batch(_one(_order(alice, 3)))[0];
        _upgrade(address(market), _nextMarket(), "");
        _mintRefused(ofFirst, refusal);
        _mintRefused(ofSecond, _invalidApproval(ofSecond.approvals[0].signer));
        _upgrade(address(market), first, "");
        _mintRefused(ofSecond, _invalidApproval(ofSecond.approvals[0].signer));
        _mintRefused(
            expired, abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, short.number, short.expiry)
        );
        _send(_single(ofFirst));
        vm.assertEq(token.balanceOf(alice), 1002, "approved under this very implementation");
    }

    /// @dev Holders sign for the tokens, whose domain an upgrade leaves as it was.
    function test_X2_WhatHoldersSignedOutlivesAnUpgrade() public {
        bytes memory permit = _permitCall(alice, _sign(ALICE_KEY, _permitDigest(alice)));
        bytes memory redemption = _redeemCall(alice, _sign(ALICE_KEY, _redeemDigest(alice)));
        address[3] memory next = _nextVersions();
        address[3] memory proxies = _proxies();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(upgrader);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next[i], "");
        }
        _passes(stranger, address(token), permit);
        vm.assertEq(token.allowance(alice, bob), 77, "allowance");
        _passes(stranger, address(market), redemption);
        vm.assertEq(market.escrowed(), 250, "escrow");
    }

    /// @dev ERC-5267: the version is readable, and is the beginning of the implementation's address. Behind a proxy it
    /// comes from the code alone: a version longer than 31 characters could not be one.
    function test_X2_TheSigningVersionIsTheImplementation() public {
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory whole = bytes(Strings.toHexString(_implementation(address(market))));
            bytes memory version = bytes(_version());
            vm.assertEq(version.length, 30, "length");
            for (uint256 j = 0; j < 30; ++j) {
                vm.assertEq(uint8(version[j]), uint8(whole[j]), "digit");
            }
            _upgrade(address(market), _nextMarket(), "");
        }
    }

    function _version() private view returns (string memory version) {
        (,, version,,,,) = market.eip712Domain();
    }

    function _single(MintBatch memory batch) private pure returns (MintBatch[] memory batches) {
        batches = new MintBatch[](1);
        batches[0] = batch;
    }

    function _mintRefused(MintBatch memory batch, bytes memory refusal) private {
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (_single(batch))), refusal);
    }

    function _acceptRefused(uint256[] memory ids, Signature[] memory approvals, bytes memory refusal)
        private
    {
        bytes memory call = abi.encodeCall(IPrimaryMarket.acceptRedemptions, (ids, approvals));
        _refused(operator, address(market), call, refusal);
    }

    // ---------------------------------------------------------------------------------------------- namespaces

    function _slot(string memory namespace) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(uint256(keccak256(bytes(namespace))) - 1))) & ~uint256(0xff);
    }

    /// @dev Ours, the test's addition, OpenZeppelin's, and ERC-1967's: all at least 2^32 slots apart, so that no
    /// struct of the size that a contract can have runs into another.
    function test_NamespacesAreFarApart() public pure {
        string[12] memory names = [
            "issuance.storage.RegulatedERC20",
            "issuance.storage.SignedTransfers",
            "issuance.storage.Documents",
            "issuance.storage.Stablecoin",
            "issuance.storage.Approvals",
            "issuance.storage.Redemptions",
            "issuance.storage.PrimaryMarket",
            "issuance.storage.InvestorRegistry",
            "issuance.storage.Grown",
            "openzeppelin.storage.Initializable",
            "openzeppelin.storage.AccessManaged",
            "openzeppelin.storage.Nonces"
        ];
        uint256[13] memory slots;
        for (uint256 i = 0; i < names.length; ++i) {
            slots[i] = _slot(names[i]);
        }
        slots[12] = uint256(IMPLEMENTATION);
        for (uint256 i = 0; i < slots.length; ++i) {
            vm.assertGt(slots[i], 2 ** 32, "not among the plain slots");
            for (uint256 j = 0; j < i; ++j) {
                uint256 distance = slots[i] > slots[j] ? slots[i] - slots[j] : slots[j] - slots[i];
                vm.assertGt(distance, 2 ** 32, "distance");
            }
        }
    }

    /// @dev Nothing lies in the slots that a contract without namespaces would use, however much was done.
    function test_NothingOutsideTheNamespaces() public {
        _fill();
        address[3] memory proxies = _proxies();
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 slot = 0; slot < 64; ++slot) {
                vm.assertEq(vm.load(proxies[i], bytes32(slot)), 0, "a plain slot");
            }
            vm.assertTrue(
                vm.load(proxies[i], bytes32(_slot("openzeppelin.storage.Initializable"))) != 0, "set"
            );
        }
    }

    // ------------------------------------------------------------------------------------------ initialisation

    function test_NobodyInitialisesAnImplementation() public {
        address[3] memory proxies = _proxies();
        for (uint256 i = 0; i < 3; ++i) {
            address implementation = _implementation(proxies[i]);
            bytes memory call = abi.encodeCall(Stablecoin.initialize, ());
            bytes memory refusal = abi.encodeWithSelector(Initializable.InvalidInitialization.selector);
            _refused(stranger, implementation, call, refusal);
            _refused(admin, implementation, call, refusal);
            _refused(address(manager), implementation, call, refusal);
        }
    }

    function test_NobodyInitialisesAProxyAgain() public {
        address[3] memory proxies = _proxies();
        bytes memory refusal = abi.encodeWithSelector(Initializable.InvalidInitialization.selector);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory call = abi.encodeCall(Stablecoin.initialize, ());
            _refused(stranger, proxies[i], call, refusal);
            _refused(admin, proxies[i], call, refusal);
            // Nor the upgrader together with an upgrade.
            address implementation = _implementation(proxies[i]);
            bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, call));
            _ready(upgrader, proxies[i], data);
            _refused(upgrader, proxies[i], data, refusal);
        }
    }

    /// @dev A proxy without a first call can't be created. With another first call than `initialize`, whoever then
    /// initialises it gains nothing: no argument and no role comes with it, and the authority stands in the code.
    function test_AStrangerWhoInitialisesGainsNothing() public {
        address implementation = _implementation(address(token));
        vm.expectRevert(ERC1967Proxy.ERC1967ProxyUninitialized.selector);
        new ERC1967Proxy(implementation, "");
        bytes memory call = abi.encodeCall(IStablecoin.feed, ());
        Stablecoin bare = Stablecoin(address(new ERC1967Proxy(implementation, call)));
        vm.prank(stranger);
        bare.initialize();
        vm.assertEq(bare.authority(), address(manager), "authority");
        vm.assertEq(bare.totalSupply(), 0, "supply");
        _lacksTheRole(stranger, address(bare), abi.encodeCall(IStablecoin.setMarket, (stranger)));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (stranger, ""));
        _lacksTheRole(stranger, address(bare), data);
    }

    // ------------------------------------------------------------------------------------------------ upgrades

    function test_AnImplementationIsNotUpgradedItself() public {
        address[3] memory proxies = _proxies();
        address next = _create("Grown.sol:GrownStablecoin", abi.encode(manager));
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
            bytes memory refusal =
                abi.encodeWithSelector(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
            _refused(upgrader, _implementation(proxies[i]), data, refusal);
            _refused(stranger, _implementation(proxies[i]), data, refusal);
        }
    }

    /// @dev An upgrade that would brick the proxy is refused: to an account without code, to a contract that is no
    /// implementation, to another proxy.
    function test_AnUpgradeToNoImplementationIsRefused() public {
        address other = address(new NoProxiableUuid());
        bytes4 invalid = ERC1967Utils.ERC1967InvalidImplementation.selector;
        _upgradeRefused(stranger, "");
        _upgradeRefused(other, abi.encodeWithSelector(invalid, other));
        _upgradeRefused(address(market), abi.encodeWithSelector(invalid, market));
    }

    function _upgradeRefused(address next, bytes memory refusal) private {
        address was = _implementation(address(token));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        _ready(upgrader, address(token), data);
        _refused(upgrader, address(token), data, refusal);
        vm.assertEq(_implementation(address(token)), was, "as it was");
    }

    /// @dev The market's code doesn't fit the token's proxy, but UUPS can't know. That is what the layout check of
    /// `issuance deploy` is for; on chain the upgrade's delay and a guardian's cancel are.
    function test_AnUpgradeWaitsAndCanBeCancelled() public {
        address wrong = _implementation(address(market));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (wrong, ""));
        vm.prank(upgrader);
        manager.schedule(address(token), data, 0);
        vm.prank(guardian);
        gate.cancel(upgrader, address(token), data);
        vm.warp(block.timestamp + UPGRADER_DELAY);
        bytes32 operation = manager.hashOperation(upgrader, address(token), data);
        bytes memory refusal =
            abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation);
        _refused(upgrader, address(token), data, refusal);
        vm.assertEq(token.balanceOf(alice), 1000, "as it was");
    }

    /// @dev Upgraded and called in one transaction.
    function test_AnUpgradeMayCallAtOnce() public {
        address next = _create("Grown.sol:GrownStablecoin", abi.encode(manager));
        _upgrade(address(token), next, abi.encodeCall(Grown.setField, (9, bob)));
        (uint256 field, uint256 ofBob) = Grown(address(token)).field(bob);
        vm.assertEq(field, 9, "field");
        vm.assertEq(ofBob, 9, "of bob");
        vm.assertEq(token.balanceOf(alice), 1000, "balance");
    }
}
