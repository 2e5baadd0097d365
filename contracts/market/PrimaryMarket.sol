// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {Refusals} from "../access/Refusals.sol";
import {IInvestorRegistry} from "../interfaces/IInvestorRegistry.sol";
import {ApprovalTier, IPrimaryMarket} from "../interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../interfaces/IStablecoin.sol";
import {MintBatch, MintOrder} from "../interfaces/IssuanceTypes.sol";
import {Redemptions} from "./Redemptions.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title PrimaryMarket
/// @notice The only minter of the stablecoin: executes approved orders, each number once, and redeems at par.
/// @dev Every check happens at execution. The backing rule stands in the token, where no minter gets round it.
contract PrimaryMarket is UUPSUpgradeable, Redemptions {
    using SafeCast for uint256;

    /// @dev A leaking bucket: what an operator mints fills it, and the whole limit leaks out in `LIMIT_PERIOD`. There
    /// is no midnight at which it empties. Never more than the limit is minted at once, and in any `LIMIT_PERIOD` less
    /// than twice the limit: a full bucket, and what leaks meanwhile.
    struct Bucket {
        uint112 limit;
        uint112 level;
        uint32 updatedAt;
    }

    struct Settings {
        uint112 orderCap;
        bool stopped;
        bool woundDown;
        uint112 lowestUpTo;
        uint8 lowestApprovals;
    }

    /// @custom:storage-location erc7201:issuance.storage.PrimaryMarket
    struct PrimaryMarketStorage {
        Settings settings;
        mapping(uint256 wordIndex => uint256 bits) executed;
        mapping(address operator => Bucket) buckets;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.PrimaryMarket")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x6ad307821da5879a1ceb5410b1a8f9593b79dae8212c57c8b35df6fe2a7acf00;

    bytes32 private constant ORDER_TYPEHASH =
        keccak256("MintOrder(uint256 number,address to,uint256 amount,uint64 expiry)");
    bytes32 private constant BATCH_TYPEHASH = keccak256(
        "MintBatch(MintOrder[] orders)MintOrder(uint256 number,address to,uint256 amount,uint64 expiry)"
    );

    /// @notice Seconds in which a full bucket leaks out.
    uint256 public constant LIMIT_PERIOD = 1 days;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry private immutable REGISTRY;

    /// @dev The signing domain's version is the implementation's own address, so that an upgrade ends every approval
    /// signed before it and nobody has to think of it: here `address(this)` is the implementation, not the proxy. The
    /// first 14 of its 20 bytes, since a version has room for 31 characters.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address token_, address registry_)
        Governed(authority_)
        EIP712("PrimaryMarket", Strings.toHexString(uint160(address(this)) >> 48, 14))
        Redemptions(token_)
    {
        if (registry_.code.length == 0) {
            revert IStablecoin.NotAContract(registry_);
        }
        REGISTRY = IInvestorRegistry(registry_);
        _disableInitializers();
    }

    /// @notice Initialises the proxy. Cap, tiers, limits and period are set by `GOVERNOR`; until then nothing can be
    /// minted, since zero means nothing.
    function initialize() external initializer {}

    // ------------------------------------------------------------------------------------------------ minting

    /// @inheritdoc IPrimaryMarket
    function mint(MintBatch[] calldata batches) external restricted {
        if (batches.length == 0) revert BatchEmpty();
        Settings memory settings = _market().settings;
        Refusals.enforce(_openRefusal(settings));
        for (uint256 i = 0; i < batches.length; ++i) {
            _mintBatch(batches[i], settings.orderCap);
        }
    }

    /// @inheritdoc IPrimaryMarket
    function explain(MintOrder calldata order, address operator) external view returns (bytes[] memory) {
        Settings memory settings = _market().settings;
        bytes[] memory ofToken = TOKEN.explainMint(order.to, order.amount);
        bytes[] memory answers = new bytes[](6 + ofToken.length);
        // An operator whose calls carry a delay is refused at once, so the delay adds nothing.
        // slither-disable-next-line unused-return
        (bool allowed,) = IAccessManager(authority()).canCall(operator, address(this), this.mint.selector);
        if (!allowed) answers[0] = abi.encodeWithSelector(AccessManagedUnauthorized.selector, operator);
        answers[1] = _openRefusal(settings);
        answers[2] = _orderRefusal(order, settings.orderCap, _market().executed[order.number >> 8]);
        if (!REGISTRY.isVerified(order.to)) {
            uint256 until = REGISTRY.walletOf(order.to).verifiedUntil;
            answers[3] = abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, order.to, until);
        }
        answers[4] = _limitRefusal(operator, _leaked(_market().buckets[operator]), order.amount);
        (, answers[5]) = _tierOf(order.amount);
        for (uint256 i = 0; i < ofToken.length; ++i) {
            answers[6 + i] = ofToken[i];
        }
        return Refusals.compact(answers);
    }

    /// @inheritdoc IPrimaryMarket
    function mintDigest(MintOrder[] calldata orders) external view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](orders.length);
        for (uint256 i = 0; i < orders.length; ++i) {
            hashes[i] = _orderHash(orders[i]);
        }
        return _batchDigest(hashes);
    }

    /// @inheritdoc IPrimaryMarket
    function isExecuted(uint256 number) external view returns (bool) {
        return _isSet(_market().executed[number >> 8], number);
    }

    // ------------------------------------------------------------------------------------------------ stops

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GUARDIAN`.
    function stopMinting() external restricted direct {
        Settings storage settings = _market().settings;
        if (settings.stopped) revert MintingIsStopped();
        settings.stopped = true;
        emit MintingStopped(msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`.
    function resumeMinting() external restricted {
        Settings storage settings = _market().settings;
        if (!settings.stopped) revert MintingIsNotStopped();
        settings.stopped = false;
        emit MintingResumed(msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`. There is no way back.
    function windDown() external restricted {
        Settings storage settings = _market().settings;
        if (settings.woundDown) revert MarketWoundDown();
        settings.woundDown = true;
        emit WoundDown(msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    function mintingStopped() external view returns (bool) {
        return _market().settings.stopped;
    }

    /// @inheritdoc IPrimaryMarket
    function woundDown() external view returns (bool) {
        return _market().settings.woundDown;
    }

    // ------------------------------------------------------------------------------------------------ limits

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`. Zero stops all orders.
    function setOrderCap(uint112 cap) external restricted {
        _market().settings.orderCap = cap;
        emit OrderCapChanged(cap, msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`. What was minted lately still counts; zero lets the operator mint nothing.
    function setOperatorLimit(address operator, uint112 limit) external restricted {
        Bucket storage bucket = _market().buckets[operator];
        Bucket memory current = _leaked(bucket);
        current.limit = limit;
        _market().buckets[operator] = current;
        emit OperatorLimitChanged(operator, limit, msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    function operatorLimit(address operator) external view returns (uint256 limit, uint256 available) {
        Bucket memory bucket = _leaked(_market().buckets[operator]);
        return (bucket.limit, Math.saturatingSub(bucket.limit, bucket.level));
    }

    /// @inheritdoc IPrimaryMarket
    function orderCap() external view returns (uint256) {
        return _market().settings.orderCap;
    }

    /// @inheritdoc IPrimaryMarket
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _mintBatch(MintBatch calldata batch, uint256 cap) private {
        MintOrder[] calldata orders = batch.orders;
        uint256 skipped = batch.skipped;
        if (skipped >> orders.length != 0) revert SkipsUnknownOrder(skipped, orders.length);
        bytes32[] memory hashes = new bytes32[](orders.length);
        address[] memory accounts = new address[](orders.length);
        uint256[] memory amounts = new uint256[](orders.length);
        uint256 total = 0;
        uint256 left = 0;
        uint256 count = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            MintOrder calldata order = orders[i];
            hashes[i] = _orderHash(order);
            total += order.amount;
            if ((skipped >> i) & 1 != 0) {
                left += order.amount;
                continue;
            }
            _execute(order, cap);
            (accounts[count], amounts[count]) = (order.to, order.amount);
            ++count;
        }
        if (count == 0) revert BatchEmpty();
        assembly ("memory-safe") {
            mstore(accounts, count)
            mstore(amounts, count)
        }
        REGISTRY.requireVerified(accounts);
        _consume(total - left);
        // The tier is that of all that was signed together, skipped or not.
        _requireApprovals(_batchDigest(hashes), requiredApprovals(total), batch.approvals);
        // The token adds up the same amounts and gives their total back.
        // slither-disable-next-line unused-return
        TOKEN.mint(accounts, amounts);
    }

    /// @dev Marks one order as executed, once and for good.
    function _execute(MintOrder calldata order, uint256 cap) private {
        mapping(uint256 => uint256) storage executed = _market().executed;
        uint256 word = executed[order.number >> 8];
        Refusals.enforce(_orderRefusal(order, cap, word));
        executed[order.number >> 8] = word | (1 << (order.number & 0xff));
        emit OrderExecuted(order.number, msg.sender);
    }

    function _openRefusal(Settings memory settings) private pure returns (bytes memory) {
        if (settings.woundDown) return abi.encodeWithSelector(MarketWoundDown.selector);
        if (settings.stopped) return abi.encodeWithSelector(MintingIsStopped.selector);
        return "";
    }

    /// @dev `word` is the word of the bitmap that holds the order's bit.
    function _orderRefusal(MintOrder calldata order, uint256 cap, uint256 word)
        private
        view
        returns (bytes memory)
    {
        if (_isSet(word, order.number)) {
            return abi.encodeWithSelector(OrderAlreadyExecuted.selector, order.number);
        }
        if (order.expiry < block.timestamp) {
            return abi.encodeWithSelector(OrderExpired.selector, order.number, order.expiry);
        }
        if (order.amount == 0) return abi.encodeWithSelector(OrderEmpty.selector, order.number);
        if (order.amount > cap) {
            return abi.encodeWithSelector(OrderAboveCap.selector, order.number, order.amount, cap);
        }
        return "";
    }

    function _isSet(uint256 word, uint256 number) private pure returns (bool) {
        return (word >> (number & 0xff)) & 1 != 0;
    }

    function _limitRefusal(address operator, Bucket memory bucket, uint256 amount)
        private
        pure
        returns (bytes memory)
    {
        uint256 available = Math.saturatingSub(bucket.limit, bucket.level);
        if (amount <= available) return "";
        return abi.encodeWithSelector(OperatorLimitExceeded.selector, operator, available, amount);
    }

    /// @dev Fills the sender's bucket by `total`.
    function _consume(uint256 total) private {
        Bucket memory bucket = _leaked(_market().buckets[msg.sender]);
        Refusals.enforce(_limitRefusal(msg.sender, bucket, total));
        bucket.level = (total + bucket.level).toUint112();
        _market().buckets[msg.sender] = bucket;
    }

    /// @dev The bucket as of now. What leaks is rounded down, in favour of the reserve.
    function _leaked(Bucket storage stored) private view returns (Bucket memory bucket) {
        bucket = stored;
        uint256 leak = (block.timestamp - bucket.updatedAt) * bucket.limit / LIMIT_PERIOD;
        bucket.level = Math.saturatingSub(bucket.level, leak).toUint112();
        bucket.updatedAt = block.timestamp.toUint32();
    }

    function _orderHash(MintOrder calldata order) private pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, order));
    }

    function _batchDigest(bytes32[] memory hashes) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(BATCH_TYPEHASH, keccak256(abi.encodePacked(hashes)))));
    }

    function _lowestTier() internal view override returns (ApprovalTier memory) {
        Settings storage settings = _market().settings;
        return ApprovalTier({upTo: settings.lowestUpTo, approvals: settings.lowestApprovals});
    }

    function _setLowestTier(ApprovalTier memory tier) internal override {
        Settings storage settings = _market().settings;
        settings.lowestUpTo = tier.upTo;
        settings.lowestApprovals = tier.approvals;
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _market() private pure returns (PrimaryMarketStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
