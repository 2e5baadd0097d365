"""What every terms file has: the chain it is for, who holds which role, and where it was read from."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, ValidationError

from toolkit.bindings.roles import Role
from toolkit.deployment.fields import Account, Model, Seconds
from toolkit.deployment.reading import read_file, read_toml, refused_by

__all__ = ["ChainTerms", "RoleHolder", "TermsFile"]


class ChainTerms(Model):
    """Where: the chain id, the account that deploys, and the first block worth searching for logs."""

    id: Annotated[int, Field(gt=0)]
    deployer: Account
    first_block: Annotated[int, Field(ge=0)] = 0


class RoleHolder(Model):
    """An account of a role, and how long its calls wait between being scheduled and being made."""

    account: Account
    delay: Seconds = 0


class TermsFile(Model):
    """Terms, resolved and consistent. Made by `load` or `parse`. Raises ConfigurationError."""

    chain: ChainTerms

    _source: tuple[str, str, dict[str, int]] = PrivateAttr(("", "", {}))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The terms in the TOML file at `path`. Raises ConfigurationError."""
        path = Path(path)
        return cls.parse(read_file(path), file=path)

    @classmethod
    def parse(cls, raw: bytes, *, file: str | Path) -> Self:
        """The terms in `raw`, TOML in UTF-8; `file` names it in messages and lies where its paths start."""
        path = Path(file)
        tree = read_toml(raw, path)
        chain = tree.get("chain")
        context: dict[str, Any] = {
            "chain_id": chain.get("id") if isinstance(chain, Mapping) else None,
            "folder": path.parent,
            "dev_accounts": {},
        }
        try:
            terms = cls.model_validate(tree, context=context)
        except ValidationError as error:
            raise refused_by(cls, path, error) from None
        terms._source = (path.name, hashlib.sha256(raw).hexdigest(), context["dev_accounts"])  # noqa: SLF001
        terms._complete(path)  # noqa: SLF001
        return terms

    @property
    def file_name(self) -> str:
        """The terms file's name, without its folder."""
        return self._source[0]

    @property
    def sha256(self) -> str:
        """SHA-256 of the terms file, 64 hexadecimal digits."""
        return self._source[1]

    @property
    def dev_accounts(self) -> dict[str, int]:
        """Address → index of every development account that the terms name."""
        return dict(self._source[2])

    @property
    def first_block(self) -> int:
        """The first block worth searching for logs."""
        return self.chain.first_block

    @property
    @abstractmethod
    def record_name(self) -> str:
        """What the deployment record is called."""

    @abstractmethod
    def holders(self, role: Role) -> tuple[RoleHolder, ...]:
        """The accounts of `role`, none if the terms leave it empty."""

    def _complete(self, path: Path) -> None:
        """What other files add, once this one is read from `path`. Raises ConfigurationError."""
