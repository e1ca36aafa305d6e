"""Trusted distinguished names: add, remove, import, export, test, and advice while writing."""

import asyncio
from dataclasses import replace

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.shelving import as_file
from ostiary.admin.console.visit import Visit, address
from ostiary.management.errors import Fault, Unacceptable
from ostiary.management.views import NameTrialView

_ROWS = 100
_MOST_ADVISED = 200
"""Patterns looked at while somebody types; the rest is looked at when it is saved."""


def listing(visit: Visit) -> Response:
    """The names of the gateway, or of one API."""
    return _page(visit)


def _page(
    visit: Visit,
    faults: tuple[Fault, ...] = (),
    trials: tuple[NameTrialView, ...] | None = None,
    about: str = "",
) -> Response:
    """``about``: which of the page's forms the faults belong to."""
    api = visit.form.text("api") or visit.asked("api") or None
    search = visit.asked("q")
    policy = (visit.desk.settings.api(api) if api else visit.desk.settings.gateway()).policy
    page = visit.page(
        "names.html",
        422 if faults else 200,
        api=api,
        policy=policy,
        names=visit.desk.names.page(
            api, search=search, cursor=visit.asked("cursor") or None, limit=_ROWS
        ),
        search=search,
        cursor=visit.asked("cursor"),
        faults=faults,
        about=about,
        trials=trials,
        sent=visit.form,
    )
    return at_fields(page) if faults or trials is not None else page


async def add(visit: Visit) -> Response:
    """Add the patterns that were written, one a line."""
    patterns = visit.form.lines("patterns")
    return await _change(
        visit,
        Change(
            title=f"Add {_counted(patterns)}",
            verb="Add",
            perform=lambda order: visit.desk.names.add(
                order, _api(visit), patterns, note=visit.form.text("note")
            ),
            back=_back(visit),
            done="added",
            faulty=lambda error: _page(visit, error.faults, about="add"),
        ),
        given=bool(patterns),
        about="add",
    )


async def remove(visit: Visit) -> Response:
    """Remove patterns by their text."""
    patterns = visit.form.fields.get("pattern", ())
    return await _change(
        visit,
        Change(
            title=f"Remove {_counted(patterns)}",
            verb="Remove",
            perform=lambda order: visit.desk.names.remove(order, _api(visit), patterns),
            back=_back(visit),
            done="removed",
            danger=True,
        ),
        given=bool(patterns),
        about="remove",
    )


async def load(visit: Visit) -> Response:
    """Import a text file; what was sent travels on in the form, so a file is read only once."""
    text = visit.form.files.get("file", b"").decode("utf-8", "replace") or visit.form.text("text")
    fields = {**visit.form.fields, "text": (text,)}
    carried = _with_fields(visit, fields)
    replacing = visit.form.flag("replace")
    return await _change(
        carried,
        Change(
            title="Replace the list by an import" if replacing else "Import distinguished names",
            verb="Import",
            perform=lambda order: visit.desk.names.load(
                order, _api(visit), text, replace=replacing
            ),
            back=_back(visit),
            done="saved",
            faulty=lambda error: _page(carried, error.faults, about="import"),
        ),
        given=bool(text.strip()),
        about="import",
    )


def _with_fields(visit: Visit, fields: dict[str, tuple[str, ...]]) -> Visit:
    return replace(visit, form=replace(visit.form, fields=fields))


async def _change(visit: Visit, change: Change, *, given: bool, about: str) -> Response:
    if not given:
        fault = Fault(where="", message="no distinguished name was given")
        return await asyncio.to_thread(_page, visit, (fault,), None, about)
    return await carry_out(visit, change)


async def check(visit: Visit) -> Response:
    """What is worth knowing about what is being written, for the field's live region."""
    return await asyncio.to_thread(_check, visit)


def _check(visit: Visit) -> Response:
    patterns = visit.form.lines("patterns")[:_MOST_ADVISED]
    advice = visit.desk.names.advise(patterns) if patterns else ()
    return visit.console.render(
        visit.request, "_advice.html", advised=tuple(zip(patterns, advice, strict=True))
    )


async def test(visit: Visit) -> Response:
    """What the names in force say to subjects or certificates."""
    return await asyncio.to_thread(_test, visit)


def _test(visit: Visit) -> Response:
    subjects, upload = visit.form.lines("subjects"), visit.form.files.get("file")
    if not subjects and not upload:
        fault = Fault(where="/subjects", message="nothing to test", way_out="write a subject")
        return _page(visit, (fault,), about="test")
    try:
        trials = visit.desk.names.test(_api(visit), subjects=subjects, upload=upload)
    except Unacceptable as error:
        return _page(visit, error.faults, about="test")
    return _page(visit, trials=trials)


def export(visit: Visit) -> Response:
    """The list as a text file."""
    api = visit.asked("api") or None
    return as_file(
        visit.desk.names.export(api),
        f"trusted-distinguished-names-{api or 'gateway'}.txt",
        "text/plain; charset=utf-8",
    )


def _api(visit: Visit) -> str | None:
    return visit.form.text("api") or None


def _back(visit: Visit) -> str:
    return address("/console/names", api=_api(visit))


def _counted(patterns: tuple[str, ...]) -> str:
    return (
        "a distinguished name" if len(patterns) == 1 else f"{len(patterns):,} distinguished names"
    )


DOORS: tuple[Door, ...] = (
    ("GET", "/names", listing),
    ("POST", "/names/add", add),
    ("POST", "/names/remove", remove),
    ("POST", "/names/import", load),
    ("POST", "/names/check", check),
    ("POST", "/names/test", test),
    ("GET", "/names/export", export),
)
