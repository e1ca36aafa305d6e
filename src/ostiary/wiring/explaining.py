"""``ostiary explain``: reads the files and the URL, and has the services explain."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from ostiary.config.effective import Managed
from ostiary.kernel.errors import WrongUse
from ostiary.services.certificate_steps import Fitting, nobodys
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.list_sources import NOTHING_FETCHED
from ostiary.services.ports import Unreadable
from ostiary.services.presented import presented
from ostiary.services.visits import Scheme, Visit
from ostiary.wiring import world
from ostiary.wiring.consulting import answers_in
from ostiary.wiring.folders import Folders
from ostiary.wiring.ground import prepare_rest, read_file
from ostiary.wiring.list_shelf import shelf_in
from ostiary.wiring.list_sources import ListSources
from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import UnreadableError


class AskedWrongly(WrongUse):
    """What is to be explained can't be made out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the operator wants explained."""

    config: Path
    certificate: Path | None
    """None: a client without a certificate."""
    chain: Path | None = None
    api: str | None = None
    url: str | None = None
    method: str = "GET"
    state: Path | None = None
    """Where lists that were fetched and OCSP answers are kept; None: nowhere."""
    at: str | None = None
    """ISO 8601; UTC where it names no zone. None: now."""


def explain(
    asked: Asked,
    managed: Managed | None = None,
    trusted: Iterable[Certificate] = (),
    fitting: Fitting = nobodys,
) -> tuple[Explanation, ...]:
    """One explanation of a visit, or one for each TLS entry when neither API nor URL is given.

    ``managed`` and ``trusted`` are what the store keeps beside the file; nobody is asked by
    network. In header mode there is one explanation of a certificate in the header.
    Raises ConfigRefused, AskedWrongly, NoSuchApi.
    """
    written = read_file(asked.config)
    fetched = NOTHING_FETCHED
    if asked.state is not None:
        fetched = ListSources(shelf_in(asked.state)).load(written.document)
    prepared = prepare_rest(written, managed, trusted, fetched=fetched)
    statuses = answers_in(Folders(state=asked.state).ocsp) if asked.state else None
    explainer = Explainer(prepared, moment(asked.at), statuses, fitting=fitting)
    shown = shown_by(asked)
    if asked.url is not None:
        return (explainer.visit(visit_of_url(asked.url, asked.method), shown),)
    if asked.api is not None:
        return (explainer.api(asked.api, shown),)
    if explainer.by_header:
        return (explainer.header(shown),)
    if not explainer.entries:
        raise AskedWrongly("the configuration has no https section: there is no handshake")
    return tuple(explainer.certificate(entry, shown) for entry in explainer.entries)


def moment(text: str | None) -> datetime:
    """An aware time; now for None. Raises AskedWrongly."""
    if text is None:
        return world.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise AskedWrongly(f"{text!r} is no time (write it as 2030-01-31T12:00:00Z)") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def visit_of_url(url: str, method: str) -> Visit:
    """The visit that a URL stands for. Raises AskedWrongly."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise AskedWrongly(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in {one.value for one in Scheme} or not name:
        raise AskedWrongly(f"{url!r} is no http or https URL (such as https://api.example/users)")
    return Visit(
        scheme=Scheme(parts.scheme),
        name="" if _is_address(name) else name,
        host=_host_header(parts),
        method=method.upper(),
        path=parts.path or "/",
        query=parts.query,
    )


def _host_header(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def shown_by(asked: Asked) -> Shown:
    """The certificates of the files. Raises AskedWrongly."""
    if asked.certificate is None:
        return Shown(b"")
    leaf, *rest = _certificates(asked.certificate)
    sent = _certificates(asked.chain) if asked.chain else ()
    return Shown(leaf, tuple(dict.fromkeys(one for one in (*rest, *sent) if one != leaf)))


def _certificates(path: Path) -> tuple[bytes, ...]:
    try:
        return presented(world.read_file(str(path)))
    except (Unreadable, UnreadableError) as error:
        raise AskedWrongly(f"{str(path)!r}: {error}") from error
