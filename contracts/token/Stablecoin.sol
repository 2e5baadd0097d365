// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Refusals} from "../access/Refusals.sol";
import {AggregatorV3Interface, IAttestedFeed} from "../interfaces/IAttestedFeed.sol";
import {IStablecoin} from "../interfaces/IStablecoin.sol";
import {Account} from "./Account.sol";
import {RegulatedERC20} from "./RegulatedERC20.sol";
import {SignedTransfers} from "./SignedTransfers.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title Stablecoin
/// @notice A regulated token that cannot be minted beyond its attested reserve.
/// @dev The backing rule, whoever the minter is:
///
///     minted + amount <= reserve(asOf) less the buffer + discharged(asOf)
///
/// All that was ever minted is covered by what the reserve held at the last attestation plus all that had been paid
/// out by then. It holds when tokens are burned before the money leaves, when money leaves before the next
/// attestation, and when both happen in between. A stale attestation stops minting and nothing else.
contract Stablecoin is IStablecoin, RegulatedERC20, SignedTransfers {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;
    using ShortStrings for *;

    /// @dev `discharged(asOf)` of the last attestation used, so that a mint costs the same however many payouts there
    /// were. Final once taken: `asOf` lies before the block of its attestation, payouts are recorded at block time.
    struct Basis {
        uint40 asOf;
        uint112 discharged;
    }

    /// @custom:storage-location erc7201:issuance.storage.Stablecoin
    struct StablecoinStorage {
        address feed;
        uint16 bufferBps;
        address market;
        Basis basis;
        Checkpoints.Trace208 discharged;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Stablecoin")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xa49192c60389d629d0c78119ca7ffaaec80beb0f3de3c5cf3092df9bf9abec00;

    uint256 private constant BPS = 10_000;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    ShortString private immutable CURRENCY;

    modifier onlyMarket() {
        if (msg.sender != _coin().market) revert CallerIsNotMarket(msg.sender);
        _;
    }

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        address authority_,
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        string memory currency_
    ) RegulatedERC20(authority_, name_, symbol_, decimals_) {
        if (bytes(currency_).length != 3) revert UnusableMetadata();
        CURRENCY = currency_.toShortString();
    }

    /// @notice Initialises the proxy. Feed, buffer and market are set by `GOVERNOR`.
    function initialize() external initializer {
        __RegulatedERC20_init();
    }

    // ------------------------------------------------------------------------------------- the market's calls

    /// @inheritdoc IStablecoin
    function mint(address[] calldata accounts, uint256[] calldata amounts)
        external
        onlyMarket
        returns (uint256 total)
    {
        if (paused()) revert TokenPaused();
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = amounts[i];
            _credit(accounts[i], amount);
            total += amount;
        }
        (uint256 reserve, uint256 asOf, uint256 freshUntil) = _reading();
        uint256 dischargedBefore = _settle(asOf);
        Refusals.enforce(_backingRefusal(total, reserve, asOf, freshUntil, dischargedBefore));
        _raiseSupply(total);
    }

    /// @inheritdoc IStablecoin
    function burnEscrow(uint256 amount) external onlyMarket {
        _debit(msg.sender, amount);
        _lowerSupply(msg.sender, amount);
    }

    /// @inheritdoc IStablecoin
    function discharge(uint256 amount) external onlyMarket {
        _discharge(amount);
    }

    /// @inheritdoc IStablecoin
    function lowerFrozen(address account, uint256 amount) external onlyMarket {
        if (canSend(account)) _setFrozen(account, getFrozenTokens(account) - amount);
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @inheritdoc IStablecoin
    /// @dev Only `COMPLIANCE`. The liability ends with the token, so it is discharged at once; headroom grows only with
    /// the next attestation.
    function burnByOrder(address account, uint256 amount, bytes32 caseId) external restricted direct {
        _take(account, amount);
        _lowerSupply(account, amount);
        _discharge(amount);
        _recordCase(caseId, account, amount);
    }

    // ---------------------------------------------------------------------------------------------- governance

    /// @inheritdoc IStablecoin
    /// @dev Only `GOVERNOR`. The feed has to count in the token's base units.
    function setFeed(address newFeed) external restricted {
        if (newFeed.code.length == 0) revert NotAContract(newFeed);
        uint8 feedDecimals = AggregatorV3Interface(newFeed).decimals();
        if (feedDecimals != decimals()) revert FeedDecimalsMismatch(feedDecimals, decimals());
        StablecoinStorage storage $ = _coin();
        $.feed = newFeed;
        delete $.basis;
        emit FeedChanged(newFeed, msg.sender);
    }

    /// @inheritdoc IStablecoin
    /// @dev Only `GOVERNOR`.
    function setBuffer(uint16 newBufferBps) external restricted {
        if (newBufferBps > BPS) revert BufferTooLarge(newBufferBps);
        _coin().bufferBps = newBufferBps;
        emit BufferChanged(newBufferBps, msg.sender);
    }

    /// @inheritdoc IStablecoin
    /// @dev Only `GOVERNOR`, and only once: order numbers, requests and payables live in the market, so another one is
    /// an upgrade of its code, which keeps them.
    function setMarket(address newMarket) external restricted {
        StablecoinStorage storage $ = _coin();
        if ($.market != address(0)) revert MarketIsFixed($.market);
        if (newMarket.code.length == 0) revert NotAContract(newMarket);
        // Nobody could lift a freeze of escrow any more.
        if (getFrozenTokens(newMarket) != 0) revert ERC7943CannotReceive(newMarket);
        _markEscrow(newMarket);
        $.market = newMarket;
        emit MarketChanged(newMarket, msg.sender);
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc IStablecoin
    function frozenBeyondBalance(address account) public view returns (uint256) {
        Account stored = _regulated().accounts[account];
        return stored.isFrozen() ? type(uint256).max : Math.saturatingSub(stored.frozen(), stored.balance());
    }

    /// @inheritdoc IStablecoin
    function firstFrozenBeyondBalance(address[] calldata accounts) external view returns (uint256 index) {
        while (index < accounts.length && frozenBeyondBalance(accounts[index]) == 0) ++index;
    }

    /// @inheritdoc IStablecoin
    function feed() external view returns (address) {
        return _coin().feed;
    }

    /// @inheritdoc IStablecoin
    function bufferBps() external view returns (uint16) {
        return _coin().bufferBps;
    }

    /// @inheritdoc IStablecoin
    function market() external view returns (address) {
        return _coin().market;
    }

    /// @inheritdoc IStablecoin
    function currency() external view returns (string memory) {
        return CURRENCY.toString();
    }

    /// @inheritdoc IStablecoin
    function discharged() public view returns (uint256) {
        return _coin().discharged.latest();
    }

    /// @inheritdoc IStablecoin
    function dischargedAt(uint48 timestamp) public view returns (uint256) {
        return _coin().discharged.upperLookupRecent(timestamp);
    }

    /// @inheritdoc IStablecoin
    function payableTotal() external view returns (uint256) {
        return burned() - discharged();
    }

    /// @inheritdoc IStablecoin
    function ceiling() public view returns (uint256) {
        (uint256 reserve, uint256 asOf, uint256 freshUntil) = _reading();
        if (block.timestamp > freshUntil) return 0;
        return _ceiling(reserve, _dischargedBasis(asOf));
    }

    /// @inheritdoc IStablecoin
    function headroom() external view returns (uint256) {
        return Math.saturatingSub(ceiling(), minted());
    }

    /// @inheritdoc IStablecoin
    function coverageBps() external view returns (uint256) {
        (uint256 reserve, uint256 asOf,) = _reading();
        if (asOf == 0) return 0;
        uint256 liabilities = minted() - _dischargedBasis(asOf);
        return liabilities == 0 ? type(uint256).max : Math.mulDiv(reserve, BPS, liabilities);
    }

    /// @inheritdoc IStablecoin
    function explainMint(address to, uint256 amount) external view returns (bytes[] memory) {
        (uint256 reserve, uint256 asOf, uint256 freshUntil) = _reading();
        bytes memory backing = _backingRefusal(amount, reserve, asOf, freshUntil, _dischargedBasis(asOf));
        bytes[] memory answers = new bytes[](3);
        if (paused()) answers[0] = abi.encodeWithSelector(TokenPaused.selector);
        if (!canReceive(to)) answers[1] = abi.encodeWithSelector(ERC7943CannotReceive.selector, to);
        answers[2] = backing;
        return Refusals.compact(answers);
    }

    /// @inheritdoc RegulatedERC20
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IStablecoin).interfaceId || super.supportsInterface(interfaceId);
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev The backing rule: empty when it allows the mint, else the error that refuses it.
    function _backingRefusal(
        uint256 amount,
        uint256 reserve,
        uint256 asOf,
        uint256 freshUntil,
        uint256 dischargedBefore
    ) private view returns (bytes memory) {
        if (block.timestamp > freshUntil) {
            return abi.encodeWithSelector(ReserveStale.selector, asOf, freshUntil);
        }
        uint256 newMinted = Math.saturatingAdd(minted(), amount);
        uint256 limit = _ceiling(reserve, dischargedBefore);
        if (newMinted > limit) return abi.encodeWithSelector(BackingExceeded.selector, newMinted, limit);
        return "";
    }

    /// @dev Rounded down, in favour of the reserve.
    function _ceiling(uint256 reserve, uint256 dischargedBefore) private view returns (uint256) {
        return reserve * BPS / (BPS + _coin().bufferBps) + dischargedBefore;
    }

    function _reading() private view returns (uint256 reserve, uint256 asOf, uint256 freshUntil) {
        address source = _coin().feed;
        if (source == address(0)) return (0, 0, 0);
        return IAttestedFeed(source).reading();
    }

    function _dischargedBasis(uint256 asOf) private view returns (uint256) {
        Basis memory basis = _coin().basis;
        return basis.asOf == asOf ? basis.discharged : dischargedAt(asOf.toUint48());
    }

    /// @dev `discharged(asOf)`, looked up once per attestation.
    function _settle(uint256 asOf) private returns (uint256 dischargedBefore) {
        StablecoinStorage storage $ = _coin();
        Basis memory basis = $.basis;
        if (basis.asOf == asOf) return basis.discharged;
        dischargedBefore = dischargedAt(asOf.toUint48());
        $.basis = Basis({asOf: asOf.toUint40(), discharged: dischargedBefore.toUint112()});
    }

    function _discharge(uint256 amount) private {
        StablecoinStorage storage $ = _coin();
        uint256 total = uint256($.discharged.latest()) + amount;
        if (total > burned()) revert DischargeExceedsBurned(total, burned());
        // The trace gives back the totals before and after, which are known.
        // slither-disable-next-line unused-return
        $.discharged.push(block.timestamp.toUint48(), total.toUint208());
        emit Discharged(amount, total);
    }

    function _coin() private pure returns (StablecoinStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
