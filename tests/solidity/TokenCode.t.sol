// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../contracts/access/Governed.sol";
import {IERC1643} from "../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {Stablecoin} from "../../contracts/token/Stablecoin.sol";
import {BareMarket, StablecoinV2} from "./support/Mocks.sol";
import {Suite} from "./support/Suite.sol";
import {vm} from "./support/Vm.sol";
import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice What is fixed in the code, settings, documents, storage places and upgrades.
contract TokenCodeTest is Suite {
    bytes32 private constant NAME = "white paper";

    function test_Metadata() public view {
        vm.assertEq(token.name(), "Demo Coin", "name");
        vm.assertEq(token.symbol(), "DEMO", "symbol");
        vm.assertEq(token.decimals(), 6, "decimals");
        vm.assertEq(token.currency(), "HKD", "currency");
        vm.assertEq(token.feed(), address(feed), "feed");
        vm.assertEq(token.market(), address(market), "market");
        vm.assertEq(token.authority(), address(manager), "authority");
    }

    function test_InterfaceIds() public view {
        vm.assertEq(type(IERC7943Fungible).interfaceId, bytes32(bytes4(0x3edbb4c4)), "ERC-7943");
        vm.assertEq(type(IERC1643).interfaceId, bytes32(bytes4(0xecfecec8)), "ERC-1643");
        vm.assertEq(type(IERC165).interfaceId, bytes32(bytes4(0x01ffc9a7)), "ERC-165");
        vm.assertEq(type(IERC20).interfaceId, bytes32(bytes4(0x36372b07)), "ERC-20");
        vm.assertEq(type(IERC20Permit).interfaceId, bytes32(bytes4(0x9d8ff7da)), "ERC-2612");
        bytes4[8] memory ids = [
            bytes4(0x3edbb4c4),
            0xecfecec8,
            0x01ffc9a7,
            0x36372b07,
            0x9d8ff7da,
            type(IERC20Metadata).interfaceId,
            type(IERC5267).interfaceId,
            type(IStablecoin).interfaceId
        ];
        for (uint256 i = 0; i < ids.length; ++i) {
            vm.assertTrue(token.supportsInterface(ids[i]), "supported");
        }
        vm.assertFalse(token.supportsInterface(0xffffffff), "the invalid id");
        vm.assertFalse(token.supportsInterface(0x29388973), "a draft of ERC-7943");
    }

    // -------------------------------------------------------------------------------------------- documents

    function test_DocumentsAreSetReplacedAndRemoved() public {
        bytes memory call = abi.encodeCall(IERC1643.setDocument, (NAME, "ipfs://one", REPORT));
        _ready(governor, address(token), call);
        vm.expectEmit(address(token));
        emit IERC1643.DocumentUpdated(NAME, "ipfs://one", REPORT);
        vm.prank(governor);
        token.setDocument(NAME, "ipfs://one", REPORT);
        (string memory uri, bytes32 documentHash, uint256 modifiedAt) = token.getDocument(NAME);
        vm.assertEq(uri, "ipfs://one", "uri");
        vm.assertEq(documentHash, REPORT, "hash");
        vm.assertEq(modifiedAt, block.timestamp, "modified");

        _govern(address(token), abi.encodeCall(IERC1643.setDocument, (NAME, "ipfs://two", CASE)));
        bytes32[] memory names = token.getAllDocuments();
        vm.assertEq(names.length, 1, "replaced, not added");
        vm.assertEq(names[0], NAME, "name");

        _ready(governor, address(token), abi.encodeCall(IERC1643.removeDocument, (NAME)));
        vm.expectEmit(address(token));
        emit IERC1643.DocumentRemoved(NAME, "ipfs://two", CASE);
        vm.prank(governor);
        token.removeDocument(NAME);
        (uri, documentHash, modifiedAt) = token.getDocument(NAME);
        vm.assertEq(bytes(uri).length + modifiedAt + uint256(documentHash), 0, "gone");
        vm.assertEq(token.getAllDocuments().length, 0, "no names");
    }

    function test_DocumentsRefuse() public {
        _ready(governor, address(token), abi.encodeCall(IERC1643.removeDocument, (NAME)));
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IERC1643.ERC1643MissingDocument.selector, NAME));
        token.removeDocument(NAME);
        _ready(governor, address(token), abi.encodeCall(IERC1643.setDocument, (bytes32(0), "x", REPORT)));
        vm.prank(governor);
        vm.expectRevert(IERC1643.ERC1643InvalidName.selector);
        token.setDocument(bytes32(0), "x", REPORT);
    }

    // --------------------------------------------------------------------------------------------- settings

    function _settingRefused(bytes memory call, bytes memory refusal) private {
        _ready(governor, address(token), call);
        vm.prank(governor);
        vm.expectRevert(refusal);
        (bool ok,) = address(token).call(call);
        vm.assertTrue(ok, "expectRevert turns a revert into success");
    }

    function test_SettingsRefuse() public {
        bytes4 noCode = IStablecoin.NotAContract.selector;
        _settingRefused(abi.encodeCall(IStablecoin.setFeed, (alice)), abi.encodeWithSelector(noCode, alice));
        address other = address(_newFeed(8));
        _settingRefused(
            abi.encodeCall(IStablecoin.setFeed, (other)),
            abi.encodeWithSelector(IStablecoin.FeedDecimalsMismatch.selector, 8, 6)
        );
        _settingRefused(
            abi.encodeCall(IStablecoin.setBuffer, (10_001)),
            abi.encodeWithSelector(IStablecoin.BufferTooLarge.selector, 10_001)
        );
    }

    function test_SettingsAreRecorded() public {
        address other = address(_newFeed(6));
        _ready(governor, address(token), abi.encodeCall(IStablecoin.setFeed, (other)));
        vm.expectEmit(address(token));
        emit IStablecoin.FeedChanged(other, governor);
        vm.prank(governor);
        token.setFeed(other);
        _ready(governor, address(token), abi.encodeCall(IStablecoin.setBuffer, (10_000)));
        vm.expectEmit(address(token));
        emit IStablecoin.BufferChanged(10_000, governor);
        vm.prank(governor);
        token.setBuffer(10_000);
        vm.assertEq(token.feed(), other, "feed");
        vm.assertEq(token.bufferBps(), 10_000, "buffer");
    }

    /// @dev Order numbers, requests and payables live in the market: another one would start without them.
    function test_TheMarketIsNamedOnce() public {
        _attest(1000);
        _mint(alice, 1000);
        uint256 id = _request(alice, 100);
        _accept(_ids(id));
        bytes memory refusal = abi.encodeWithSelector(IStablecoin.MarketIsFixed.selector, market);
        _settingRefused(abi.encodeCall(IStablecoin.setMarket, (address(_newMarket(token)))), refusal);
        _settingRefused(abi.encodeCall(IStablecoin.setMarket, (address(market))), refusal);
        _settingRefused(abi.encodeCall(IStablecoin.setMarket, (address(0))), refusal);
        _pay(_ids(id));
        vm.assertEq(token.payableTotal(), 0, "payable");
    }

    function _marketRefused(Stablecoin coin, address named, bytes memory refusal) private {
        _ready(admin, address(coin), abi.encodeCall(IStablecoin.setMarket, (named)));
        vm.prank(admin);
        vm.expectRevert(refusal);
        coin.setMarket(named);
        vm.assertEq(coin.market(), address(0), "market");
    }

    /// @dev A frozen market could neither take escrow nor be unfrozen once it is named.
    function test_TheMarketIsAContractThatCanReceive() public {
        Stablecoin coin = _newToken();
        address named = address(_newMarket(coin));
        _marketRefused(coin, alice, abi.encodeWithSelector(IStablecoin.NotAContract.selector, alice));
        bytes4 cannot = IERC7943Fungible.ERC7943CannotReceive.selector;
        _marketRefused(coin, address(coin), abi.encodeWithSelector(cannot, coin));
        bytes memory call = abi.encodeCall(IERC7943Fungible.setFrozenTokens, (named, type(uint128).max));
        _ready(admin, address(coin), call);
        vm.prank(admin);
        coin.setFrozenTokens(named, type(uint128).max);
        _marketRefused(coin, named, abi.encodeWithSelector(cannot, named));
        call = abi.encodeCall(IRegulatedERC20.unfreeze, (named, 0, CASE));
        _ready(admin, address(coin), call);
        vm.prank(admin);
        coin.unfreeze(named, 0, CASE);

        vm.expectEmit(address(coin));
        emit IStablecoin.MarketChanged(named, admin);
        vm.prank(admin);
        coin.setMarket(named);
        vm.assertEq(coin.market(), named, "market");
        _ready(admin, address(coin), abi.encodeCall(IERC7943Fungible.setFrozenTokens, (named, 1)));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, named));
        coin.setFrozenTokens(named, 1);
    }

    /// @dev No role of the manager opens these: the caller is the market or nobody.
    function test_OnlyTheMarketMintsBurnsAndDischarges() public {
        address[4] memory callers = [operator, governor, admin, address(manager)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory refusal = abi.encodeWithSelector(IStablecoin.CallerIsNotMarket.selector, callers[i]);
            vm.prank(callers[i]);
            vm.expectRevert(refusal);
            token.mint(new address[](0), new uint256[](0));
            vm.prank(callers[i]);
            vm.expectRevert(refusal);
            token.burnEscrow(0);
            vm.prank(callers[i]);
            vm.expectRevert(refusal);
            token.discharge(0);
            vm.prank(callers[i]);
            vm.expectRevert(refusal);
            token.lowerFrozen(alice, 0);
        }
    }

    /// @dev Even a market without rules gets no mint beyond the reserve and no discharge beyond the burns.
    function test_TheTokenHoldsItsMarketToTheRule() public {
        Stablecoin coin = _newToken();
        BareMarket bare = new BareMarket(address(coin));
        _administer(address(coin), abi.encodeCall(IStablecoin.setFeed, (address(feed))));
        _administer(address(coin), abi.encodeCall(IStablecoin.setMarket, (address(bare))));
        _attest(1000);
        bytes memory refusal = abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1001, 1000);
        (address[] memory accounts, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (alice, 1001);
        vm.expectRevert(refusal);
        bare.mint(accounts, amounts);
        amounts[0] = 1000;
        bare.mint(accounts, amounts);
        amounts[0] = type(uint256).max;
        vm.expectRevert();
        bare.mint(accounts, amounts);
        vm.prank(alice);
        coin.transfer(address(bare), 600);
        bare.burnEscrow(500);
        vm.expectRevert(abi.encodeWithSelector(IStablecoin.DischargeExceedsBurned.selector, 501, 500));
        bare.discharge(501);
        bare.discharge(500);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bare, 100, 101)
        );
        bare.burnEscrow(101);
        vm.assertEq(coin.totalSupply(), 500, "supply");
    }

    // ------------------------------------------------------------------------------------------ construction

    function _unusable(string memory name, string memory symbol, uint8 decimals, string memory currency)
        private
    {
        bytes memory arguments = abi.encode(manager, name, symbol, decimals, currency);
        bytes memory code = bytes.concat(vm.getCode("Stablecoin.sol:Stablecoin"), arguments);
        vm.expectRevert(IRegulatedERC20.UnusableMetadata.selector);
        creator.create(code);
    }

    function test_ConstructorRefuses() public {
        _unusable("", "S", 6, "HKD");
        _unusable("N", "", 6, "HKD");
        _unusable("N", "S", 19, "HKD");
        _unusable("N", "S", 6, "HK");
        _unusable("N", "S", 6, "HKDX");
        bytes memory code =
            bytes.concat(vm.getCode("Stablecoin.sol:Stablecoin"), abi.encode(alice, "N", "S", 6, "HKD"));
        vm.expectRevert(abi.encodeWithSelector(Governed.AuthorityHasNoCode.selector, alice));
        creator.create(code);
        _tooLong("a name of thirty-two characters!", "S", "a name of thirty-two characters!");
        _tooLong("N", "a symbol of thirty-two character", "a symbol of thirty-two character");
    }

    function _tooLong(string memory name, string memory symbol, string memory which) private {
        bytes memory arguments = abi.encode(manager, name, symbol, 6, "HKD");
        bytes memory code = bytes.concat(vm.getCode("Stablecoin.sol:Stablecoin"), arguments);
        vm.expectRevert(abi.encodeWithSelector(ShortStrings.StringTooLong.selector, which));
        creator.create(code);
    }

    function test_InitialisesOnce_AndTheImplementationNever() public {
        vm.assertEq(token.getFrozenTokens(address(token)), type(uint128).max, "own account is frozen");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        token.initialize();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        market.initialize();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registry.initialize();
        address[3] memory proxies = [address(token), address(market), address(registry)];
        for (uint256 i = 0; i < 3; ++i) {
            address implementation = _implementation(proxies[i]);
            vm.expectRevert(Initializable.InvalidInitialization.selector);
            StablecoinV2(implementation).initialize();
        }
    }

    function test_AuthorityIsFixed() public {
        bytes memory refusal = abi.encodeWithSelector(Governed.AuthorityIsFixed.selector, manager);
        vm.prank(address(manager));
        vm.expectRevert(refusal);
        token.setAuthority(alice);
        vm.expectRevert(refusal);
        market.setAuthority(alice);
        vm.expectRevert(refusal);
        registry.setAuthority(alice);
        vm.expectRevert(refusal);
        gate.setAuthority(alice);
    }

    // ---------------------------------------------------------------------------------------------- upgrades

    function test_UpgradeAfterTheDelay_KeepsBalances_AndMovesTheDomain() public {
        _attest(1_000_000);
        _mint(alice, 1000);
        _freeze(alice, 10);
        bytes32 domain = token.DOMAIN_SEPARATOR();
        address next = _create("Mocks.sol:StablecoinV2", abi.encode(manager));
        bytes memory call = abi.encodeCall(token.upgradeToAndCall, (next, ""));

        vm.prank(upgrader);
        vm.expectRevert();
        token.upgradeToAndCall(next, "");
        vm.prank(upgrader);
        manager.schedule(address(token), call, 0);
        vm.warp(block.timestamp + UPGRADER_DELAY - 1);
        bytes32 operation = manager.hashOperation(upgrader, address(token), call);
        vm.prank(upgrader);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
        token.upgradeToAndCall(next, "");
        vm.warp(block.timestamp + 1);
        vm.prank(upgrader);
        token.upgradeToAndCall(next, "");

        vm.assertEq(StablecoinV2(address(token)).version(), 2, "version");
        vm.assertEq(token.balanceOf(alice), 1000, "balance");
        vm.assertEq(token.getFrozenTokens(alice), 10, "frozen");
        vm.assertEq(token.totalSupply(), 1000, "supply");
        vm.assertEq(token.feed(), address(feed), "feed");
        vm.assertEq(token.market(), address(market), "market");
        vm.assertEq(token.name(), "Demo Coin II", "name");
        vm.assertTrue(token.DOMAIN_SEPARATOR() != domain, "the domain follows the name");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        token.initialize();
    }

    function test_GovernorAndAdminDoNotUpgrade() public {
        address next = _create("Mocks.sol:StablecoinV2", abi.encode(manager));
        address[2] memory callers = [governor, admin];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, callers[i])
            );
            token.upgradeToAndCall(next, "");
        }
    }

    // ------------------------------------------------------------------------------------------------ storage

    function _slot(string memory namespace) private pure returns (bytes32) {
        uint256 inner = uint256(keccak256(bytes(namespace))) - 1;
        return keccak256(abi.encode(inner)) & ~bytes32(uint256(0xff));
    }

    function _at(address proxy, string memory namespace, uint256 offset) private view returns (uint256) {
        return uint256(vm.load(proxy, bytes32(uint256(_slot(namespace)) + offset)));
    }

    /// @dev What the contracts write is found where ERC-7201 puts each namespace.
    function test_NamespacesAreWhereErc7201PutsThem() public {
        _govern(address(token), abi.encodeCall(IERC1643.setDocument, (NAME, "uri", REPORT)));
        _attest(1_000_000);
        _mint(alice, 1000);
        _request(alice, 400);
        uint256 supply = _at(address(token), "issuance.storage.RegulatedERC20", 0);
        vm.assertEq(uint112(supply), 1000, "supply");
        vm.assertEq(uint112(supply >> 112), 1000, "minted");
        vm.assertEq(
            uint160(_at(address(token), "issuance.storage.Stablecoin", 0)), uint160(address(feed)), "feed"
        );
        vm.assertEq(_at(address(token), "issuance.storage.Documents", 0), 1, "documents");
        bytes32 nonce = "nonce";
        bytes32 slot = keccak256(abi.encode(alice, _slot("issuance.storage.SignedTransfers")));
        vm.assertEq(vm.load(address(token), keccak256(abi.encode(nonce, slot))), 0, "unused");
        bytes32 typehash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        bytes32 digest = keccak256(
            bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), keccak256(abi.encode(typehash, alice, nonce)))
        );
        token.cancelAuthorization(alice, nonce, _sign(ALICE_KEY, digest));
        vm.assertEq(uint256(vm.load(address(token), keccak256(abi.encode(nonce, slot)))), 1, "authorizations");
        vm.assertEq(
            uint112(_at(address(market), "issuance.storage.Approvals", 0)), 1_000_000e6, "approval tiers"
        );
        vm.assertEq(uint64(_at(address(market), "issuance.storage.Redemptions", 0)), 1, "redemptions");
        vm.assertEq(
            uint112(_at(address(market), "issuance.storage.PrimaryMarket", 0)), 1_000_000e6, "order cap"
        );
        slot = keccak256(abi.encode(alice, _slot("issuance.storage.InvestorRegistry")));
        vm.assertTrue(vm.load(address(registry), slot) != 0, "wallets");
    }
}
