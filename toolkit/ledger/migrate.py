"""Bringing a database to the schema of this version. The migrations travel inside the package.

Alembic takes as long to import as all of the ledger; it is, where a schema is made or changed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.errors import LedgerError
from toolkit.ledger.errors import LedgerTooNew, LedgerTooOld

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["current_revision", "head_revision", "prepare", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    # Config reads % as an interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def _revisions() -> list[str]:
    """Each file is named after its revision, one following the other."""
    return sorted(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("r[0-9][0-9][0-9][0-9]_*.py"))


def head_revision() -> str:
    """The revision this version of the toolkit works with."""
    return _revisions()[-1]


def current_revision(connection: Connection) -> str | None:
    """The revision of the database, or None if no migration ever ran there."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def upgrade(connection: Connection) -> None:
    """Runs the missing migrations inside the caller's transaction."""
    from alembic import command

    command.upgrade(_config(connection), "head")


def prepare(connection: Connection) -> None:
    """Makes the tables in an empty database; refuses one that this version can't serve.

    Raises `LedgerTooNew`, `LedgerTooOld`, or `LedgerError` for a database that isn't a ledger.
    """
    current, wanted = current_revision(connection), head_revision()
    if current is None and connection.dialect.name == "postgresql":
        # Two who open an empty database at once: the second waits, and finds the tables.
        key = sa.func.hashtextextended("ledger-migration", 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        current = current_revision(connection)
    if current == wanted:
        return
    if current is None:
        tables = sa.inspect(connection).get_table_names()
        if tables:
            raise LedgerError(
                f"the database holds {len(tables)} tables but no ledger (e.g. {min(tables)}): "
                "give the ledger a database of its own"
            )
        upgrade(connection)
        return
    if current in _revisions():
        raise LedgerTooOld(
            f"the ledger's schema is {current}, this version needs {wanted}: "
            "back the database up, then run Ledger.migrate(url)",
            current=current,
            wanted=wanted,
        )
    raise LedgerTooNew(
        f"the ledger's schema is {current}, which this version doesn't know (it knows {wanted}): "
        "install the version of issuance-toolkit that wrote it, or a later one",
        current=current,
        wanted=wanted,
    )
