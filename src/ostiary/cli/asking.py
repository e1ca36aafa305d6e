"""How commands find the gateway: the options they share, and whom they speak to.

The running gateway on this host by its socket; another one by ``--url``; a stopped one on its data
folder.
"""

from collections.abc import Callable, Mapping
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


def asks(work: Callable[Concatenate[Asker, ...], None]) -> Callable[..., None]:
    """Make a command of a function whose first argument is an Asker: the command has, in its
    place, the options by which the gateway is found, and ``--json``."""

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
        with refusals(as_json=as_json, more=_more), reached(reach) as (gateway, running):
            work(Asker(gateway=gateway, as_json=as_json, running=running), **given)

    return spliced(command, work, _shared)


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
