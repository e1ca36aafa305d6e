"""An Express Gateway to come from: its folder, and its admin API while it runs."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.migration.installation import FileText, Installation, Report, report_on
from ostiary.migration.rewriting import Rewritten, rewrite
from ostiary.store.files import FileTrouble, Trouble, read_bounded

_LARGEST_FILE = 16 * 1024 * 1024
_PROJECT = ("server.js", "package.json")
_MODELS = ("users.json", "applications.json", "credentials.json")
# Its lists end early where a page of Redis' SCAN happens to have no consumer on it
# (lib/services/consumers/user.dao.js): all is asked for at once.
_EVERYTHING = 1_000_000_000
_PATIENCE = httpx.Timeout(120.0, connect=10.0)


class NoInstallation(WrongUse):
    """The folder holds no Express Gateway, or one that can't be read."""


class NotAnswered(OstiaryError):
    """The admin API of the Express Gateway does not answer as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An installation on this host."""

    installation: Installation
    config: Path
    """The file of the gateway's configuration."""
    started_in: Path
    """Where its relative file names begin: the folder of the project, as far as can be told."""


def find_installation(folder: Path) -> Found:
    """``folder``: of a project made by ``eg gateway create``, or its ``config``. Raises
    NoInstallation."""
    for config in (folder, folder / "config"):
        for name in ("gateway.config.yml", "gateway.config.json"):
            gateway = _read(config / name)
            if gateway is not None:
                return _found(config.absolute(), config / name, gateway)
    raise NoInstallation(
        f"{str(folder)!r} has neither gateway.config.yml nor gateway.config.json, nor has its "
        "folder config (name the folder that EG_CONFIG_DIR names)"
    )


def _found(folder: Path, path: Path, gateway: FileText) -> Found:
    system = _read(path.parent / "system.config.yml") or _read(path.parent / "system.config.json")
    models = {name: _read(path.parent / "models" / name) for name in _MODELS}
    is_project = any((folder.parent / name).exists() for name in _PROJECT)
    return Found(
        installation=Installation(
            gateway=gateway,
            system=system,
            models={name: model for name, model in models.items() if model is not None},
        ),
        config=path,
        started_in=folder.parent if is_project else folder,
    )


def _read(path: Path) -> FileText | None:
    try:
        content = read_bounded(path, limit=_LARGEST_FILE)
    except FileTrouble as error:
        if error.trouble is Trouble.MISSING:
            return None
        raise NoInstallation(str(error)) from error
    try:
        return FileText(name=str(path), text=content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NoInstallation(f"{str(path)!r} isn't UTF-8 text") from error


def judged(found: Found) -> Report:
    """What is said of it, with the environment as it is now. Raises nothing."""
    return report_on(found.installation, os.environ)


def rewritten(found: Found, report: Report, out: Path, started_in: Path) -> Rewritten:
    """Its configuration for Ostiary, as it stands in the file ``out``. Raises nothing."""
    way = os.path.relpath(started_in.resolve(), out.absolute().parent.resolve())
    gateway = found.installation.gateway
    return rewrite(
        report.configuration,
        gateway.text,
        os.environ,
        source=gateway.name,
        prefix="" if way == "." else f"{way}/",
    )


class ExpressApi:
    """The admin API of an Express Gateway that runs. All raises NotAnswered."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(headers=dict(headers), timeout=_PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def consumers(self) -> tuple[str, tuple[str, ...]]:
        """Users, apps and scopes as a dump, and the ids of users and apps."""
        asked = {"start": "0", "count": str(_EVERYTHING)}
        found: list[Any] = [self._ask("/users", asked), self._ask("/apps", asked)]
        ids = [*_ids(found[0], "users"), *_ids(found[1], "apps")]
        found.append(self._ask("/scopes", {}))
        return "\n".join(map(json.dumps, found)), tuple(ids)

    def credentials(self, consumer: str) -> str:
        """Of one consumer, as a dump."""
        return json.dumps(self._ask(f"/credentials/{consumer}", {}))

    def _ask(self, path: str, query: Mapping[str, str]) -> Any:
        try:
            answer = self._http.get(self._url + path, params=dict(query))
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            why = str(error) or type(error).__name__
            raise NotAnswered(
                f"the admin API of Express Gateway at {self._url!r}: {why.splitlines()[0]}"
            ) from error


def _ids(answer: object, key: str) -> Iterable[str]:
    found = answer.get(key) if isinstance(answer, dict) else None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            yield one["id"]
