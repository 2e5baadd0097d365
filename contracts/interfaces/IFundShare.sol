// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRegulatedERC20} from "./IRegulatedERC20.sol";

/// @notice Why a movement of shares is refused; its number is the ERC-1404 code, and 0 allows.
/// @dev The numbers are published: new reasons are added at the end.
enum Restriction {
    None,
    Paused,
    SenderFrozen,
    ReceiverFrozen,
    AmountFrozen,
    SenderNotVerified,
    ReceiverNotVerified,
    ClassNotAdmitted,
    CountryNotAdmitted,
    PrimaryOnly,
    LockedUp,
    AboveMaximum,
    BelowMinimum,
    TooManyHolders,
    ReceiverIsVault
}

/// @notice How a list of countries is meant.
enum CountryRule {
    OnlyListed,
    AllButListed
}

/// @notice The terms of a share class that movements are held against; one storage slot.
/// @param maxHolding Most that one investor may hold over all its wallets, in base units, never 0; `type(uint96).max`
/// where the class has no such limit.
/// @param minHolding Least that a transfer between investors may leave either of them with, unless it leaves nothing,
/// in base units; 0 for none. Redemption is exempt, so that no remainder is trapped.
/// @param maxHolders Most investors that may hold shares at once, never 0; `type(uint24).max` where the class has no such
/// limit.
/// @param lockUpDays Days, of 86,400 seconds, in which neither redemption nor a transfer to another investor takes shares
/// from who subscribed.
/// @param classes Bit n admits `InvestorClass(n)`. Zero admits nobody.
/// @param primaryOnly No transfers between investors: shares are subscribed and redeemed, and that is all.
/// @param investorAccounts Whether holdings are added up by investor. Limits, lock-ups and the holder count need it. It
/// changes only while there are no shares.
struct SharePolicy {
    uint96 maxHolding;
    uint96 minHolding;
    uint24 maxHolders;
    uint16 lockUpDays;
    uint8 classes;
    bool primaryOnly;
    bool investorAccounts;
}

/// @title ERC-1404
/// @notice Interface id 0xab84a5c8.
interface IERC1404 {
    /// @notice The code of the first rule that refuses `from` sending `value` to `to` now; 0 when none does.
    function detectTransferRestriction(address from, address to, uint256 value) external view returns (uint8);

    /// @notice The code in words.
    function messageForTransferRestriction(uint8 restrictionCode) external view returns (string memory);
}

/// @title ERC-7575, the share's side
/// @notice Interface id 0xf815c03d.
interface IERC7575Share {
    /// @notice `vault` now deals in the share against `asset`.
    event VaultUpdate(address indexed asset, address vault);

    /// @notice The vault that deals in the share against `asset`; zero without one.
    function vault(address asset) external view returns (address);
}

/// @title IFundShare
/// @notice One share class of a fund: a regulated token whose every movement passes the class's transfer policy.
/// @dev What vaults are for. A vault is a contract that `setVault` marked. Its own account is escrow: compliance can't
/// freeze or take it, it is no investor, and nobody can send shares to it but through `collect`. Per-investor figures
/// count what investors' wallets hold, so not what a vault holds for them.
///
/// A vault answers for whom it acts: `collect` takes from any owner, `deliver` starts a lock-up and `giveBack` skips the
/// policy. So it deals for a controller only with the controller's own consent or that of its operator.
interface IFundShare is IRegulatedERC20, IERC1404, IERC7575Share {
    event PolicyChanged(SharePolicy policy, address indexed actor);
    event CountriesChanged(CountryRule rule, uint16[] countries, address indexed actor);

    /// @notice Who named or replaced a vault; `VaultUpdate` stands before it. `vault` zero: the asset has none any more.
    event VaultChanged(address indexed asset, address indexed vault, address indexed actor);

    /// @notice The investor's lock-up now ends at `lockedUntil` (Unix time, the first second that is free).
    event LockUpExtended(bytes16 indexed investor, uint40 lockedUntil);

    /// @notice Only a vault may issue and collect. A replaced one may still retire, deliver and give back.
    error CallerIsNotVault(address caller);

    /// @notice The contract does not name this share and this asset as its own (ERC-7575).
    error VaultMismatch(address vault, address asset);

    /// @notice The vault takes requests, or has some that wait for their price; replaced, it could not settle them.
    error VaultInUse(address vault);

    /// @notice An address without code where a contract is needed.
    error NotAContract(address account);

    /// @notice Limits, lock-up and holder count need `investorAccounts`.
    error InvestorAccountsNeeded();

    /// @notice Investors' holdings can't be counted from the middle: there are shares.
    error InvestorAccountsAreFixed(uint256 totalSupply);

    /// @notice A class that there is not, a limit of zero, or a minimum above the maximum.
    error InvalidPolicy();

    /// @notice No ISO 3166-1 numeric code: 1 to 999.
    error InvalidCountry(uint16 country);

    error LengthMismatch(uint256 left, uint256 right);

    /// @notice The shares can't have been dealt after now.
    error DealtInFuture(uint40 dealtAt);

    /// @notice The class of `account` (`InvestorClass` as a number) is not admitted.
    error ClassNotAdmitted(address account, uint8 class);

    /// @notice The country of `account` (ISO 3166-1 numeric) is not admitted.
    error CountryNotAdmitted(address account, uint16 country);

    /// @notice Shares of this class don't pass between investors.
    error TransfersClosed(address from, address to);

