"""Options that several commands share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.answers import Speaker, Wish
from ostiary.cli.completing import complete_apis, complete_components, complete_trusted
from ostiary.cli.tables import misuse
from ostiary.cli.uploading import read_upload
from ostiary.kernel.errors import WrongUse
from ostiary.management.views import ComponentView, Page, TrustedView
from ostiary.store.files import FileTrouble, read_bounded
from ostiary.x509.errors import Unreadable, UnreadableError

LARGEST_FILE = 16 * 1024 * 1024

DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Only tell which of the clients seen lately it would touch; change nothing.",
    ),
]
Days = Annotated[
    int,
    typer.Option(min=1, max=3650, help="For --dry-run: look at the clients of so many days."),
]
Search = Annotated[str, typer.Option(metavar="TEXT", help="Only what has this in its names.")]
All = Annotated[int | None, typer.Option(min=1, help="Show at most so many; else all.")]
Most = Annotated[int, typer.Option(min=1, help="Show at most so many.")]
Api = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Of this API instead of the gateway.", autocompletion=complete_apis
    ),
]
ApiName = Annotated[
    str, typer.Argument(metavar="API", help="Name of the API.", autocompletion=complete_apis)
]
Component = Annotated[
    str,
    typer.Argument(
        metavar="COMPONENT", help="Its number, or its name.", autocompletion=complete_components
    ),
]
Trusted = Annotated[
    str,
    typer.Argument(
        metavar="TRUSTED", help="Its number, or its name.", autocompletion=complete_trusted
    ),
]
Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TRUSTED...", help="Their numbers or names.", autocompletion=complete_trusted
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File whose first line is the password of a PKCS#12 file.")
]


class Unclear(WrongUse):
    """A name stands for nothing, or for several things."""


def wish(*, dry_run: bool, days: int) -> Wish:
    """How the change is wanted."""
    return Wish(dry_run=dry_run, days=days)


def content_of(path: Path) -> bytes:
    """What is in a file. Raises FileTrouble as it is: its sentence names the file."""
    try:
        return read_bounded(path, limit=LARGEST_FILE)
    except FileTrouble as error:
        raise Unclear(str(error)) from error


def pem_of(path: Path) -> str:
    """The certificates of a file, whatever its form, as PEM. Raises Unclear."""
    try:
        return b"".join(one.pem for one in read_upload(content_of(path), None)).decode()
    except UnreadableError as error:
        raise Unclear(f"{str(path)!r}: {error}") from error


def told_unreadable(error: UnreadableError) -> str:
    """The sentence, with the way out that the command line has."""
    if error.reason is Unreadable.PASSWORD_NEEDED:
        return f"{error.sentence} (give the file that holds it with --password-file)"
    return str(error)


def upload_of(path: Path, password: str | None) -> tuple[bytes, dict[str, str]]:
    """A file's content and the fields that go with it. Raises Unclear if it can't be read."""
    content = content_of(path)
    try:
        read_upload(content, password)
    except UnreadableError as error:
        raise Unclear(f"{str(path)!r}: {told_unreadable(error)}") from error
    return content, {} if password is None else {"password": password}


def password_of(path: Path | None) -> str | None:
    """The first line of a file."""
    if path is None:
        return None
    try:
        return content_of(path).decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise Unclear(f"{str(path)!r} isn't UTF-8 text") from error


def components_named(gateway: Speaker, name: str) -> list[ComponentView]:
    """Components of exactly this name: one or none."""
    found = gateway.pages(Page[ComponentView], "/library", None, search=name[:200])
    return [one for one in found if one.name == name]


def component_of(gateway: Speaker, given: str) -> int:
    """The number of a component. Raises Unclear."""
    if given.isdecimal():
        return int(given)
    found = components_named(gateway, given)
    if not found:
        raise Unclear(f"the library has no component {given!r} (see: ostiary trust library list)")
    return found[0].id


def trusted_of(gateway: Speaker, given: str) -> int:
    """The number of a trusted certificate. Raises Unclear."""
    if given.isdecimal():
        return int(given)
    found = gateway.pages(Page[TrustedView], "/trusted", None, search=given[:200])
    same = [one for one in found if given in {one.name, one.fingerprint}]
    locked = next((one.locked_by for one in same if one.id is None), None)
    numbers = [one.id for one in same if one.id is not None]
    if len(numbers) == 1:
        return numbers[0]
    if numbers:
        raise Unclear(f"{given!r} is trusted in several versions: name one of {numbers}")
    if locked is not None:
        raise Unclear(f"{given!r} is set by {locked} (change it there)")
    raise Unclear(f"no trusted certificate is called {given!r} (see: ostiary trust list)")


def moment(text: str | None, option: str, *, ahead: bool = False) -> str | None:
    """A time as the API takes it: ISO 8601, or so many days (``30d``) back, or ahead."""
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    if unit == "d" and number.isdecimal() and len(number) <= 5:
        away = timedelta(days=int(number))
        now = datetime.now(UTC)
        try:
            return (now + away if ahead else now - away).isoformat()
        except OverflowError as error:
            raise misuse(f"{option}: {text!r} is too far away") from error
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise misuse(
            f"{option}: {text!r} is no time (write 2030-01-31T12:00:00Z, 2030-01-31 or 30d)"
        ) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
