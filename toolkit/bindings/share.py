"""A fund's share class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.fund_structs import CountryRule, Restriction, SharePolicy
from toolkit.bindings.regulated_token import RegulatedToken
from toolkit.errors import ContractReverted

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["FundShare"]


class FundShare(RegulatedToken):
    """`contracts/token/FundShare.sol`, amounts in base units. An investor is the registry's 16 bytes."""

    artifact = "FundShare"

    # -------------------------------------------------------------------------------------- what the class is

    def registry(self, *, block: BlockRef = "latest") -> str:
        return self._address("registry", block=block)

    def policy(self, *, block: BlockRef = "latest") -> SharePolicy:
        """The terms that movements are held against."""
        return SharePolicy(*self._read("policy", block=block).values())

    def admits_country(self, country: int, *, block: BlockRef = "latest") -> bool:
        """Whether investors of the country (ISO 3166-1 numeric) may hold the class."""
        return self._bool("isCountryAdmitted", country, block=block)

    def vault(self, asset: str, *, block: BlockRef = "latest") -> str:
        """The vault that deals against `asset`; the zero address without one."""
        return self._address("vault", asset, block=block)

    def is_vault(self, account: str, *, block: BlockRef = "latest") -> bool:
        """Whether the account may issue and collect shares."""
        return self._bool("isVault", account, block=block)

    # --------------------------------------------------------------------------------------------- investors

    def investor_of(self, account: str, *, block: BlockRef = "latest") -> bytes:
        """Whose wallet the account is; zeros for one that never was registered."""
        return self._bytes("investorOf", account, block=block)

    def holding_of(self, investor: bytes, *, block: BlockRef = "latest") -> int:
        """What all wallets of the investor hold; 0 where holdings are not counted by investor."""
        return self._int("holdingOf", investor, block=block)

    def locked_until(self, investor: bytes, *, block: BlockRef = "latest") -> int:
        """The first second (Unix time) in which the investor's shares are free; 0 if they always were."""
        return self._int("lockedUntil", investor, block=block)

    def holders(self, *, block: BlockRef = "latest") -> int:
        """How many investors hold shares; 0 where holdings are not counted by investor."""
        return self._int("holders", block=block)

    # -------------------------------------------------------------------------------------- what would refuse

    def transfer_restriction(
        self, sender: str, to: str, amount: int, *, block: BlockRef = "latest"
    ) -> Restriction:
        """ERC-1404: the first rule that refuses the transfer; a plain shortage of balance is no rule."""
        return Restriction(self._int("detectTransferRestriction", sender, to, amount, block=block))

    def restriction_text(self, restriction: Restriction, *, block: BlockRef = "latest") -> str:
        """ERC-1404: the restriction in words."""
        return self._text("messageForTransferRestriction", int(restriction), block=block)

    def require_subscriber(self, account: str, *, block: BlockRef = "latest") -> bytes:
        """The investor whose wallet it is. Raises the error of the rule that keeps it from subscribing."""
        return self._bytes("requireSubscriber", account, block=block)

    def explain_subscription(
        self, account: str, amount: int, *, block: BlockRef = "latest"
    ) -> ContractReverted | None:
        """What would refuse delivering `amount` to the account now, as the error; None when nothing would."""
        return self._refusal("restrictionOnSubscription", account, amount, block)

    def explain_redemption(
        self, owner: str, amount: int, *, block: BlockRef = "latest"
    ) -> ContractReverted | None:
        """What would refuse collecting `amount` from the owner now, apart from a plain shortage."""
        return self._refusal("restrictionOnRedemption", owner, amount, block)

    # ---------------------------------------------------------------------------------------------- governing

    def set_policy(self, policy: SharePolicy) -> Call:
        return self._write("setPolicy", policy, description="set the share's policy")

    def set_countries(self, rule: CountryRule, countries: Sequence[int]) -> Call:
        """Sets the admitted countries (ISO 3166-1 numeric), all of them anew."""
        return self._write(
            "setCountries", int(rule), list(countries), description=f"set {len(countries)} countries"
        )

    def set_vault(self, asset: str, vault: str) -> Call:
        """Names the vault that deals against `asset`; the zero address for none."""
        return self._write("setVault", asset, vault, description=f"set the vault to {vault}")

    def _refusal(self, view: str, account: str, amount: int, block: BlockRef) -> ContractReverted | None:
        code, refusal = self._read(view, account, amount, block=block)
        return self.client.reverts.decode(refusal) if code else None
