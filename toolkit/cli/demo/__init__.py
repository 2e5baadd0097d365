"""`issuance demo`: the main job of the toolkit on a local chain, start to end."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from toolkit.errors import ConfigurationError

if TYPE_CHECKING:
    from toolkit.cli.output import Output

__all__ = ["run_demo"]

_KEPT = ("record.json", "fund.json", "desk.db", "desk.db-wal", "desk.db-shm")
_UNFINISHED = "demo-is-unfinished"


def run_demo(output: Output, keep: Path | None = None) -> None:
    """Play every act; `keep` is a folder for the record and the ledger that must not hold earlier ones.

    What a demo left there that was killed is no use without its node, which ended with it: it begins anew.

    Raises ConfigurationError outside a checkout or for such a folder, InvalidInput for one that can't be
    made, DemoFailed when an act does not go as it has to, and whatever an act raises.
    """
    from toolkit.cli.demo.play import Play
    from toolkit.cli.files import make_folder

    inputs = _inputs()
    if keep is not None:
        left = [keep / name for name in _KEPT if (keep / name).exists()]
        unfinished = keep / _UNFINISHED
        if left and not unfinished.exists():
            raise ConfigurationError(f"{keep} holds an earlier demo: name an empty folder")
        make_folder(keep)
        unfinished.touch()
        for path in left:
            path.unlink()
        Play(output, inputs, keep).run()
        unfinished.unlink()
        return
    with TemporaryDirectory(prefix="issuance-demo-") as folder:
        Play(output, inputs, Path(folder)).run()


def _inputs() -> Path:
    """The checkout's `deployments` folder."""
    for start in (Path.cwd(), Path(__file__).resolve().parents[3]):
        for folder in (start, *start.parents):
            if (folder / "deployments" / "demo" / "mint-orders.csv").is_file():
                return folder / "deployments"
    raise ConfigurationError(
        "the demo's inputs (deployments/terms, reports, demo) were not found: run it in a checkout of the "
        "project"
    )
