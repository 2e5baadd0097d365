"""Mint orders from a CSV file: every line becomes an order or an error, and importing again adds none."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, LedgerError, NodeError, ToolkitError
from toolkit.ledger.errors import NotFound
from toolkit.ledger.ledger import Ledger
from toolkit.ledger.records import MintOrder

__all__ = ["COLUMNS", "ImportReport", "RowError", "import_orders"]

COLUMNS = ("client_order_id", "investor", "wallet", "amount")


@dataclass(frozen=True, slots=True)
class RowError:
    """A line that became no order. `line` counts from 1, the header included."""

    line: int
    client_order_id: str
    error: ToolkitError


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`orders` in the file's sequence, new ones and those that were known, and what was refused."""

    orders: tuple[MintOrder, ...]
    errors: tuple[RowError, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "orders": [order.id for order in self.orders],
            "errors": [
                {"line": item.line, "client_order_id": item.client_order_id, "error": item.error.to_json()}
                for item in self.errors
            ],
        }


def import_orders(
    path: str | Path, ledger: Ledger, request: Callable[[str, str, str, str], MintOrder]
) -> ImportReport:
    """Requests every line of the file by `request(investor, amount, wallet, idempotency_key)`.

    Columns `client_order_id,investor,wallet,amount`; the investor is a reference or an unambiguous label.
    A line that is refused is reported and the others go on; NodeError and LedgerError end the import,
    which may be run again. Raises InvalidInput for a file that can't be read or lacks a column.
    """
    orders: list[MintOrder] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for line, row in _rows(Path(path)):
        key = row.get("client_order_id") or ""
        try:
            _check(row, key, seen)
            seen[key] = line
            investor = _reference(ledger, row["investor"])
            orders.append(request(investor, row["amount"], row["wallet"], key))
        except (NodeError, LedgerError):
            raise
        except ToolkitError as error:
            errors.append(RowError(line, key, error))
    return ImportReport(tuple(orders), tuple(errors))


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            absent = set(COLUMNS) - set(reader.fieldnames or ())
            if absent:
                raise InvalidInput(
                    f"{path.name} lacks the columns {', '.join(sorted(absent))}: its first line must name "
                    f"{','.join(COLUMNS)}"
                )
            return [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise InvalidInput(f"{path.name} can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path.name} is no CSV file in UTF-8 ({error}): export it again") from error


def _check(row: dict[str, Any], key: str, seen: dict[str, int]) -> None:
    empty = [name for name in COLUMNS if not row.get(name)]
    if empty or None in row:
        raise InvalidInput(
            f"the line lacks {', '.join(empty)}" if empty else "the line has more fields than the header"
        )
    if key in seen:
        raise InvalidInput(
            f"client_order_id {key!r} stands on line {seen[key]} already: each order has its own",
            client_order_id=key,
        )


def _reference(ledger: Ledger, name: str) -> str:
    if name.startswith("0x"):
        return name
    found = [investor.reference for investor in ledger.investors.all() if investor.label == name]
    if len(found) != 1:
        known = "no investor has" if not found else f"{len(found)} investors have"
        raise NotFound(f"{known} the label {name!r}: give the reference (0x...)", label=name)
    return found[0]
