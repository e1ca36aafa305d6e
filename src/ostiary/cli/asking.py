"""How commands find the gateway: the options they share, and whom they speak to.

The running gateway on this host by its socket; another one by ``--url``; a stopped one on its data
folder.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate

import typer

from ostiary.cli.answers import Refusal, Speaker
from ostiary.cli.reaching import Reach, reached
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile, StateFolder, state_folder
from ostiary.cli.splicing import spliced
from ostiary.cli.tables import AsJson, refusals
from ostiary.kernel.errors import OstiaryError

AdminUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="OSTIARY_ADMIN_URL",
        metavar="URL",
        help="Admin listener of a gateway elsewhere, as https://gateway.example:9876.",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="File with a token for --url; OSTIARY_ADMIN_TOKEN may hold the token itself.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        envvar="OSTIARY_ADMIN_CA",
        help="Authorities that --url is verified with, PEM; else those of this host.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What a command gets: the gateway, and how the answer is wanted."""

    gateway: Speaker
    as_json: bool
    running: bool
    """False: the gateway is stopped, and its data folder answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a command would get to the gateway, should it need it."""

    reach: Reach
    as_json: bool

    @contextmanager
    def asker(self) -> Iterator[Asker]:
        """The gateway. Raises OstiaryError."""
        with reached(self.reach) as (gateway, running):
            yield Asker(gateway=gateway, as_json=self.as_json, running=running)


def asks(work: Callable[Concatenate[Asker, ...], None]) -> Callable[..., None]:
    """Make a command of a function whose first argument is an Asker: the command has, in its
    place, the options by which the gateway is found, and ``--json``."""

    def asking(way: Way, **given: Any) -> None:
        with way.asker() as asker:
            work(asker, **given)

    return _command(asking, work)


def may_ask(work: Callable[Concatenate[Way, ...], None]) -> Callable[..., None]:
    """The same for a function that decides by itself whether it needs the gateway."""
    return _command(work, work)


def _command(does: Callable[..., None], told_by: Callable[..., None]) -> Callable[..., None]:
    def command(**given: Any) -> None:
        config, state = given.pop("config"), given.pop("state")
        reach = Reach(
            config=config,
            state=state_folder(config, state),
            url=given.pop("url"),
            token_file=given.pop("token_file"),
            ca_file=given.pop("ca_file"),
        )
        as_json = given.pop("as_json")
        with refusals(as_json=as_json, more=_more):
            does(Way(reach=reach, as_json=as_json), **given)

    return spliced(command, told_by, _shared)


def _shared(
    *,
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    url: AdminUrl = None,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Carries the options that all commands share."""


def _more(error: OstiaryError) -> Mapping[str, object]:
    return {"problem": dict(error.problem)} if isinstance(error, Refusal) else {}
