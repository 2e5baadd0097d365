// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {Roles} from "../../../contracts/access/Roles.sol";
import {InvestorRegistry} from "../../../contracts/compliance/InvestorRegistry.sol";
import {Attestation} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    IInvestorRegistry,
    InvestorClass,
    Wallet,
    WalletEntry,
    WalletKind
} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {ApprovalTier, IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {PrimaryMarket} from "../../../contracts/market/PrimaryMarket.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {Creator} from "./Mocks.sol";
import {vm} from "./Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @notice The whole suite behind its proxies, governed as the terms would have it: roles, delays, guardian gate.
abstract contract Suite {
    uint32 internal constant GOVERNOR_DELAY = 1 hours;
    uint32 internal constant UPGRADER_DELAY = 2 hours;
    uint32 internal constant ADMIN_DELAY = 4 hours;
    uint32 internal constant MAX_AGE = 26 hours;
    uint256 internal constant START = 1_767_225_600;
    /// @dev Where a proxy keeps its implementation (ERC-1967).
    bytes32 internal constant IMPLEMENTATION =
        0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes32 internal constant CASE = keccak256("case");
    bytes32 internal constant REPORT = keccak256("report");
    bytes32 internal constant REFERENCE = keccak256("reference");

    address internal admin = vm.addr(101);
    address internal governor = vm.addr(102);
    address internal upgrader = vm.addr(103);
    address internal guardian = vm.addr(104);
    address internal compliance = vm.addr(105);
    address internal registrar = vm.addr(106);
    address internal operator = vm.addr(107);
    address internal treasurer = vm.addr(108);
    address internal dealer = vm.addr(109);

    uint256 internal constant ALICE_KEY = 201;
    uint256 internal constant BOB_KEY = 202;
    address internal alice = vm.addr(ALICE_KEY);
    address internal bob = vm.addr(BOB_KEY);
    address internal carol = vm.addr(203);
    address internal stranger = vm.addr(299);

    /// @dev Ascending by address.
    uint256[3] internal approverKeys = [uint256(301), 302, 303];
    uint256[3] internal attestorKeys = [uint256(401), 402, 403];

    Creator internal creator = new Creator();
    AccessManager internal manager;
    GuardianGate internal gate;
    InvestorRegistry internal registry;
    AttestedFeed internal feed;
    Stablecoin internal token;
    PrimaryMarket internal market;

    uint256 internal unit;
    uint256 internal nextNumber = 1;

    function setUp() public virtual {
        vm.warp(START);
        _deploy(6);
    }

    // ------------------------------------------------------------------------------------------------ deploy

    function _deploy(uint8 decimals) internal {
        unit = 10 ** decimals;
        _sortKeys(approverKeys);
        _sortKeys(attestorKeys);
        manager = AccessManager(_create("AccessManager.sol:AccessManager", abi.encode(address(this))));
        gate = GuardianGate(_create("GuardianGate.sol:GuardianGate", abi.encode(manager)));
        feed = _newFeed(decimals);
        address implementation = _create("InvestorRegistry.sol:InvestorRegistry", abi.encode(manager));
        registry = InvestorRegistry(_proxy(implementation));
        implementation =
            _create("Stablecoin.sol:Stablecoin", abi.encode(manager, "Demo Coin", "DEMO", decimals, "HKD"));
        token = Stablecoin(_proxy(implementation));
        implementation = _create("PrimaryMarket.sol:PrimaryMarket", abi.encode(manager, token, registry));
        market = PrimaryMarket(_proxy(implementation));
        _configure();
        _assignFunctions();
        _grantRoles();
        _verify(alice);
        _verify(bob);
        _verify(carol);
    }

    function _create(string memory artifact, bytes memory arguments) internal returns (address) {
        return creator.create(bytes.concat(vm.getCode(artifact), arguments));
    }

    /// @dev A proxy, initialised in its constructor. All three take no arguments.
    function _proxy(address implementation) internal returns (address) {
        bytes memory call = abi.encodeCall(Stablecoin.initialize, ());
        return address(new ERC1967Proxy(implementation, call));
    }

    function _implementation(address proxy) internal view returns (address) {
        return address(uint160(uint256(vm.load(proxy, IMPLEMENTATION))));
    }

    /// @dev The EIP-712 domain under which approvers of the market sign: its version is the beginning of the
    /// implementation's address.
    function _marketDomain() internal view returns (bytes32) {
        bytes memory version = bytes(Strings.toHexString(_implementation(address(market))));
        assembly ("memory-safe") {
            mstore(version, 30)
        }
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(
            abi.encode(typehash, keccak256("PrimaryMarket"), keccak256(version), block.chainid, market)
        );
    }

    /// @dev A coin whose feed and market the admin has yet to name.
    function _newToken() internal returns (Stablecoin) {
        bytes memory arguments = abi.encode(manager, "Other Coin", "OTHER", 6, "HKD");
        return Stablecoin(_proxy(_create("Stablecoin.sol:Stablecoin", arguments)));
    }

    /// @dev A market that nobody has configured.
    function _newMarket(Stablecoin coin) internal returns (PrimaryMarket) {
        bytes memory arguments = abi.encode(manager, coin, registry);
        return PrimaryMarket(_proxy(_create("PrimaryMarket.sol:PrimaryMarket", arguments)));
    }

    function _newFeed(uint8 decimals) internal returns (AttestedFeed) {
        bytes memory arguments = abi.encode(manager, decimals, "Reserve of DEMO");
        return AttestedFeed(_create("AttestedFeed.sol:AttestedFeed", arguments));
    }

    function _configure() private {
        feed.setAttestors(_attestors(), 2);
        feed.setLimits(MAX_AGE, 1000, 2000);
        token.setFeed(address(feed));
        token.setMarket(address(market));
        market.setOrderCap(uint112(1_000_000 * unit));
        market.setOperatorLimit(operator, uint112(5_000_000 * unit));
        market.setRedemptionPeriod(1 days);
        market.setApprovalTiers(_tiers());
    }

    function _tiers() internal view returns (ApprovalTier[] memory tiers) {
        tiers = new ApprovalTier[](3);
        tiers[0] = ApprovalTier({upTo: uint112(100_000 * unit), approvals: 1});
        tiers[1] = ApprovalTier({upTo: uint112(1_000_000 * unit), approvals: 2});
        tiers[2] = ApprovalTier({upTo: uint112(10_000_000 * unit), approvals: 3});
    }

    /// @dev Who may call what: the function roles of the suite, and nothing else is callable by anybody.
    function _assignFunctions() private {
        bytes4[14] memory f = [
            IRegulatedERC20.pause.selector,
            IERC7943Fungible.setFrozenTokens.selector,
            IRegulatedERC20.resume.selector,
            IStablecoin.setFeed.selector,
            IStablecoin.setBuffer.selector,
            IStablecoin.setMarket.selector,
            IERC1643.setDocument.selector,
            IERC1643.removeDocument.selector,
            IRegulatedERC20.unfreeze.selector,
            IRegulatedERC20.forcedTransfer.selector,
            IStablecoin.burnByOrder.selector,
            UUPSUpgradeable.upgradeToAndCall.selector,
            bytes4(0),
            bytes4(0)
        ];
        uint64[12] memory r = [
            Roles.GUARDIAN,
            Roles.GUARDIAN,
            Roles.GOVERNOR,
            Roles.GOVERNOR,
            Roles.GOVERNOR,
            Roles.GOVERNOR,
            Roles.GOVERNOR,
            Roles.GOVERNOR,
            Roles.COMPLIANCE,
            Roles.COMPLIANCE,
            Roles.COMPLIANCE,
            Roles.UPGRADER
        ];
        for (uint256 i = 0; i < r.length; ++i) {
            _assign(address(token), f[i], r[i]);
        }
        _assign(address(feed), AttestedFeed.suspend.selector, Roles.GUARDIAN);
        _assign(address(feed), AttestedFeed.suspendAttestor.selector, Roles.GUARDIAN);
        _assign(address(feed), AttestedFeed.resume.selector, Roles.GOVERNOR);
        _assign(address(feed), AttestedFeed.setAttestors.selector, Roles.GOVERNOR);
        _assign(address(feed), AttestedFeed.setLimits.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.mint.selector, Roles.OPERATOR);
        _assign(address(market), IPrimaryMarket.acceptRedemptions.selector, Roles.OPERATOR);
        _assign(address(market), IPrimaryMarket.rejectRedemptions.selector, Roles.OPERATOR);
        _assign(address(market), IPrimaryMarket.recordPayouts.selector, Roles.TREASURER);
        _assign(address(market), IPrimaryMarket.seizeEscrow.selector, Roles.COMPLIANCE);
        _assign(address(market), IPrimaryMarket.returnUnsolicited.selector, Roles.COMPLIANCE);
        _assign(address(market), IPrimaryMarket.stopMinting.selector, Roles.GUARDIAN);
        _assign(address(market), IPrimaryMarket.resumeMinting.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.windDown.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.setOrderCap.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.setApprovalTiers.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.setOperatorLimit.selector, Roles.GOVERNOR);
        _assign(address(market), IPrimaryMarket.setRedemptionPeriod.selector, Roles.GOVERNOR);
        _assign(address(market), UUPSUpgradeable.upgradeToAndCall.selector, Roles.UPGRADER);
        _assign(address(registry), IInvestorRegistry.setWallets.selector, Roles.REGISTRAR);
        _assign(address(registry), IInvestorRegistry.removeWallets.selector, Roles.REGISTRAR);
        _assign(address(registry), UUPSUpgradeable.upgradeToAndCall.selector, Roles.UPGRADER);
        _assign(address(gate), GuardianGate.revokeRole.selector, Roles.GUARDIAN);
        _assign(address(gate), GuardianGate.cancel.selector, Roles.GUARDIAN);
    }

    function _assign(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    function _grantRoles() private {
        manager.setRoleGuardian(Roles.GOVERNOR, Roles.GUARDIAN);
        manager.setRoleGuardian(Roles.UPGRADER, Roles.GUARDIAN);
        manager.grantRole(Roles.OPERATOR, operator, 0);
        for (uint256 i = 0; i < 3; ++i) {
            manager.grantRole(Roles.APPROVER, approver(i), 0);
        }
        manager.grantRole(Roles.TREASURER, treasurer, 0);
        manager.grantRole(Roles.REGISTRAR, registrar, 0);
        manager.grantRole(Roles.COMPLIANCE, compliance, 0);
        manager.grantRole(Roles.GUARDIAN, guardian, 0);
        manager.grantRole(Roles.DEALING_MANAGER, dealer, 0);
        manager.grantRole(Roles.GOVERNOR, governor, GOVERNOR_DELAY);
        manager.grantRole(Roles.UPGRADER, upgrader, UPGRADER_DELAY);
        manager.grantRole(0, address(gate), 0);
        manager.grantRole(0, admin, ADMIN_DELAY);
        manager.renounceRole(0, address(this));
    }

    function _sortKeys(uint256[3] storage keys) private {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 2 - i; ++j) {
                if (vm.addr(keys[j]) > vm.addr(keys[j + 1])) {
                    (keys[j], keys[j + 1]) = (keys[j + 1], keys[j]);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- actors

    function approver(uint256 i) internal view returns (address) {
        return vm.addr(approverKeys[i]);
    }

    function attestor(uint256 i) internal view returns (address) {
        return vm.addr(attestorKeys[i]);
    }

    function _attestors() internal view returns (address[] memory list) {
        list = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            list[i] = attestor(i);
        }
    }

    /// @dev Schedules a call of a delayed role, and waits until the account may make it itself.
    function _ready(address caller, address target, bytes memory data) internal {
        vm.prank(caller);
        manager.schedule(target, data, 0);
        uint48 when = manager.getSchedule(manager.hashOperation(caller, target, data));
        vm.warp(when);
    }

    /// @dev The governor's call after its delay; refreshes nothing else.
    function _govern(address target, bytes memory data) internal {
        _ready(governor, target, data);
        vm.prank(governor);
        manager.execute(target, data);
    }

    /// @dev A scheduled call of the admin on the manager.
    function _administer(bytes memory data) internal {
        _administer(address(manager), data);
    }

    /// @dev Functions that nobody was given are the admin's.
    function _administer(address target, bytes memory data) internal {
        _ready(admin, target, data);
        vm.prank(admin);
        manager.execute(target, data);
    }

    function _verify(address account) internal {
        _register(account, uint40(block.timestamp + 365 days));
    }

    function _register(address account, uint40 until) internal {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: account, wallet: _wallet(account, until)});
        vm.prank(registrar);
        registry.setWallets(entries);
    }

    function _wallet(address account, uint40 until) internal pure returns (Wallet memory) {
        return Wallet({
            investor: bytes16(keccak256(abi.encode(account))),
            verifiedUntil: until,
            country: 344,
            class: InvestorClass.Retail,
            kind: WalletKind.Unhosted
        });
    }

    function _freeze(address account, uint256 amount) internal {
        vm.prank(guardian);
        token.setFrozenTokens(account, amount);
    }

    function _freezeAccount(address account) internal {
        _freeze(account, type(uint128).max);
    }

    // ----------------------------------------------------------------------------------------------- signing

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev Signatures of the first `count` of ascending `keys`.
    function _signatures(uint256[3] memory keys, bytes32 digest, uint256 count)
        internal
        pure
        returns (Signature[] memory list)
    {
        list = new Signature[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = Signature({signer: vm.addr(keys[i]), data: _sign(keys[i], digest)});
        }
    }

    // -------------------------------------------------------------------------------------------------- feed

    function _attestation(uint256 value, uint256 asOf) internal pure returns (Attestation memory) {
        return Attestation({value: uint128(value), asOf: uint64(asOf), report: REPORT});
    }

    function _attest(uint256 value) internal {
        _attestAsOf(value, block.timestamp - 1);
    }

    function _attestAsOf(uint256 value, uint256 asOf) internal {
        Attestation memory a = _attestation(value, asOf);
        feed.publish(a, _signatures(attestorKeys, feed.attestationDigest(a), 3));
    }

    // ------------------------------------------------------------------------------------------------ minting

    function _order(address to, uint256 amount) internal returns (MintOrder memory) {
        return
            MintOrder({
                number: nextNumber++, to: to, amount: amount, expiry: uint64(block.timestamp + 1 days)
            });
    }

    function _one(MintOrder memory order) internal pure returns (MintOrder[] memory orders) {
        orders = new MintOrder[](1);
        orders[0] = order;
    }

    /// @dev A batch with as many approvals as its total needs.
    function _batch(MintOrder[] memory orders) internal view returns (MintBatch[] memory batches) {
        uint256 total = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            total += orders[i].amount;
        }
        return _batch(orders, market.requiredApprovals(total));
    }

    function _batch(MintOrder[] memory orders, uint256 approvals)
        internal
        view
        returns (MintBatch[] memory batches)
    {
        batches = new MintBatch[](1);
        batches[0] = MintBatch({
            orders: orders,
            approvals: _signatures(approverKeys, market.mintDigest(orders), approvals),
            skipped: 0
        });
    }

    function _mint(address to, uint256 amount) internal {
        _send(_batch(_one(_order(to, amount))));
    }

    function _send(MintBatch[] memory batches) internal {
        vm.prank(operator);
        market.mint(batches);
    }

    // ------------------------------------------------------------------------------------------- redemptions

    function _request(address holder, uint256 amount) internal returns (uint256 id) {
        vm.prank(holder);
        token.approve(address(market), amount);
        vm.prank(holder);
        id = market.requestRedemption(amount, REFERENCE);
    }

    function _accept(uint256[] memory ids) internal {
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(ids), 3);
        vm.prank(operator);
        market.acceptRedemptions(ids, approvals);
    }

    function _pay(uint256[] memory ids) internal {
        bytes32[] memory references = new bytes32[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            references[i] = keccak256(abi.encode("payment", ids[i]));
        }
        vm.prank(treasurer);
        market.recordPayouts(ids, references);
    }

    function _ids(uint256 id) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = id;
    }

    /// @dev A redemption all the way to its payout.
    function _redeem(address holder, uint256 amount) internal returns (uint256 id) {
        id = _request(holder, amount);
        _accept(_ids(id));
        _pay(_ids(id));
    }
}
