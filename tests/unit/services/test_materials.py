from datetime import timedelta

import pytest

from ostiary.ca.authority import issue_server, new_intermediate, new_root
from ostiary.ca.dice import SystemDice
from ostiary.kernel.problems import Problem
from tests.unit.services.support import NOW, prepared, root, site


def _warnings(**changed: bytes) -> dict[str, Problem]:
    files = {f"/etc/o/{name.replace('_', '.')}": content for name, content in changed.items()}
    ordinary = {one.path for one in prepared().warnings}
    return {one.path: one for one in prepared(changed=files).warnings if one.path not in ordinary}


@pytest.mark.parametrize(
    ("begins", "days", "words"),
    [(-400, 397, "expired on"), (-380, 397, "expires on"), (2, 397, "is not valid before")],
)
def test_a_server_certificate_out_of_its_time_is_a_warning(
    begins: int, days: int, words: str
) -> None:
    old = new_root("Root", NOW - timedelta(days=500), SystemDice())
    made = issue_server(old, ["a.example"], NOW + timedelta(days=begins), SystemDice(), days=days)
    told = _warnings(site_crt=made.fullchain_pem(), site_key=made.key_pem())
    assert words in told["https.tls.default.cert"].message


def test_an_expired_anchor_is_a_warning_and_the_others_stand() -> None:
    old = new_root("Old root", NOW - timedelta(days=50), SystemDice(), days=20)
    told = _warnings(root_crt=old.certificate_pem() + root().certificate_pem())
    assert "has expired" in told["https.tls.default.ca[0]"].message


def test_an_anchor_that_is_no_root_is_a_warning_where_the_handshake_refuses() -> None:
    middle = new_intermediate(root(), "Middle", NOW, SystemDice()).certificate_pem()
    told = _warnings(root_crt=middle)
    assert "its clients are refused" in told['https.tls["strict.example"].ca'].message
    assert "https.tls.default.ca" not in told
    assert not _warnings(root_crt=middle + root().certificate_pem())


def test_an_anchor_named_twice_counts_once_and_nothing_is_doubtful() -> None:
    assert not _warnings(root_crt=root().certificate_pem() * 2)
    files = {"/etc/o/root.crt": root().certificate_pem() * 2}
    made = prepared(changed=files).materials.entries["default"]
    assert len(made.anchors) == 1
    assert made.certificate == site().fullchain_pem()
