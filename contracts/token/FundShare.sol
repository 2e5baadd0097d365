// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Refusals} from "../access/Refusals.sol";
import {PackedWallet} from "../compliance/PackedWallet.sol";
import {ShareRefusals} from "../compliance/ShareRefusals.sol";
import {TransferPolicy} from "../compliance/TransferPolicy.sol";
import {IERC7575} from "../interfaces/IERC7575.sol";
import {IERC7943Fungible} from "../interfaces/IERC7943.sol";
import {
    CountryRule,
    IERC1404,
    IERC7575Share,
    IFundShare,
    Restriction,
    SharePolicy
} from "../interfaces/IFundShare.sol";
import {IFundVault} from "../interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../interfaces/IRegulatedERC20.sol";
import {Account} from "./Account.sol";
import {RegulatedERC20} from "./RegulatedERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title FundShare
/// @notice One share class of a fund: every movement passes the class's transfer policy.
/// @dev Shares come into being and end on a vault's account only. Between a vault and an investor they pass by the
/// vault's calls, between investors by transfers, and otherwise by forced transfer under a case; each of the three keeps
/// the investors' accounts.
contract FundShare is IFundShare, RegulatedERC20 {
    using SafeCast for uint256;
    using TransferPolicy for TransferPolicy.Rules;

    /// @custom:storage-location erc7201:issuance.storage.FundShare
    struct FundShareStorage {
        TransferPolicy.Rules rules;
        mapping(address asset => address) vaults;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.FundShare")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x25c62df2a7402f0940df0f9eaa9e4f4fce2c310bfda6f9fd89befbc9da8e5800;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry private immutable REGISTRY;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    ShareRefusals private immutable REFUSALS;

    /// @dev A vault, or one that was replaced: it may still bring what it holds to its end.
    modifier onlyEscrow() {
        _requireMark(_isEscrow(msg.sender));
        _;
    }

    modifier onlyVault() {
        _requireMark(isVault(msg.sender));
        _;
    }

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        address authority_,
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        address registry_
    ) RegulatedERC20(authority_, name_, symbol_, decimals_) {
        if (registry_.code.length == 0) revert NotAContract(registry_);
        REGISTRY = IInvestorRegistry(registry_);
        REFUSALS = new ShareRefusals();
    }

    /// @notice Initialises the proxy. Policy, countries and vaults are set by `GOVERNOR`; until then nobody is admitted.
    function initialize() external initializer {
        __RegulatedERC20_init();
    }

    // ------------------------------------------------------------------------------------------------ vaults

    /// @inheritdoc IFundShare
    function issue(uint256 amount) external onlyVault {
        _requireNotPaused();
        _credit(msg.sender, amount);
        _raiseSupply(amount);
    }

    /// @inheritdoc IFundShare
    function retire(uint256 amount) external onlyEscrow {
        _debit(msg.sender, amount);
        _lowerSupply(msg.sender, amount);
    }

    /// @inheritdoc IFundShare
    function collect(address owner, address spender, uint256 amount) external onlyVault {
        if (_isEscrow(owner)) revert EscrowIsProtected(owner);
        if (spender != owner) _spend(owner, spender, amount);
        super._move(owner, msg.sender, amount);
        TransferPolicy.Rules storage rules = _share().rules;
        if (!rules.policy.investorAccounts) return;
        bytes16 investor = investorOf(owner);
        _require(rules.onRedemption(investor), owner, address(0), amount);
        rules.exit(investor, amount);
    }

    /// @inheritdoc IFundShare
    function deliver(address to, uint256 amount, uint40 dealtAt) external onlyEscrow {
        _requireNotPaused();
        SharePolicy memory terms = policy();
        uint40 until = _lockedUntil(terms, dealtAt);
        _require(_deliver(terms, to, _wallet(to), amount, until), address(0), to, amount);
        _debit(msg.sender, amount);
    }

    /// @inheritdoc IFundShare
    function deliver(address[] calldata accounts, uint256[] calldata amounts, uint40 dealtAt)
        external
        onlyEscrow
        returns (uint8[] memory refused)
    {
        if (accounts.length != amounts.length) {
            revert LengthMismatch(accounts.length, amounts.length);
        }
        _requireNotPaused();
        PackedWallet[] memory wallets = REGISTRY.packedBatch(accounts);
        SharePolicy memory terms = policy();
        uint40 until = _lockedUntil(terms, dealtAt);
        uint256 total = 0;
        refused = new uint8[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Restriction restriction = _deliver(terms, accounts[i], wallets[i], amounts[i], until);
            refused[i] = uint8(restriction);
            if (restriction == Restriction.None) total += amounts[i];
        }
        _debit(msg.sender, total);
    }

    /// @inheritdoc IFundShare
    function giveBack(address to, uint256 amount) external onlyEscrow {
        if (_isEscrow(to)) revert EscrowIsProtected(to);
        bytes16 investor = investorOf(to);
        if (investor == bytes16(0)) revert IInvestorRegistry.WalletNotVerified(to, 0);
        super._move(msg.sender, to, amount);
        SharePolicy memory terms = policy();
        _require(_share().rules.onLimits(terms, investor, amount), address(0), to, amount);
        if (terms.investorAccounts) _share().rules.enter(investor, amount, 0);
    }

    /// @inheritdoc IFundShare
    function requireRoom(address account, uint256 amount) external view {
        Restriction refused = _share().rules.onLimits(policy(), investorOf(account), amount);
        _require(refused, address(0), account, amount);
    }

    /// @inheritdoc IFundShare
    function requireSubscriber(address account) external view returns (bytes16 investor) {
        _requireNotPaused();
        PackedWallet wallet = _wallet(account);
        _require(_onReceiver(account, wallet), address(0), account, 0);
        return wallet.investor();
    }

    /// @inheritdoc IFundShare
    function restrictionOnSubscription(address account, uint256 amount)
        external
        view
        returns (uint8, bytes memory)
    {
        Restriction refused = Restriction.Paused;
        if (!paused()) {
            refused = _onSubscription(policy(), account, _wallet(account), amount);
        }
        return (uint8(refused), _refusal(refused, address(0), account, amount));
    }

    /// @inheritdoc IFundShare
    function restrictionOnRedemption(address owner, uint256 amount)
        external
        view
        returns (uint8, bytes memory)
    {
        Restriction refused = _onSender(owner);
        if (refused == Restriction.None) refused = _onAmount(owner, amount);
        if (refused == Restriction.None) refused = _share().rules.onRedemption(investorOf(owner));
        return (uint8(refused), _refusal(refused, owner, address(0), amount));
    }

    // ------------------------------------------------------------------------------------- what policy adds

    /// @inheritdoc IRegulatedERC20
    /// @dev The receiver has to be one that may hold; limits and lock-ups don't bind compliance.
    function forcedTransfer(address from, address to, uint256 amount, bytes32 caseId)
        public
        override(IRegulatedERC20, RegulatedERC20)
        returns (bool)
    {
        super.forcedTransfer(from, to, amount, caseId);
        TransferPolicy.Rules storage rules = _share().rules;
        if (!rules.policy.investorAccounts) return true;
        (PackedWallet source, PackedWallet target) = _pair(from, to);
        rules.pass(source.investor(), target.investor(), amount);
        return true;
    }

    /// @notice Whether `account` may get shares from others now: not frozen, verified, class and country admitted.
    /// @inheritdoc IERC7943Fungible
    function canReceive(address account)
        public
        view
        override(IERC7943Fungible, RegulatedERC20)
        returns (bool)
    {
        return _onReceiver(account, _wallet(account)) == Restriction.None;
    }

    /// @inheritdoc IERC7943Fungible
    function canTransfer(address from, address to, uint256 amount)
        public
        view
        override(IERC7943Fungible, RegulatedERC20)
        returns (bool)
    {
        return _onTransfer(from, to, amount) == Restriction.None;
    }

    /// @inheritdoc IERC1404
    /// @dev Like `canTransfer`, it answers for the rules: a plain shortage has no code.
    function detectTransferRestriction(address from, address to, uint256 value)
        external
        view
        returns (uint8)
    {
        return uint8(_onTransfer(from, to, value));
    }

    /// @inheritdoc IERC1404
    function messageForTransferRestriction(uint8 restrictionCode) external view returns (string memory) {
        return REFUSALS.message(restrictionCode);
    }

    // ---------------------------------------------------------------------------------------------- governance

    /// @inheritdoc IFundShare
    function setPolicy(SharePolicy calldata newPolicy) external restricted {
        _share().rules.set(newPolicy, totalSupply());
        emit PolicyChanged(newPolicy, msg.sender);
    }

    /// @inheritdoc IFundShare
    function setCountries(CountryRule rule, uint16[] calldata countries) external restricted {
        _share().rules.setCountries(rule, countries);
        emit CountriesChanged(rule, countries, msg.sender);
    }

    /// @inheritdoc IFundShare
    function setVault(address asset, address vault_) external restricted {
        FundShareStorage storage $ = _share();
        address old = $.vaults[asset];
        if (old != address(0)) {
            if (old != vault_ && !IFundVault(old).isIdle()) revert VaultInUse(old);
            _setDealing(old, false);
        }
        if (vault_ != address(0)) {
            _requireVaultFor(asset, vault_);
            _markEscrow(vault_);
            _setDealing(vault_, true);
        }
        $.vaults[asset] = vault_;
        emit VaultUpdate(asset, vault_);
        emit VaultChanged(asset, vault_, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IERC7575Share
    function vault(address asset) external view returns (address) {
        return _share().vaults[asset];
    }

    /// @inheritdoc IFundShare
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IFundShare
    function policy() public view returns (SharePolicy memory) {
        return _share().rules.policy;
    }

    /// @inheritdoc IFundShare
    function isCountryAdmitted(uint16 country) external view returns (bool) {
        return _share().rules.admits(country);
    }

    /// @inheritdoc IFundShare
    function isVault(address account) public view returns (bool) {
        return _regulated().accounts[account].isDealing();
    }

    /// @inheritdoc IFundShare
    function investorOf(address account) public view returns (bytes16) {
        return _wallet(account).investor();
    }

    /// @inheritdoc IFundShare
    function holdingOf(bytes16 investor) external view returns (uint256) {
        return _share().rules.positions[investor].holding;
    }

    /// @inheritdoc IFundShare
    function lockedUntil(bytes16 investor) external view returns (uint256) {
        return _share().rules.positions[investor].lockedUntil;
    }

    /// @inheritdoc IFundShare
    function holders() external view returns (uint256) {
        return _share().rules.holders;
    }

    /// @inheritdoc RegulatedERC20
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IFundShare).interfaceId || interfaceId == type(IERC1404).interfaceId
            || interfaceId == type(IERC7575Share).interfaceId || super.supportsInterface(interfaceId);
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev A holder's own transfer: what the token asks, then what the class asks.
    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        (PackedWallet source, PackedWallet target) = _pair(from, to);
        TransferPolicy.Rules storage rules = _share().rules;
        SharePolicy memory terms = policy();
        if (_isEscrow(to)) revert EscrowIsProtected(to);
        _require(rules.onTransfer(terms, source, target, amount), from, to, amount);
        if (terms.investorAccounts) rules.pass(source.investor(), target.investor(), amount);
    }

    /// @dev Uses up the spender's allowance. A frozen spender moves nobody's shares.
    function _spend(address owner, address spender, uint256 amount) private {
        if (!canSend(spender)) revert ERC7943CannotSend(spender);
        uint256 allowed = allowance(owner, spender);
        if (allowed == type(uint256).max) return;
        if (allowed < amount) revert ERC20InsufficientAllowance(spender, allowed, amount);
        _approve(owner, spender, allowed - amount);
    }

    /// @dev Gives shares of the calling vault to a subscriber, unless refused; the caller lowers the vault's balance.
    function _deliver(SharePolicy memory terms, address to, PackedWallet wallet, uint256 amount, uint40 until)
        private
        returns (Restriction refused)
    {
        refused = _onSubscription(terms, to, wallet, amount);
        if (refused != Restriction.None) return refused;
        RegulatedERC20Storage storage $ = _regulated();
        Account account = $.accounts[to];
        $.accounts[to] = account.withBalance(account.balance() + amount);
        emit Transfer(msg.sender, to, amount);
        if (terms.investorAccounts) _share().rules.enter(wallet.investor(), amount, until);
    }

    /// @dev 0 for a class without a lock-up.
    function _lockedUntil(SharePolicy memory terms, uint40 dealtAt) private view returns (uint40) {
        if (dealtAt > block.timestamp) revert DealtInFuture(dealtAt);
        uint256 lockUp = uint256(terms.lockUpDays) * 1 days;
        return lockUp == 0 ? 0 : (uint256(dealtAt) + lockUp).toUint40();
    }

    function _requireVaultFor(address asset, address vault_) private view {
        if (vault_.code.length == 0) revert NotAContract(vault_);
        if (IERC7575(vault_).asset() != asset || IERC7575(vault_).share() != address(this)) {
            revert VaultMismatch(vault_, asset);
        }
        Account account = _regulated().accounts[vault_];
        // Nobody could lift its freeze any more, and what it held would be an investor's and the vault's at once.
        bool clean = account.frozen() == 0 && account.balance() == 0;
        if (!clean && !account.isEscrow()) revert ERC7943CannotReceive(vault_);
    }

    function _setDealing(address vault_, bool dealing) private {
        RegulatedERC20Storage storage $ = _regulated();
        $.accounts[vault_] = $.accounts[vault_].withDealing(dealing);
    }

    function _requireMark(bool marked) private view {
        if (!marked) revert CallerIsNotVault(msg.sender);
    }

    function _requireNotPaused() private view {
        if (paused()) revert TokenPaused();
    }

    function _wallet(address account) private view returns (PackedWallet) {
        return REGISTRY.packedOf(account);
    }

    function _pair(address from, address to) private view returns (PackedWallet, PackedWallet) {
        return REGISTRY.packedPair(from, to);
    }

    function _isEscrow(address account) private view returns (bool) {
        return _regulated().accounts[account].isEscrow();
    }

    // -------------------------------------------------------------------------------------------- the rules

    /// @dev In the order in which a transfer asks.
    function _onTransfer(address from, address to, uint256 amount)
        private
        view
        returns (Restriction refused)
    {
        refused = _onSender(from);
        Restriction receiver = _onAccount(to);
        if (refused == Restriction.None && receiver == Restriction.ReceiverFrozen) refused = receiver;
        if (refused == Restriction.None) refused = _onAmount(from, amount);
        if (refused == Restriction.None) refused = receiver;
        if (refused != Restriction.None) return refused;
        (PackedWallet source, PackedWallet target) = _pair(from, to);
        TransferPolicy.Rules storage rules = _share().rules;
        return rules.onTransfer(policy(), source, target, amount);
    }

    function _onSubscription(SharePolicy memory terms, address to, PackedWallet wallet, uint256 amount)
        private
        view
        returns (Restriction refused)
    {
        refused = _onAccount(to);
        return refused == Restriction.None ? _share().rules.onSubscription(terms, wallet, amount) : refused;
    }

    function _onReceiver(address to, PackedWallet wallet) private view returns (Restriction refused) {
        refused = _onAccount(to);
        TransferPolicy.Rules storage rules = _share().rules;
        return refused == Restriction.None ? rules.onReceiver(policy(), wallet) : refused;
    }

    function _onAccount(address to) private view returns (Restriction) {
        Account account = _regulated().accounts[to];
        if (account.isFrozen()) return Restriction.ReceiverFrozen;
        return account.isEscrow() ? Restriction.ReceiverIsVault : Restriction.None;
    }

    function _onSender(address from) private view returns (Restriction) {
        if (paused()) return Restriction.Paused;
        return canSend(from) ? Restriction.None : Restriction.SenderFrozen;
    }

    function _onAmount(address from, uint256 amount) private view returns (Restriction) {
        Account account = _regulated().accounts[from];
        bool free = account.frozen() == 0 || amount <= account.unfrozen();
        return free ? Restriction.None : Restriction.AmountFrozen;
    }

    function _require(Restriction refused, address from, address to, uint256 amount) private view {
        if (refused != Restriction.None) Refusals.enforce(_refusal(refused, from, to, amount));
    }

    function _refusal(Restriction refused, address from, address to, uint256 amount)
        private
        view
        returns (bytes memory)
    {
        return REFUSALS.refusal(refused, from, to, amount);
    }

    function _share() private pure returns (FundShareStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