    /// @notice Neither redemption nor a transfer to another investor before `lockedUntil`.
    error LockedUp(bytes16 investor, uint256 lockedUntil);

    /// @notice The investor would hold more than `maximum`.
    error HoldingAboveMaximum(bytes16 investor, uint256 holding, uint256 maximum);

    /// @notice The investor would keep something, but less than `minimum`.
    error HoldingBelowMinimum(bytes16 investor, uint256 holding, uint256 minimum);

    /// @notice One more holder than there may be.
    error HolderLimitReached(uint256 maximum);

    // ------------------------------------------------------------------------------------------------ vaults

    /// @notice Creates `amount` shares on the calling vault's own account. Not while paused. Only a vault.
    function issue(uint256 amount) external;

    /// @notice Destroys `amount` shares of the calling vault's own account, also while paused. Only a vault, also one that
    /// was replaced.
    function retire(uint256 amount) external;

    /// @notice Takes `amount` shares from `owner` to the calling vault. Needs no verification, for nobody is kept from
    /// redeeming; obeys pause, freezes and lock-up. Only a vault.
    /// @param spender On whose word. If it is not `owner`, its ERC-20 allowance is used up and it must not be frozen; for
    /// an ERC-7540 operator of the owner the vault passes `owner`.
    function collect(address owner, address spender, uint256 amount) external;

    /// @notice Hands `amount` of the calling vault's shares to the investor who subscribed for them. Passes the policy:
    /// class, country, verification, maximum, holder count. Obeys pause and freeze. Only a vault, also a replaced one.
    /// @param dealtAt When the shares were dealt (Unix time): the lock-up runs from there, however late they are
    /// delivered. No later than now.
    function deliver(address to, uint256 amount, uint40 dealtAt) external;

    /// @notice The same for many, `amounts[i]` to `accounts[i]`, each by itself: who is refused is left out, and the
    /// shares stay with the vault. Reverts as a whole only when paused, for want of shares, or on `LengthMismatch` or `DealtInFuture`.
    /// @return refused For each, 0 when delivered, else the ERC-1404 code. `restrictionOnSubscription` has the error.
    function deliver(address[] calldata accounts, uint256[] calldata amounts, uint40 dealtAt)
        external
        returns (uint8[] memory refused);

    /// @notice Hands back shares that `collect` took from `to` and that were not redeemed. Its own shares: no class,
    /// country or verification is asked and no lock-up starts; pause, freeze, maximum and holder count are obeyed. Only a
    /// vault, also a replaced one.
    function giveBack(address to, uint256 amount) external;

    /// @notice Reverts if `amount` more for the investor of `account` would now pass the maximum or the holder count.
    function requireRoom(address account, uint256 amount) external view;

    /// @notice Reverts, with the error of the first rule that refuses, unless `account` may subscribe now: not paused, not
    /// frozen, verified, class and country admitted. What depends on the amount is asked on delivery.
    /// @return investor Whose wallet it is.
    function requireSubscriber(address account) external view returns (bytes16 investor);

    /// @notice What would refuse delivering `amount` to `account` now. Never reverts.
    /// @return code ERC-1404 code, 0 when nothing does.
    /// @return refusal The custom error that `deliver` would revert with, encoded; empty when nothing refuses.
    function restrictionOnSubscription(address account, uint256 amount)
        external
        view
        returns (uint8 code, bytes memory refusal);

    /// @notice What would refuse collecting `amount` from `owner` now, apart from a plain shortage. Never reverts.
    /// @return code ERC-1404 code, 0 when nothing does.
    /// @return refusal The custom error that `collect` would revert with, encoded; empty when nothing refuses.
    function restrictionOnRedemption(address owner, uint256 amount)
        external
        view
        returns (uint8 code, bytes memory refusal);

    // ---------------------------------------------------------------------------------------------- governance

    /// @notice Sets the terms that movements are held against. Who holds already keeps what it holds. Only `GOVERNOR`.
    function setPolicy(SharePolicy calldata policy) external;

    /// @notice Sets the countries whose residents may hold, all of them anew. Until then none. Only `GOVERNOR`.
    /// @param countries ISO 3166-1 numeric.
    function setCountries(CountryRule rule, uint16[] calldata countries) external;

    /// @notice Names the vault that deals against `asset`, or with zero takes the present one's right to issue and
    /// collect: when its calendar has run out and no request waits for its price (`isIdle`). What a replaced vault holds it
    /// may still deliver, give back and retire. Only `GOVERNOR`.
    function setVault(address asset, address vault_) external;

    // ------------------------------------------------------------------------------------------------ views

    function registry() external view returns (address);
    function policy() external view returns (SharePolicy memory);
    function isCountryAdmitted(uint16 country) external view returns (bool);

    /// @notice Whether `account` may issue and collect.
    function isVault(address account) external view returns (bool);

    /// @notice Whose wallet `account` is; zero for a wallet that never was registered.
    function investorOf(address account) external view returns (bytes16);

    /// @notice What all wallets of the investor hold together; 0 without `investorAccounts`.
    function holdingOf(bytes16 investor) external view returns (uint256);

    /// @notice The first second (Unix time) in which the investor's shares are free; 0 if it never was locked up.
    function lockedUntil(bytes16 investor) external view returns (uint256);

    /// @notice How many investors hold shares; 0 without `investorAccounts`.
    function holders() external view returns (uint256);
}
