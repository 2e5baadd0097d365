// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {IERC1643} from "../interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../interfaces/IERC7943.sol";
import {IRegulatedERC20} from "../interfaces/IRegulatedERC20.sol";
import {ACCOUNT_FROZEN, Account} from "./Account.sol";
import {Documents} from "./Documents.sol";
import {Permits} from "./Permits.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title RegulatedERC20
/// @notice An ERC-20 with permits, ERC-7943 freezes and forced transfers, documents, and one pause.
/// @dev Freezing never changes the total supply. Tokens leave a holder in two ways: `_move`, which obeys the freeze,
/// and `_take`, which only compliance functions with a case id reach.
abstract contract RegulatedERC20 is
    IRegulatedERC20,
    IERC20Metadata,
    IERC20Errors,
    IERC165,
    Governed,
    UUPSUpgradeable,
    Permits,
    Documents
{
    using SafeCast for uint256;
    using ShortStrings for *;

    struct Supply {
        uint112 total;
        uint112 minted;
        bool paused;
    }

    /// @custom:storage-location erc7201:issuance.storage.RegulatedERC20
    struct RegulatedERC20Storage {
        Supply supply;
        mapping(address account => Account) accounts;
        mapping(address owner => mapping(address spender => uint256)) allowances;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.RegulatedERC20")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xb6246583247ad3ccf5de3703ac477f74c4e744eb860113a0c2c45e2bd7b17000;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    ShortString private immutable NAME;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    ShortString private immutable SYMBOL;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint8 private immutable DECIMALS;

    /// @dev Name and symbol are code, not storage: at most 31 bytes each, so that EIP-712's cached hashes hold behind
    /// the proxy. Another name is an upgrade, and the domain separator follows it.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, string memory name_, string memory symbol_, uint8 decimals_)
        Governed(authority_)
        EIP712(name_, "1")
    {
        bool named = bytes(name_).length != 0 && bytes(symbol_).length != 0;
        if (!named || decimals_ > 18) revert UnusableMetadata();
        NAME = name_.toShortString();
        SYMBOL = symbol_.toShortString();
        DECIMALS = decimals_;
        _disableInitializers();
    }

    /// @dev Freezes the token's own account, so that tokens can't be sent to the token by mistake.
    // forge-lint: disable-next-line(mixed-case-function)
    function __RegulatedERC20_init() internal onlyInitializing {
        _setFrozen(address(this), ACCOUNT_FROZEN);
    }

    // ------------------------------------------------------------------------------------------------ ERC-20

    /// @inheritdoc IERC20Metadata
    function name() public view returns (string memory) {
        return NAME.toString();
    }

    /// @inheritdoc IERC20Metadata
    function symbol() public view returns (string memory) {
        return SYMBOL.toString();
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public view returns (uint8) {
        return DECIMALS;
    }

    /// @inheritdoc IERC20
    function totalSupply() public view returns (uint256) {
        return _regulated().supply.total;
    }

    /// @inheritdoc IRegulatedERC20
    function minted() public view returns (uint256) {
        return _regulated().supply.minted;
    }

    /// @inheritdoc IRegulatedERC20
    function burned() public view returns (uint256) {
        Supply memory supply = _regulated().supply;
        return supply.minted - supply.total;
    }

    /// @inheritdoc IERC20
    function balanceOf(address account) public view returns (uint256) {
        return _regulated().accounts[account].balance();
    }

    /// @inheritdoc IERC20
    function allowance(address owner, address spender) public view returns (uint256) {
        return _regulated().allowances[owner][spender];
    }

    /// @inheritdoc IERC20
    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    /// @inheritdoc IERC20
    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    /// @inheritdoc IERC20
    /// @dev A frozen spender moves nobody's tokens.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        if (from == address(0)) revert ERC20InvalidSender(from);
        RegulatedERC20Storage storage $ = _regulated();
        if ($.accounts[msg.sender].isFrozen()) revert ERC7943CannotSend(msg.sender);
        uint256 allowed = $.allowances[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            $.allowances[from][msg.sender] = allowed - value;
        }
        _move(from, to, value);
        return true;
    }

    // ------------------------------------------------------------------------------------- pause and freezes

    /// @inheritdoc IRegulatedERC20
    function paused() public view returns (bool) {
        return _regulated().supply.paused;
    }

    /// @inheritdoc IRegulatedERC20
    /// @dev Only `GUARDIAN`.
    function pause() external restricted direct {
        Supply storage supply = _regulated().supply;
        if (supply.paused) revert TokenPaused();
        supply.paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IRegulatedERC20
    /// @dev Only `GOVERNOR`.
    function resume() external restricted {
        Supply storage supply = _regulated().supply;
        if (!supply.paused) revert TokenNotPaused();
        supply.paused = false;
        emit Resumed(msg.sender);
    }

    /// @notice Freezes `amount` of `account`'s tokens (an absolute figure, which may exceed the balance);
    /// `type(uint128).max` freezes the account itself. Only `GUARDIAN`; never lowers what is frozen.
    /// @inheritdoc IERC7943Fungible
    function setFrozenTokens(address account, uint256 amount) external restricted direct returns (bool) {
        uint256 frozen = _openToCompliance(account).frozen();
        if (amount < frozen) revert FreezeMayOnlyRaise(account, frozen, amount);
        _setFrozen(account, amount);
        return true;
    }

    /// @inheritdoc IRegulatedERC20
    /// @dev Only `COMPLIANCE`.
    function unfreeze(address account, uint256 amount, bytes32 caseId) external restricted direct {
        uint256 frozen = _openToCompliance(account).frozen();
        if (amount >= frozen) revert UnfreezeMayOnlyLower(account, frozen, amount);
        _setFrozen(account, amount);
        _recordCase(caseId, account, amount);
    }

    /// @notice Always reverts: compliance acts under a case, so use the overload with a case id.
    /// @inheritdoc IERC7943Fungible
    function forcedTransfer(address, address, uint256) external pure returns (bool) {
        revert CaseIdRequired();
    }

    /// @inheritdoc IRegulatedERC20
    /// @dev Only `COMPLIANCE`. Works while the token is paused. A frozen account stays frozen.
    function forcedTransfer(address from, address to, uint256 amount, bytes32 caseId)
        public
        virtual
        restricted
        direct
        returns (bool)
    {
        if (from == to) revert ForcedTransferToSelf(from);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (!canReceive(to)) revert ERC7943CannotReceive(to);
        _take(from, amount);
        RegulatedERC20Storage storage $ = _regulated();
        $.accounts[to] = $.accounts[to].withBalance($.accounts[to].balance() + amount);
        emit Transfer(from, to, amount);
        emit ForcedTransfer(from, to, amount);
        _recordCase(caseId, from, amount);
        return true;
    }

    /// @inheritdoc IERC7943Fungible
    function getFrozenTokens(address account) public view returns (uint256) {
        return _regulated().accounts[account].frozen();
    }

    /// @inheritdoc IERC7943Fungible
    function canSend(address account) public view returns (bool) {
        return !_regulated().accounts[account].isFrozen();
    }

    /// @inheritdoc IERC7943Fungible
    function canReceive(address account) public view virtual returns (bool) {
        return account != address(0) && !_regulated().accounts[account].isFrozen();
    }

    /// @inheritdoc IERC7943Fungible
    /// @dev Answers for the rules, not for the balance: a plain shortage alone is not a refusal.
    function canTransfer(address from, address to, uint256 amount) public view virtual returns (bool) {
        if (paused() || !canSend(from) || !canReceive(to)) return false;
        Account account = _regulated().accounts[from];
        return account.frozen() == 0 || amount <= account.unfrozen();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view virtual returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC20).interfaceId
            || interfaceId == type(IERC20Metadata).interfaceId
            || interfaceId == type(IERC20Permit).interfaceId || interfaceId == type(IERC5267).interfaceId
            || interfaceId == type(IERC7943Fungible).interfaceId || interfaceId == type(IERC1643).interfaceId;
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _approve(address owner, address spender, uint256 value) internal override {
        if (owner == address(0)) revert ERC20InvalidApprover(owner);
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        _regulated().allowances[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    /// @dev A holder's own transfer, however it was authorised.
    function _move(address from, address to, uint256 amount) internal virtual override {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        RegulatedERC20Storage storage $ = _regulated();
        if ($.supply.paused) revert TokenPaused();
        Account source = $.accounts[from];
        Account target = $.accounts[to];
        if (source.isFrozen()) revert ERC7943CannotSend(from);
        if (target.isFrozen()) revert ERC7943CannotReceive(to);
        uint256 held = source.balance();
        if (amount > held) revert ERC20InsufficientBalance(from, held, amount);
        uint256 free = source.unfrozen();
        if (amount > free) revert ERC7943InsufficientUnfrozenBalance(from, amount, free);
        if (from != to) {
            $.accounts[from] = source.withBalance(held - amount);
            $.accounts[to] = target.withBalance(target.balance() + amount);
        }
        emit Transfer(from, to, amount);
    }

    /// @dev Raises a balance without touching the supply; `_raiseSupply` follows.
    function _credit(address to, uint256 amount) internal {
        RegulatedERC20Storage storage $ = _regulated();
        Account account = $.accounts[to];
        if (account.isFrozen()) revert ERC7943CannotReceive(to);
        $.accounts[to] = account.withBalance(account.balance() + amount);
        emit Transfer(address(0), to, amount);
    }

    /// @dev Raises the supply by `amount`, whose balances are credited in the same call.
    function _raiseSupply(uint256 amount) internal {
        Supply storage supply = _regulated().supply;
        uint256 newMinted = uint256(supply.minted) + amount;
        uint112 newTotal = (uint256(supply.total) + amount).toUint112();
        supply.minted = newMinted.toUint112();
        supply.total = newTotal;
    }

    /// @dev Lowers the supply by `amount`, which left `from` before.
    function _lowerSupply(address from, uint256 amount) internal {
        Supply storage supply = _regulated().supply;
        supply.total = (uint256(supply.total) - amount).toUint112();
        emit Transfer(from, address(0), amount);
    }

    /// @dev Takes tokens from `account`, frozen ones last. What was frozen and is taken lowers the frozen figure, with
    /// its event before the transfer's (ERC-7943); an account frozen as such stays frozen.
    function _take(address account, uint256 amount) internal {
        if (account == address(0)) revert ERC20InvalidSender(account);
        Account source = _openToCompliance(account);
        uint256 held = source.balance();
        if (amount > held) revert ERC20InsufficientBalance(account, held, amount);
        uint256 free = source.unfrozen();
        if (amount > free && !source.isFrozen()) {
            _setFrozen(account, source.frozen() - (amount - free));
        }
        _debit(account, amount);
    }

    /// @dev Lowers a balance, whatever is frozen of it.
    function _debit(address account, uint256 amount) internal {
        RegulatedERC20Storage storage $ = _regulated();
        uint256 held = $.accounts[account].balance();
        if (amount > held) revert ERC20InsufficientBalance(account, held, amount);
        $.accounts[account] = $.accounts[account].withBalance(held - amount);
    }

    function _setFrozen(address account, uint256 amount) internal {
        if (account == address(0)) revert ERC20InvalidSender(account);
        RegulatedERC20Storage storage $ = _regulated();
        $.accounts[account] = $.accounts[account].withFrozen(amount.toUint128());
        emit Frozen(account, amount);
    }

    function _recordCase(bytes32 caseId, address account, uint256 amount) internal {
        if (caseId == bytes32(0)) revert CaseIdRequired();
        emit CaseActed(caseId, account, msg.sender, msg.sig, amount);
    }

    /// @dev The account, unless it is the market's: escrow moves by the market's rules alone.
    function _openToCompliance(address account) private view returns (Account stored) {
        stored = _regulated().accounts[account];
        if (stored.isEscrow()) revert EscrowIsProtected(account);
    }

    /// @dev For good: nothing takes the mark away.
    function _markEscrow(address account) internal {
        RegulatedERC20Storage storage $ = _regulated();
        $.accounts[account] = $.accounts[account].asEscrow();
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _regulated() internal pure returns (RegulatedERC20Storage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
