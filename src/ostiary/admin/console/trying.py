"""The tester: a described request is walked through the gateway, and its pipeline is drawn."""

import asyncio

from starlette.responses import Response

from ostiary.admin.console.forms import Form
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit
from ostiary.management.described import Described
from ostiary.management.errors import NotThere, Unacceptable
from ostiary.management.walks import ExplainView

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OFFERED = 200


def explain(visit: Visit) -> Response:
    """The form."""
    return _explained(visit, None, None)


async def explain_it(visit: Visit) -> Response:
    """The walk of one request."""
    return await asyncio.to_thread(_explain, visit)


def _explain(visit: Visit) -> Response:
    form = visit.form
    try:
        upload = _certificate(visit)
        if upload is None and not (form.flag("without") or form.text("url")):
            raise Unacceptable.one(
                "no certificate was given",
                "choose a file, paste PEM, or tick 'a client without a certificate'",
            )
        answers = visit.desk.sightings.explain(
            visit.session.actor,
            upload=None if form.flag("without") else upload,
            api=None if form.text("url") else form.text("api") or None,
            url=form.text("url") or None,
            method=form.text("method") or "GET",
            password=form.text("password") or None,
            more=_described(form),
        )
    except (Unacceptable, NotThere) as error:
        return _explained(visit, None, error)
    return _explained(visit, answers, None)


def _certificate(visit: Visit) -> bytes | None:
    """Chosen, pasted, or one of the library's. Raises NotThere."""
    given = visit.form.upload("file", "pasted")
    number, _, version = visit.form.text("library").partition(":")
    if given or not (number.isdecimal() and version.isdecimal()):
        return given or None
    found = visit.desk.library.certificates(int(number[:15]), int(version[:15]))
    return "".join(one.pem for one in found).encode()


def _described(form: Form) -> Described:
    return Described(
        headers=form.lines("headers"),
        client=form.text("client"),
        key=form.text("key"),
        user=f"{form.text('username')}:{form.text('secret')}" if form.text("username") else "",
        token=form.text("token"),
        consumer=form.text("consumer"),
    )


def _explained(
    visit: Visit,
    answers: tuple[ExplainView, ...] | None,
    error: Unacceptable | NotThere | None,
) -> Response:
    api = answers[0].api if answers else None
    return visit.page(
        "explain.html",
        422 if error else 200,
        answers=answers,
        flow=visit.desk.flows.one(api) if api else None,
        faults=error.faults if isinstance(error, Unacceptable) else (),
        sentence=str(error) if isinstance(error, NotThere) else "",
        apis=visit.desk.settings.apis(),
        library=visit.desk.library.components(limit=_OFFERED).items,
        sent=visit.form,
        chosen=visit.form.text("api") or visit.asked("api"),
        url=visit.form.text("url") or visit.asked("url"),
        method=visit.form.text("method") or visit.asked("method"),
        methods=_METHODS,
    )


DOORS: tuple[Door, ...] = (
    ("GET", "/explain", explain),
    ("POST", "/explain", explain_it),
)
