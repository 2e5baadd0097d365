"""The end of a coin: an orderly exit, and redemption from a snapshot after a chain was lost."""

from toolkit.reporting.exit.claims import Claims, Totals, claim_signable
from toolkit.reporting.exit.lost_chain import Fork, LostChain
from toolkit.reporting.exit.sharing import Shares, share_out
from toolkit.reporting.exit.snapshot import Holding, SignedSnapshot, Snapshot
from toolkit.reporting.exit.wind_down import Coin, Exit, Market

__all__ = [
    "Claims",
    "Coin",
    "Exit",
    "Fork",
    "Holding",
    "LostChain",
    "Market",
    "Shares",
    "SignedSnapshot",
    "Snapshot",
    "Totals",
    "claim_signable",
    "share_out",
]
