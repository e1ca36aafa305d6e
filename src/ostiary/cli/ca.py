"""``ostiary ca``: a certificate authority of one's own is begun, followed up, and lists revoked."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ostiary.ca.packing import pem_of_certificate, pem_of_list
from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker
from ostiary.cli.ca_files import PUBLIC_FILE
from ostiary.cli.ca_home import (
    Allow,
    Home,
    Key,
    NewKey,
    PublishAt,
    Site,
    at_home,
    at_site,
    pairs,
    publishing_of,
    told_gateway,
)
from ostiary.cli.ca_telling import have_read, publish_lists
from ostiary.cli.options import Unclear, components_named
from ostiary.cli.putting import NotPlaced, Placed, Put, put_file
from ostiary.cli.showing import facts, say, when
from ostiary.cli.tables import console, emit_json, misuse
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.founding import ISSUING_DAYS, rotate
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import Founding, ListOf
from ostiary.management.authority.profile import Allowed, Lists, Profile
from ostiary.management.authority.publishing import make_lists, publish
from ostiary.store.files import write_atomically

ca = typer.Typer(
    no_args_is_help=True, help="A certificate authority of your own, in the state folder."
)
app.add_typer(ca, name="ca")

Crl = Annotated[
    list[Path] | None,
    typer.Option(
        "--crl", metavar="FILE", help="Keep the revocation lists in this file; again for more."
    ),
]
_KINDS = {
    "dn": "distinguishedNames",
    "dns": "dns",
    "ip": "ips",
    "uri": "uris",
    "email": "emails",
}


@ca.command("init")
@at_site
def init(
    site: Site,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the authority, as in 'Example devices'.")
    ],
    *,
    key: NewKey = Key.EC,
    days: Annotated[int, typer.Option(min=1, max=36500, help="How long the root is valid.")] = 7300,
    allow: Allow = None,
    crl: Crl = None,
    crl_days: Annotated[
        int, typer.Option(min=1, max=36500, help="Until the next list is due.")
    ] = 7,
    publish_at: PublishAt = None,
    no_trust: Annotated[
        bool, typer.Option("--no-trust", help="Into the gateway's library, but not trusted.")
    ] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="Tell no gateway: only make the authority.")
    ] = False,
) -> None:
    """Make a root and an issuing authority, and have the gateway trust them.

    Keys are kept encrypted in the folder `ca` of the state folder. What may be issued is written
    down in `ca/profile.yml`, to be edited. The root becomes a component of the gateway's
    certificate library and one of its trusted certificates.
    """
    lists = Lists(days=crl_days, files=_files(crl))
    profile = Profile(allowed=_allowed(allow), crl=lists, publish=publishing_of(publish_at))
    founding = Founding(name=name, kind=key.kind, days=days)
    with ExitStack() as stack:
        if alone:
            _found(site, founding, profile, None)
            return
        # Reached first: an authority that nobody could be told of is not made.
        gateway, running = stack.enter_context(told_gateway(site))
        if components_named(gateway, name):
            # It would become a newer version of something else, and be trusted instead of that.
            raise Unclear(f"the library has a component {name!r} already (choose another name)")
        asker = Asker(gateway=gateway, as_json=site.as_json, running=running)
        _found(site, founding, profile, lambda root: _place(asker, root, name, not no_trust))


def _files(crl: list[Path] | None) -> tuple[str, ...]:
    for path in crl or ():
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise Unclear(f"--crl: {str(path)!r} must be a file in a folder that is there")
    return tuple(str(path.absolute()) for path in crl or ())


def _allowed(written: list[str] | None) -> Allowed:
    given: dict[str, list[str]] = {}
    for kind, pattern in pairs(written, "--allow"):
        if kind not in _KINDS:
            raise misuse(f"--allow: {kind!r} is none of {', '.join(_KINDS)}")
        given.setdefault(_KINDS[kind], []).append(pattern)
    return Allowed.model_validate(given)


def _found(
    site: Site, founding: Founding, profile: Profile, place: Callable[[Path], Placed] | None
) -> None:
    # The ledger's libraries come with it: only when they are needed.
    from ostiary.wiring.certifying import found_house  # noqa: PLC0415

    with found_house(site.folder, site.passphrase_file, founding, profile) as house:
        house.place.keep_root(pem_of_certificate(house.root().entry.der))
        files = publish(house, make_lists(house))
        placed = None if place is None else place(house.place.root_path)
        _tell_founded(site, house, files, placed)


@ca.command("rotate")
@at_home
def rotate_issuing(
    home: Home,
    *,
    name: Annotated[
        str | None, typer.Option(help="Name of the new one; else the root's, and a number.")
    ] = None,
    key: NewKey = Key.EC,
    days: Annotated[
        int, typer.Option(min=1, max=36500, help="How long it is valid.")
    ] = ISSUING_DAYS,
) -> None:
    """Have a new issuing authority take over.

    What the one before issued stays good, and it goes on to list what is revoked of that. Nothing
    changes for the gateway, which trusts the root.
    """
    new = rotate(home.house, name, key.kind, days)
    files = publish_lists(home, make_lists(home.house))
    if home.as_json:
        emit_json(
            {
                "name": new.entry.name,
                "fingerprint": new.fingerprint.hex(),
                "notAfter": new.entry.not_after.isoformat(),
                "lists": [str(one) for one in files],
            }
        )
        return
    say(f"{new.entry.name}: issues from now on, until {new.entry.not_after:%Y-%m-%d}")
    tell_lists(home, files)


@ca.command("crl")
@at_home
def crl_lists(
    home: Home,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write them here, too; else to the profile's."),
    ] = None,
    der: Annotated[
        bool, typer.Option("--der", help="DER, which holds one list alone: with --authority.")
    ] = False,
    authority: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --der: of this one; else the one that issues."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36500, help="Until the next are due; else as the profile says."),
    ] = None,
) -> None:
    """Make new revocation lists, of the root and of each issuing authority.

    All of them go into one file, PEM, which can be named in `https.options.crl`: the gateway
    follows it. Without --out, and without files in the profile, they go to standard output.
    """
    if authority is not None and not der:
        raise misuse("--authority is for --der: PEM has the lists of all")
    if der and out is None:
        raise misuse("--der needs --out")
    lists = make_lists(home.house, days)
    if der and out is not None:
        one = _list_of(lists, authority or home.house.issuing().entry.name)
        write_atomically(out, one.der, mode=PUBLIC_FILE)
        files = (*publish_lists(home, lists), out)
        have_read(home, (out,))
    else:
        files = publish_lists(home, lists, () if out is None else (out,))
    if home.as_json:
        emit_json(
            {"lists": [_list_json(one) for one in lists], "files": [str(one) for one in files]}
        )
        return
    if not files:
        typer.echo(b"".join(pem_of_list(one.der) for one in lists).decode(), nl=False)
    for made in lists:
        say(f"{made.name}: list {made.number}, next due {when(made.next_update)}")
    if files:
        tell_lists(home, files)


def tell_lists(home: Home, files: tuple[Path, ...]) -> None:
    """Where the lists are, or that they are nowhere."""
    published = home.house.profile.publish.url
    if files or published:
        told = [*map(str, files), *(f"{url}/crl/all.pem" for url in (published,) if url)]
        say(f"revocation lists: {', '.join(told)}")
    else:
        say(
            "no gateway has a revocation list of this authority yet (write one, and name it in "
            "https.options.crl: ostiary ca crl --out FILE)",
            "yellow",
        )


def _place(asker: Asker, root: Path, name: str, trusted: bool) -> Placed:
    put = Put(
        name=name,
        description="Root of the certificate authority made here",
        password=None,
        library_only=not trusted,
        wish=Wish(),
    )
    try:
        placed = put_file(asker, root, put)
    except OstiaryError as error:
        raise _not_told(root, error) from error
    if isinstance(placed, NotPlaced):
        raise _not_told(root, placed.why) from placed.why
    if not asker.as_json:
        placed.tell(asker)
    return placed


def _not_told(root: Path, why: OstiaryError) -> Unclear:
    return Unclear(
        f"the authority is made, but the gateway does not take it: {why} "
        f"(then: ostiary trust add {root})"
    )


def _tell_founded(site: Site, house: House, files: tuple[Path, ...], placed: Placed | None) -> None:
    above, below, root = house.root(), house.issuing(), house.place.root_path
    if site.as_json:
        emit_json(
            {
                "folder": str(house.place.folder),
                "root": {"name": above.entry.name, "fingerprint": above.fingerprint.hex()},
                "issuing": {"name": below.entry.name, "fingerprint": below.fingerprint.hex()},
                "certificate": str(root),
                "lists": [str(one) for one in files],
                "publish": house.profile.publish.url,
                "library": placed.json() if placed else None,
            }
        )
        return
    console().print(
        facts(
            (
                ("Root", f"{above.entry.name}, until {above.entry.not_after:%Y-%m-%d}"),
                ("Issuing", f"{below.entry.name}, until {below.entry.not_after:%Y-%m-%d}"),
                ("Root's certificate", str(root)),
                ("Root's SHA-256", above.fingerprint.hex()),
                ("What it may issue", str(house.place.profile_path)),
                ("Revocation lists", ", ".join(map(str, files)) or "none yet"),
                *(("Published at", url) for url in (house.profile.publish.url,) if url),
            )
        )
    )


def _list_of(lists: tuple[ListOf, ...], name: str) -> ListOf:
    for one in lists:
        if one.name == name:
            return one
    raise Unclear(f"there is no authority {name!r} (there are {', '.join(o.name for o in lists)})")


def _list_json(one: ListOf) -> dict[str, object]:
    return {"authority": one.name, "number": one.number, "nextUpdate": one.next_update.isoformat()}
