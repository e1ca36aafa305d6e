"""``ostiary trust library``: certificate components and their versions."""

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import (
    All,
    Component,
    PasswordFile,
    Search,
    component_of,
    password_of,
    upload_of,
)
from ostiary.cli.showing import (
    Cell,
    answer,
    certificate_facts,
    cut,
    facts,
    say,
    show,
    table,
    until,
    when,
    yes,
)
from ostiary.cli.tables import console, misuse
from ostiary.cli.trust import trust
from ostiary.management.sights import ChangeView
from ostiary.management.views import (
    CertificateView,
    ComponentView,
    LookupView,
    Page,
    VersionView,
)

library = typer.Typer(
    no_args_is_help=True, help="The certificate library: components, each with its versions."
)
trust.add_typer(library, name="library")

_NOW = Wish()
Version = Annotated[int, typer.Argument(min=1, help="Number of the version.")]
File = Annotated[Path, typer.Argument(help="Certificates: PEM, DER, PKCS#7 or PKCS#12.")]


@library.command("list")
@asks
def list_components(asker: Asker, *, search: Search = "", limit: All = None) -> None:
    """List the components by name."""
    found = asker.gateway.pages(Page[ComponentView], "/library", limit, search=search)
    if answer(asker, tuple[ComponentView, ...], found):
        return
    show(
        ("id", "name", "description", "newest", "versions", "subject", "expires on", "trusted"),
        [_row(one) for one in found],
        nothing="the library is empty" if not search else "nothing fits",
    )
    cut(limit, found)


@library.command("lookup")
@asks
def lookup(asker: Asker, *, search: Search = "", limit: All = None) -> None:
    """List what can be trusted next: active, unexpired, not trusted yet."""
    found = asker.gateway.pages(Page[LookupView], "/library/lookup", limit, search=search)
    if answer(asker, tuple[LookupView, ...], found):
        return
    show(
        ("id", "name", "version", "description", "subject", "issued on", "expires on"),
        [
            (
                one.component,
                one.name,
                one.version,
                one.description,
                one.subject,
                f"{one.issued_on:%Y-%m-%d}",
                until(one.expires_on, one.expiry),
            )
            for one in found
        ],
        nothing="there is nothing that could be trusted next",
    )
    cut(limit, found)


@library.command("show")
@asks
def show_component(
    asker: Asker,
    component: Component,
    version: Annotated[
        int | None, typer.Argument(min=1, help="Show the certificates of this version.")
    ] = None,
    *,
    pem: Annotated[
        bool, typer.Option("--pem", help="Print the certificates of the version alone, PEM.")
    ] = False,
) -> None:
    """Show a component with its versions, or the certificates of one version."""
    number = component_of(asker.gateway, component)
    if version is not None:
        _show_version(asker, number, version, pem=pem)
        return
    if pem:
        raise misuse("--pem needs the number of a version")
    found = asker.gateway.read(ComponentView, f"/library/{number}")
    if answer(asker, ComponentView, found):
        return
    named = (("Name", found.name), ("Description", found.description))
    made = ("Created", f"{when(found.created)} by {found.created_by}")
    console().print(facts((("Number", found.id), *named, made)))
    console().print()
    columns = ("version", "subject", "certificates", "issued on", "expires on", "uploaded", "by",
               "trusted", "retired")  # fmt: skip
    console().print(table(columns, map(_version_row, found.versions)))


@library.command("add")
@asks
def add(
    asker: Asker,
    file: File,
    *,
    name: Annotated[
        str | None, typer.Option(help="Name of the component; that of the file when left out.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    password_file: PasswordFile = None,
) -> None:
    """Make a component of what a file holds; nothing is trusted by it."""
    content, fields = upload_of(file, password_of(password_file))
    fields |= {"name": file.stem if name is None else name, "description": description}
    done = asker.gateway.send_form("/library", _NOW, content, fields)
    _told(asker, done, f"component {done.object}: made")


@library.command("add-version")
@asks
def add_version(
    asker: Asker, component: Component, file: File, *, password_file: PasswordFile = None
) -> None:
    """Upload a new version; what is trusted stays at its version until it is upgraded."""
    number = component_of(asker.gateway, component)
    content, fields = upload_of(file, password_of(password_file))
    done = asker.gateway.send_form(f"/library/{number}/versions", _NOW, content, fields)
    _told(asker, done, f"component {number}: a new version was added")


@library.command("describe")
@asks
def describe(
    asker: Asker,
    component: Component,
    *,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    description: Annotated[str | None, typer.Option(help="The new description.")] = None,
) -> None:
    """Rename a component, or describe it anew."""
    changes = {"name": name, "description": description}
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        raise misuse("give --name or --description")
    path = f"/library/{component_of(asker.gateway, component)}"
    _told(asker, asker.gateway.change("PATCH", path, _NOW, given), "described")


@library.command("retire")
@asks
def retire(
    asker: Asker,
    component: Component,
    version: Version,
    *,
    again: Annotated[bool, typer.Option("--again", help="The contrary: offer it again.")] = False,
) -> None:
    """Offer a version no more; where it is trusted it stays so."""
    path = f"/library/{component_of(asker.gateway, component)}/versions/{version}"
    done = asker.gateway.change("PATCH", path, _NOW, {"retired": not again})
    _told(asker, done, f"version {version}: {'offered again' if again else 'retired'}")


@library.command("delete")
@asks
def delete(
    asker: Asker,
    component: Component,
    *,
    version: Annotated[
        int | None, typer.Option(min=1, help="Only this version; else all of them.")
    ] = None,
) -> None:
    """Delete a component, or one version of it; refused while it is trusted."""
    path = f"/library/{component_of(asker.gateway, component)}"
    if version is not None:
        path += f"/versions/{version}"
    _told(asker, asker.gateway.change("DELETE", path, _NOW), "deleted")


def _show_version(asker: Asker, number: int, version: int, *, pem: bool) -> None:
    path = f"/library/{number}/versions/{version}"
    if pem and not asker.as_json:
        typer.echo(asker.gateway.read_text(f"{path}/pem"), nl=False)
        return
    found = asker.gateway.read(tuple[CertificateView, ...], f"{path}/certificates")
    if answer(asker, tuple[CertificateView, ...], found):
        return
    for index, one in enumerate(found):
        if index:
            console().print()
        console().print(certificate_facts(one))


def _row(one: ComponentView) -> tuple[Cell, ...]:
    newest = one.newest
    return (
        one.id,
        one.name,
        one.description,
        newest.number if newest else "all retired",
        one.count,
        newest.subject if newest else "",
        until(newest.expires_on, newest.expiry) if newest else "",
        yes(newest.trusted) if newest else "",
    )


def _version_row(one: VersionView) -> tuple[Cell, ...]:
    return (
        one.number,
        one.subject,
        one.certificates,
        f"{one.issued_on:%Y-%m-%d}",
        until(one.expires_on, one.expiry),
        when(one.uploaded),
        one.uploaded_by,
        yes(one.trusted),
        yes(one.retired),
    )


def _told(asker: Asker, done: ChangeView, sentence: str) -> None:
    if answer(asker, ChangeView, done):
        return
    for warning in done.warnings:
        say(f"warning: {warning}", "yellow")
    say(f"{sentence} (revision {done.revision})")
