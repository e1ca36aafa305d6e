"""A file's certificates into the library, and from there among what is trusted."""

from dataclasses import dataclass
from pathlib import Path

from ostiary.cli.answers import Wish, to_json
from ostiary.cli.asking import Asker
from ostiary.cli.options import components_named, content_of, told_unreadable
from ostiary.cli.showing import say, tell
from ostiary.cli.uploading import read_upload
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.management.sights import ChangeView
from ostiary.management.views import ComponentView, VersionView
from ostiary.x509.errors import UnreadableError


class NoCertificates(WrongUse):
    """A file holds nothing that could be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How files are to be put in."""

    name: str | None
    description: str
    password: str | None
    library_only: bool
    """Trust nothing."""
    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of one file."""

    file: Path
    name: str
    change: ChangeView | None
    """None: it is there already."""
    library_only: bool

    def json(self) -> dict[str, object]:
        """For scripts."""
        change = to_json(ChangeView | None, self.change)
        return {"file": str(self.file), "name": self.name, "change": change}

    def tell(self, asker: Asker) -> None:
        """For people."""
        if self.change is None:
            say(f"{self.name}: nothing to do, it is there already")
        elif self.library_only:
            _tell_upload(self.change, self.name)
        else:
            tell(asker, self.change, "trusted", about=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlaced:
    """A file that was left out, and why."""

    file: Path
    why: OstiaryError

    def json(self) -> dict[str, object]:
        """For scripts."""
        return {"file": str(self.file), "change": None, "error": str(self.why)}

    def tell(self, _asker: Asker) -> None:
        """For people."""
        say(f"{str(self.file)!r}: not added: {self.why}", "red")


def _tell_upload(done: ChangeView, name: str) -> None:
    """What came of an upload."""
    for warning in done.warnings:
        say(f"warning: {warning}", "yellow")
    say(f"{name}: in the library" if done.applied else f"{name}: would go into the library")


def put_file(asker: Asker, file: Path, put: Put) -> Placed | NotPlaced:
    """Put one file in, and trust it if that is wanted: both or neither."""
    try:
        return _put_file(asker, file, put)
    except WrongUse as error:
        return NotPlaced(file=file, why=error)


def _put_file(asker: Asker, file: Path, put: Put) -> Placed:
    content = content_of(file)
    shown = _read(content, put.password)
    name = put.name if put.name is not None else file.stem
    found = next(iter(components_named(asker.gateway, name)), None)
    same = _same(asker, found, shown) if found else None
    there = same is not None and (same.trusted or put.library_only)
    return Placed(
        file=file,
        name=name,
        change=None if there else _put(asker, found, name, content, put),
        library_only=put.library_only,
    )


def _read(content: bytes, password: str | None) -> tuple[bytes, ...]:
    """The DER of each certificate, in order. Raises NoCertificates."""
    try:
        return tuple(one.der for one in read_upload(content, password))
    except UnreadableError as error:
        raise NoCertificates(told_unreadable(error)) from error


def _same(asker: Asker, found: ComponentView, shown: tuple[bytes, ...]) -> VersionView | None:
    """The component's newest version, if it holds just these."""
    if found.newest is None or found.newest.certificates != len(shown):
        return None
    path = f"/library/{found.id}/versions/{found.newest.number}/pem"
    there = read_upload(asker.gateway.read_text(path).encode(), None)
    return found.newest if tuple(one.der for one in there) == shown else None


def _put(
    asker: Asker, found: ComponentView | None, name: str, content: bytes, put: Put
) -> ChangeView:
    fields = {"name": name, "description": put.description}
    path = "/library" if put.library_only else "/trusted/upload"
    if put.library_only and found is not None:
        fields, path = {}, f"/library/{found.id}/versions"
    if put.password is not None:
        fields["password"] = put.password
    return asker.gateway.send_form(path, put.wish, content, fields)
