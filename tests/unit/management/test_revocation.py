"""Sources of lists as operators see them: how fresh, until when, and what then."""

from datetime import datetime, timedelta

import pytest

from ostiary.kernel.problems import ConfigRefused, Position, Problem
from ostiary.management.actors import Actor
from ostiary.management.errors import EngineRefuses, Forbidden, NotThere
from ostiary.management.revocation_views import Freshness, SourceKind, SourceView
from ostiary.services.list_sources import Fetched, SourceState
from ostiary.store.database.records import Role
from ostiary.x509.pem import read_crls
from tests.support.desk import CONFIG, DeskRig, prepared_of, run
from tests.support.lists import crl_of
from tests.support.pki import DAY, Made

URL, POINT = "http://crl.example.com/a.crl", "http://crl.example.com/point.crl"
AUTH = """
clientCertificateAuth:
  type: certificate
  revocation:
    mode: strict
    grace: 12h
    crl: [a.crl, '%s']
    fetch: {distributionPoints: true, hosts: '*'}
"""


def text_of(mode: str = "soft") -> str:
    api = f"paths: /open/*, clientCertificateAuth: {{revocation: {{mode: {mode}}}}}"
    return CONFIG.replace("paths: /open/*", api) + AUTH % URL


def serve(desk: DeskRig, root: Made, *, begin: datetime, end: datetime, mode: str = "soft") -> None:
    """A file whose list holds from ``begin`` to ``end``, a URL without one, a point with it."""
    content = crl_of(root, {root: None}, begin=begin, end=end, number=5)
    (desk.kit.folder / "a.crl").write_bytes(content)
    prepared = prepared_of(desk.kit, text_of(mode), desk.clock.now)
    lists = read_crls(content)
    fetched = Fetched(found=((POINT, lists),))
    desk.gatekeeper.serve(prepared.with_fetched(fetched, desk.clock.now))
    desk.gatekeeper.sources = (
        state(URL, error="answered 503"),
        state(POINT, found=True, lists=lists, confirmed=desk.clock.now),
    )


def state(source: str, **more: object) -> SourceState:
    empty = {"found": False, "lists": (), "confirmed": None, "asked": None, "next_try": None}
    return SourceState(source=source, **{**empty, "error": "", **more})  # type: ignore[arg-type]  # passed on as given


def sources(desk: DeskRig) -> tuple[SourceView, ...]:
    return desk.management.revocations.view().sources


def test_every_source_is_shown_with_its_lists_and_its_last_error(desk: DeskRig) -> None:
    now = desk.clock.now
    serve(desk, desk.kit.root("r"), begin=now - DAY, end=now + 9 * DAY)
    file, url, point = sources(desk)
    assert [one.kind for one in (file, url, point)] == [
        SourceKind.FILE,
        SourceKind.URL,
        SourceKind.POINT,
    ]
    assert (file.source, file.freshness, file.ends) == (
        "a.crl",
        Freshness.CURRENT,
        now + 9 * DAY,
    )
    (listed,) = file.lists
    assert (listed.issuer, listed.number, listed.entries, listed.kind) == ("CN=r", 5, 1, "whole")
    assert (url.source, url.freshness, url.error) == (URL, Freshness.MISSING, "answered 503")
    assert (point.source, point.confirmed) == (POINT, now)


@pytest.mark.parametrize(
    ("begin", "end", "freshness"),
    [
        (-1, 9, Freshness.CURRENT),
        (-9, 1, Freshness.SOON),
        (-9, -1, Freshness.ENDED),
        (1, 9, Freshness.NOT_BEGUN),
    ],
)
def test_freshness_follows_the_time_that_is_left(
    desk: DeskRig, begin: int, end: int, freshness: Freshness
) -> None:
    now = desk.clock.now
    serve(desk, desk.kit.root("r"), begin=now + begin * DAY, end=now + end * DAY)
    assert sources(desk)[0].freshness is freshness


def test_what_happens_at_the_end_is_told_for_each_mode_that_acts(desk: DeskRig) -> None:
    now = desk.clock.now
    root = desk.kit.root("r")
    serve(desk, root, begin=now - DAY, end=now + DAY)
    strict, soft = sources(desk)[0].then
    assert strict.startswith("strict at the gateway: its clients are refused, 12h after that")
    assert soft.startswith("soft at 'open': who isn't known as revoked passes")
    serve(desk, root, begin=now - DAY, end=now + DAY, mode="off")
    assert "nothing, no list is looked in" in sources(desk)[0].then[1]


def test_fetching_at_once_needs_a_role_and_a_source_that_is_there(desk: DeskRig) -> None:
    now, revocations = desk.clock.now, desk.management.revocations
    serve(desk, desk.kit.root("r"), begin=now - DAY, end=now + timedelta(hours=1))
    viewer = Actor(name="token:v", role=Role.VIEWER)
    with pytest.raises(Forbidden):
        run(revocations.fetch(viewer, None))
    with pytest.raises(NotThere):
        run(revocations.fetch(desk.actor, "http://elsewhere.example/"))
    run(revocations.fetch(desk.actor, URL))
    run(revocations.fetch(desk.actor, None))
    assert desk.gatekeeper.asked_for == [URL, None]


def test_a_file_is_read_again_however_it_is_named(desk: DeskRig) -> None:
    now, revocations = desk.clock.now, desk.management.revocations
    serve(desk, desk.kit.root("r"), begin=now - DAY, end=now + DAY)
    file = desk.kit.folder / "a.crl"
    link = desk.kit.folder / "link.crl"
    link.symlink_to(file)
    for named in ("a.crl", str(file), str(link), str(file.parent / "." / "x" / ".." / "a.crl")):
        run(revocations.fetch(desk.actor, named))
    assert desk.gatekeeper.asked_for == [str(file)] * 4
    for other in ("b.crl", "/etc/passwd", "a.crl\0", "", "-----BEGIN X509 CRL-----"):
        with pytest.raises(NotThere):
            run(revocations.fetch(desk.actor, other))


def test_lists_that_can_not_be_put_in_force_are_refused_with_the_reason(desk: DeskRig) -> None:
    now = desk.clock.now
    serve(desk, desk.kit.root("r"), begin=now - DAY, end=now + DAY)

    async def refuse(_: str | None) -> None:
        at = Position("gateway.config.yml", 9, 1)
        raise ConfigRefused([Problem(position=at, path="", message="it is no list")])

    desk.gatekeeper.fetch_lists = refuse  # type: ignore[method-assign] # what a gateway does
    with pytest.raises(EngineRefuses, match="it is no list"):
        run(desk.management.revocations.fetch(desk.actor, "a.crl"))
