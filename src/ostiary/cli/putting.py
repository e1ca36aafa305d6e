"""A file's certificates into the library, and from there among what is trusted."""

from dataclasses import dataclass
from pathlib import Path

from ostiary.cli.answers import Wish, to_json
from ostiary.cli.asking import Asker
from ostiary.cli.options import components_named, content_of
from ostiary.cli.showing import say, tell
from ostiary.kernel.errors import WrongUse
from ostiary.management.sights import ChangeView
from ostiary.management.views import ComponentView, Page, TrustedView
from ostiary.x509.errors import UnreadableError
from ostiary.x509.uploads import read_upload


class NoCertificates(WrongUse):
    """A file holds nothing that could be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How files are to be put in."""

    name: str | None
    description: str
    password: str | None
    library_only: bool
    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of one file."""

    file: Path
    name: str
    component: int | None
    """None after a dry run that would have made one."""
    uploaded: ChangeView | None
    """None: the newest version is the same."""
    trusted: ChangeView | None
    """None: trusted already, or not wanted."""
    wanted: Put

    def json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "file": str(self.file),
            "name": self.name,
            "component": self.component,
            "uploaded": to_json(ChangeView | None, self.uploaded),
            "trusted": to_json(ChangeView | None, self.trusted),
        }

    def tell(self, asker: Asker) -> None:
        """For people."""
        if self.uploaded is not None:
            tell_upload(self.uploaded, self.name)
        if self.trusted is not None:
            tell(asker, self.trusted, f"{self.name}: trusted")
        elif self.uploaded is None:
            say(f"{self.name}: nothing to do, it is there already")
        elif self.wanted.wish.dry_run and not self.wanted.library_only:
            say(
                "what trusting it would do can be seen when it is in the library: "
                "add it with --library-only, then use --dry-run again"
            )


def tell_upload(done: ChangeView, name: str) -> None:
    """What came of an upload."""
    for warning in done.warnings:
        say(f"warning: {warning}", "yellow")
    say(f"{name}: in the library" if done.applied else f"{name}: would go into the library")


def put_file(asker: Asker, file: Path, put: Put) -> Placed:
    """Put one file in, and trust it if that is wanted."""
    content = content_of(file)
    shown = _read(file, content, put.password)
    name = put.name if put.name is not None else file.stem
    found = next(iter(components_named(asker.gateway, name)), None)
    uploaded = None
    if found is None or not _same(asker, found, shown):
        uploaded = _upload(asker, found, name, content, put)
    if found is None and uploaded is not None and uploaded.applied:
        component: int | None = int(uploaded.object)
    else:
        component = found.id if found else None
    trusted = None
    new_and_only_looked_at = uploaded is not None and not uploaded.applied
    if component is not None and not put.library_only and not new_and_only_looked_at:
        trusted = _trust(asker, component, name, put.wish)
    return Placed(
        file=file,
        name=name,
        component=component,
        uploaded=uploaded,
        trusted=trusted,
        wanted=put,
    )


def _read(file: Path, content: bytes, password: str | None) -> tuple[bytes, ...]:
    """The DER of each certificate, in order. Raises NoCertificates."""
    try:
        return tuple(one.der for one in read_upload(content, password))
    except UnreadableError as error:
        way_out = f" ({error.way_out})" if error.way_out else ""
        raise NoCertificates(f"{str(file)!r}: {error.sentence}{way_out}") from error


def _same(asker: Asker, found: ComponentView, shown: tuple[bytes, ...]) -> bool:
    """Whether the component's newest version holds just these."""
    if found.newest is None or found.newest.certificates != len(shown):
        return False
    path = f"/library/{found.id}/versions/{found.newest.number}/pem"
    there = read_upload(asker.gateway.read_text(path).encode(), None)
    return tuple(one.der for one in there) == shown


def _upload(
    asker: Asker, found: ComponentView | None, name: str, content: bytes, put: Put
) -> ChangeView:
    fields = {"name": name, "description": put.description} if found is None else {}
    if put.password is not None:
        fields["password"] = put.password
    path = "/library" if found is None else f"/library/{found.id}/versions"
    return asker.gateway.send_form(path, put.wish, content, fields)


def _trust(asker: Asker, component: int, name: str, wanted: Wish) -> ChangeView | None:
    """Trust the newest version: instead of another one that is trusted, or as a new row."""
    rows = asker.gateway.pages(Page[TrustedView], "/trusted", None, search=name[:200])
    ours = [one for one in rows if one.component == component and one.id is not None]
    if any(not one.upgradable for one in ours):
        return None
    if ours:
        return asker.gateway.change("POST", f"/trusted/{ours[0].id}/upgrade", wanted)
    return asker.gateway.change("POST", "/trusted", wanted, {"component": component})
