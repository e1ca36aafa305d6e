"""The templates, and the few functions they call. Everything is escaped unless built here."""

import json
from collections.abc import Callable
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ostiary.admin.console.gist import gist
from ostiary.admin.console.text import grouped, relative, short, shown, stamp
from ostiary.trust.reason import Reason


def environment() -> Environment:
    """Load templates from this package; every value is escaped, every unknown name an error."""
    made = Environment(
        loader=PackageLoader("ostiary.admin.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        shown=shown,
        short=short,
        grouped=grouped,
        number=_number,
        reason=_reason,
        stamp=stamp,
        json=_json,
        code=code,
        commas=commas,
    )
    made.globals.update(when=when, day=day, moment=moment, gist=gist)
    return made


def when(at: datetime | None, now: datetime, never: str = "never") -> Markup:
    """A time element: UTC, with how far it is beside it."""
    if at is None:
        return Markup('<span class="quiet">{}</span>').format(never)
    return Markup('<time datetime="{}">{} <small>{}</small></time>').format(
        at.isoformat(), stamp(at), relative(at, now)
    )


def day(at: datetime, now: datetime) -> Markup:
    """A time element that shows the day; the hour is in its title."""
    return Markup('<time datetime="{}" title="{}">{} <small>{}</small></time>').format(
        at.isoformat(), stamp(at), at.strftime("%Y-%m-%d"), relative(at, now)
    )


def moment(at: datetime, now: datetime) -> Markup:
    """A time element to the second, for what happens just now."""
    return Markup('<time datetime="{}">{} <small>{} · {}</small></time>').format(
        at.isoformat(), at.strftime("%H:%M:%S UTC"), at.strftime("%Y-%m-%d"), relative(at, now)
    )


def code(text: str) -> Markup:
    """Text with what stands between backticks set as code; everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one without its other: it was cut, or is no mark
        return escape(text)
    code_tag = Markup("<code>{}</code>")
    return Markup("").join(
        code_tag.format(one) if at % 2 else escape(one) for at, one in enumerate(parts)
    )


def commas(text: str) -> Markup:
    """Text that may be broken after its commas, as names are read; everything is escaped."""
    return Markup(",<wbr>").join(text.split(","))


def _number(value: int) -> str:
    return f"{value:,}"


def _reason(code: str) -> str:
    """The sentence of a reason, by its code word; the word itself where it is none of ours."""
    known: Callable[[str], Reason] = Reason
    try:
        return known(code).sentence
    except ValueError:
        return code


def _json(value: object) -> str:
    """A value of the audit log; at most what a person reads, foreign text made harmless."""
    lines = json.dumps(value, indent=2, ensure_ascii=False, default=str).split("\n")
    cut = [] if len(lines) <= _MOST_LINES else [f"… ({len(lines):,} lines)"]
    return "\n".join([*(short(line, 400) for line in lines[:_MOST_LINES]), *cut])


_MOST_LINES = 200
