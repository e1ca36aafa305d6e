"""Consumers of an Express Gateway: from a dump or its admin API to the gateway's own."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ostiary.cli.answers import Wish
from ostiary.cli.asking import Asker
from ostiary.cli.progress import through
from ostiary.cli.showing import number, say, table
from ostiary.cli.tables import console, misuse
from ostiary.kernel.errors import WrongUse
from ostiary.management.consumers.views import TakenView
from ostiary.migration.dump import read_dump
from ostiary.migration.taking import Untaken, plan
from ostiary.store.files import FileTrouble, read_bounded

_LARGEST_DUMP = 4 * 1024 * 1024 * 1024
_SHOWN = 50


class NoSource(WrongUse):
    """The dump can't be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where consumers come from: one of the two."""

    dump: Path | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """What came of it."""

    scopes: set[str] = field(default_factory=set)
    users: int = 0
    apps: int = 0
    credentials: int = 0
    there: int = 0
    untaken: list[Untaken] = field(default_factory=list)

    def count(self, view: TakenView, called: Mapping[str, str]) -> None:
        """Add an answer; ``called``: what people call what was sent, by JSON pointer."""
        self.scopes.update(view.scopes)
        self.users += view.users
        self.apps += view.apps
        self.credentials += view.credentials
        self.there += view.there
        for one in view.refused:
            what = called.get(one.where, one.where)
            self.untaken.append(Untaken(what=what, why=one.message, way_out=one.way_out))

    def json(self) -> dict[str, object]:
        """As scripts read it."""
        return {
            "scopes": sorted(self.scopes),
            "users": self.users,
            "apps": self.apps,
            "credentials": self.credentials,
            "thereAlready": self.there,
            "notTaken": [
                {"what": one.what, "why": one.why, "wayOut": one.way_out} for one in self.untaken
            ],
        }


def source_of(dump: Path | None, url: str | None, headers: Sequence[str]) -> Source | None:
    """Where consumers come from, as the options say; None: they are not asked for."""
    if dump is not None and url is not None:
        raise misuse("give --consumers or --admin-url, not both")
    if headers and url is None:
        raise misuse("--header is for --admin-url")
    if dump is None and url is None:
        return None
    given = [header.partition(":") for header in headers]
    if not all(name.strip() and colon for name, colon, _ in given):
        raise misuse("a header is written KEY:VALUE")
    sent = {name.strip(): value.strip() for name, _, value in given}
    return Source(dump=dump, url=url or "", headers=sent)


def import_consumers(asker: Asker, source: Source, namespace: str, *, dry_run: bool) -> Imported:
    """Raises OstiaryError; what was sent before stays, and the same command goes on."""
    planned = plan(read_dump(_text_of(source), namespace))
    done = Imported(untaken=list(planned.untaken))
    for portion in through(planned.portions, "importing consumers"):
        view = asker.gateway.order(
            TakenView, "POST", "/consumers/import", Wish(dry_run=dry_run), portion.body
        )
        done.count(view, portion.called)
    return done


def tell_imported(done: Imported, *, dry_run: bool) -> None:
    """For people."""
    if done.untaken:
        rows = [(one.what, one.why, one.way_out) for one in done.untaken[:_SHOWN]]
        console().print(table(("not taken", "why", "way out"), rows))
    if len(done.untaken) > _SHOWN:
        say(f"and {number(len(done.untaken) - _SHOWN)} more (see all: --json)")
    say(
        f"consumers: {number(done.users)} users, {number(done.apps)} apps, "
        f"{number(done.credentials)} credentials and {number(len(done.scopes))} scopes "
        f"{'would be imported' if dry_run else 'imported'}; {number(done.there)} there already, "
        f"{number(len(done.untaken))} not taken"
    )


def _text_of(source: Source) -> str:
    if source.dump is None:
        return _asked(source)
    if str(source.dump) == "-":
        return sys.stdin.read()
    try:
        return read_bounded(source.dump, limit=_LARGEST_DUMP).decode("utf-8-sig")
    except FileTrouble as error:
        raise NoSource(str(error)) from error
    except UnicodeDecodeError as error:
        raise NoSource(f"{str(source.dump)!r} isn't UTF-8 text") from error


def _asked(source: Source) -> str:
    # Only who asks needs it.
    from ostiary.wiring.express_gateway import ExpressApi  # noqa: PLC0415

    with ExpressApi(source.url, source.headers) as api:
        text, ids = api.consumers()
        credentials = [api.credentials(one) for one in through(ids, "asking Express Gateway")]
    return "\n".join([text, *credentials])
