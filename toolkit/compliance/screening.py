"""Screening as compliance runs it: a list comes in, and everybody is looked at.

`Screener` is what the desk asks of a screener; `ListScreener` answers from list files. A provider of chain
analytics stands behind the same three questions. What was found is for compliance alone to read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from toolkit.compliance.lists import ListFile
from toolkit.errors import ConfigurationError, InvalidInput, Refused, ToolkitError
from toolkit.ledger.alerts import Alert, Severity

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.ledger.screening import ScreeningRun

__all__ = ["Adoption", "ListScreener", "Screener"]

Freeze = Callable[[str], object]
"""What freezes a wallet on chain: `desk.freeze`, on the guardian's own lane."""


class Screener(Protocol):
    """Whoever can say of wallets and investors' references whether they are on a list.

    A screener that can't say raises `ScreeningImpossible`: no answer never means clear (R-AML-10).
    """

    def versions(self) -> Mapping[str, str]:
        """By name, the versions of what it screens against."""
        ...

    def matching(self, values: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Those of the wallets and references that are listed, each with where."""
        ...

    def screen(self, *, by: str | None = None) -> ScreeningRun:
        """Looks at every wallet, investor and open order of the ledger, and acts on what it finds."""
        ...


@dataclass(frozen=True, slots=True)
class Adoption:
    """A list that was taken in, and the run over everybody that followed.

    `frozen` are the wallets of listed investors that were frozen on chain, `unfrozen` those that couldn't be,
    with the reason: a freeze that failed is tried again by the officer, and nothing else waits for it.
    """

    record: LedgerRecord
    run: ScreeningRun
    frozen: tuple[str, ...]
    unfrozen: Mapping[str, ToolkitError]


class ListScreener:
    """Screening against list files, over one ledger.

    `freeze` is called for each proven wallet of an investor who is listed newly; None leaves the chain to the
    officer's case. `worker` is the person by whom hits are put on record, an `OPERATOR` of the ledger: what
    the machine finds is no person's decision.
    """

    def __init__(self, ledger: Ledger, *, freeze: Freeze | None = None, worker: str = "desk-worker") -> None:
        self._ledger = ledger
        self._freeze = freeze
        self._worker = worker

    def versions(self) -> Mapping[str, str]:
        """See `Screener`. Raises ScreeningImpossible."""
        return {item.list: item.version for item in self._ledger.lists.require_current()}

    def matching(self, values: Collection[str]) -> Mapping[str, Sequence[str]]:
        """See `Screener`. Raises ScreeningImpossible."""
        self._ledger.lists.require_current()
        return self._ledger.lists.matching(values)

    def screen(self, *, by: str | None = None) -> ScreeningRun:
        """See `Screener`. `by`, of compliance, lets go on what had only waited for a list."""
        return self._ledger.screening.screen_all(actor=self._worker, resumed_by=by)

    def adopt(
        self,
        content: bytes,
        *,
        by: str,
        name: str | None = None,
        version: str | None = None,
        dated: date | datetime | None = None,
        sha256: str | None = None,
    ) -> Adoption:
        """Takes a list file in and screens everybody against it, both or neither: there is no instant at
        which the list is in force and an order that it names is still open.

        A file that is refused leaves the version in force, and an alert. Raises ListMalformed, ListTruncated,
        ListOutdated, ListConflict, InvalidInput, NotAuthorised.
        """
        try:
            file = ListFile.read(content, name=name, version=version, dated=dated, sha256=sha256)
            with self._ledger.transaction() as tx:
                tx.screening.lock_open_orders()
                record = tx.lists.adopt(
                    file.name, file.version, dated=file.dated, entries=file.entries, source=file.source, by=by
                )
                before = {item.id for item in tx.screening.hits()}
                run = tx.screening.screen_all(actor=self._worker, resumed_by=by)
        except (InvalidInput, Refused) as error:
            self._alarm(content, error)
            raise
        listed = {hit.investor for hit in run.hits if not hit.released and hit.record not in before}
        frozen, unfrozen = self._freeze_all(sorted(listed))
        return Adoption(record, run, frozen, unfrozen)

    def _freeze_all(self, investors: Sequence[str]) -> tuple[tuple[str, ...], Mapping[str, ToolkitError]]:
        if self._freeze is None:
            return (), {}
        frozen, unfrozen = [], {}
        for investor in investors:
            for wallet in self._ledger.investors.wallets(investor):
                try:
                    self._freeze(wallet.address)
                except ConfigurationError:
                    raise  # no key was given: nothing could be frozen at all
                except ToolkitError as error:
                    unfrozen[wallet.address] = error
                else:
                    frozen.append(wallet.address)
        return tuple(frozen), unfrozen

    def _alarm(self, content: bytes, error: ToolkitError) -> None:
        digest = hashlib.sha256(content).hexdigest()
        alert = Alert(
            "list_refused",
            digest,
            Severity.HIGH,
            f"a list file was refused, and what is in force stays: {error.message}",
            {"sha256": digest, "code": error.code},
        )
        self._ledger.alerts.open([alert], actor=self._worker)
