"""How commands find the certificate authority of this host, and options they share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Concatenate

import typer
from pydantic import ValidationError

from ostiary.cli.answers import Speaker
from ostiary.cli.asking import AdminUrl, CaFile, TokenFile
from ostiary.cli.options import Unclear
from ostiary.cli.reaching import Reach, reached
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile, StateFolder, state_folder
from ostiary.cli.showing import say
from ostiary.cli.splicing import spliced
from ostiary.cli.tables import AsJson, misuse, refusals
from ostiary.kernel.problems import ConfigRefused
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.house import House
from ostiary.management.authority.profile import Publishing
from ostiary.x509.keys import KeyKind

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        envvar="OSTIARY_CA_PASSPHRASE_FILE",
        help="File whose first line is the passphrase of the authority's keys; else one that was "
        "made with them.",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the files; made if it lacks.")
]
ValidDays = Annotated[
    int | None,
    typer.Option("--days", min=1, help="How long it is valid; else as the profile says."),
]
NewName = Annotated[
    str, typer.Argument(metavar="NAME", help="The common name; the files are called so, too.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND=PATTERN",
        help="Only such names: dn, dns, ip, uri or email, as in dns=*.example; again for more.",
    ),
]
PublishAt = Annotated[
    str | None,
    typer.Option(
        "--publish",
        metavar="URL",
        help="Where the gateway's `pki` listener is reached, as http://pki.example: told in all "
        "that is issued.",
    ),
]


class Key(Enum):
    """Kinds of keys that are made."""

    EC = "ec"
    RSA = "rsa"
    ED25519 = "ed25519"

    @property
    def kind(self) -> KeyKind:
        """As the authority calls it: P-256, RSA with 3072 bits, Ed25519."""
        return KeyKind(self.value)


NewKey = Annotated[Key, typer.Option("--key", help="Kind of key: P-256, RSA 3072 or Ed25519.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a command gets: the authority, and how the answer is wanted."""

    house: House
    as_json: bool


def ca_folder(config: Path, state: Path | None) -> Path:
    """Where the authority is: ``ca`` in the state folder."""
    return state_folder(config, state) / "ca"


def at_home(work: Callable[Concatenate[Home, ...], None]) -> Callable[..., None]:
    """Make a command of a function whose first argument is a Home: the command has, in its place,
    the options by which the authority is found, and ``--json``."""

    def command(**given: Any) -> None:
        folder = ca_folder(given.pop("config"), given.pop("state"))
        passphrase_file, as_json = given.pop("passphrase_file"), given.pop("as_json")
        # The ledger's libraries come with it: only when they are needed.
        from ostiary.wiring.certifying import open_house  # noqa: PLC0415

        with (
            refusals(as_json=as_json, more=why),
            open_house(folder, passphrase_file) as house,
        ):
            work(Home(house=house, as_json=as_json), **given)

    return spliced(command, work, _shared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a new authority is to be, and the gateway beside it."""

    folder: Path
    reach: Reach
    passphrase_file: Path | None
    as_json: bool


@contextmanager
def told_gateway(site: Site) -> Iterator[tuple[Speaker, bool]]:
    """``reached``, with the way out where the configuration names what the authority is to make."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(reached(site.reach))
        except ConfigRefused:
            if not site.as_json:
                say("no gateway can be told; to make the authority before all else: --alone")
            raise
        yield found


def at_site(work: Callable[Concatenate[Site, ...], None]) -> Callable[..., None]:
    """As ``at_home``, for an authority that isn't there yet."""

    def command(**given: Any) -> None:
        config, state = given.pop("config"), given.pop("state")
        as_json = given.pop("as_json")
        site = Site(
            folder=ca_folder(config, state),
            reach=Reach(
                config=config,
                state=state_folder(config, state),
                url=given.pop("url"),
                token_file=given.pop("token_file"),
                ca_file=given.pop("ca_file"),
            ),
            passphrase_file=given.pop("passphrase_file"),
            as_json=as_json,
        )
        with refusals(as_json=as_json, more=why):
            work(site, **given)

    return spliced(command, work, _shared_with_gateway)


def _shared_with_gateway(
    *,
    passphrase_file: PassphraseFile = None,
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    url: AdminUrl = None,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Carries the options by which the gateway is found, too."""


def _shared(
    *,
    passphrase_file: PassphraseFile = None,
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Carries the options that all commands share."""


def why(error: Exception) -> dict[str, object]:
    """The reason of a refusal, for scripts."""
    return {"reason": error.why.value} if isinstance(error, NotIssued) else {}


def publishing_of(url: str | None) -> Publishing:
    """For a new profile. Raises Unclear."""
    try:
        return Publishing(url=url)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise Unclear(f"--publish: {told.removeprefix('Value error, ')}") from error


def pairs(written: list[str] | None, option: str) -> tuple[tuple[str, str], ...]:
    """``KEY=VALUE`` several times."""
    found: list[tuple[str, str]] = []
    for one in written or ():
        key, equals, value = one.partition("=")
        if not equals or not key.strip():
            raise misuse(f"{option}: {one!r} must be written KEY=VALUE")
        found.append((key.strip(), value.strip()))
    return tuple(found)
