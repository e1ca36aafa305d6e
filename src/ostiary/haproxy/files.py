"""Sections, maps and crt-lists as text: sorted where order means nothing, no timestamps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ostiary.haproxy.quote import map_value, token


@dataclass(frozen=True, slots=True)
class Section:
    """One section of haproxy.cfg, headed by the operator's path that asked for it."""

    title: str
    """The section's opening line, for example ``frontend https_4444``."""
    lines: tuple[str, ...]
    origin: str = ""
    """Where in the operator's document it comes from; printed as a comment."""


def render_sections(sections: Iterable[Section]) -> bytes:
    """haproxy.cfg: the sections in the given order, one directive a line."""
    parts: list[str] = []
    for section in sections:
        if section.origin:
            parts.append("# " + "".join(c if c.isprintable() else "?" for c in section.origin))
        parts.append(section.title)
        parts.extend("    " + line for line in section.lines)
        parts.append("")
    return "\n".join(parts).encode()


def render_map(entries: Mapping[str, str]) -> bytes:
    """A map for exact or prefix lookups, sorted by key."""
    return render_ordered_map(sorted(entries.items()))


def render_ordered_map(entries: Iterable[tuple[str, str]]) -> bytes:
    """A map whose order matters: the first matching regular expression wins."""
    return "".join(f"{token(key)} {map_value(value)}\n" for key, value in entries).encode()


@dataclass(frozen=True, slots=True)
class CrtListEntry:
    """One line of a crt-list: a certificate, its TLS options, the server names it answers."""

    pem: str
    options: tuple[str, ...]
    names: tuple[str, ...]
    """SNI filters; empty for the fallback, which is written ``!*`` so that the names inside
    the certificate never take part (HAProxy manual, crt-list)."""


def render_crt_list(entries: Iterable[CrtListEntry]) -> bytes:
    """The crt-list in the given order; the first entry answers when no name fits."""
    lines = []
    for entry in entries:
        options = " ".join(token(option) for option in entry.options)
        names = " ".join(token(name) for name in entry.names) or "!*"
        lines.append(f"{token(entry.pem)} [{options}] {names}\n")
    return "".join(lines).encode()
