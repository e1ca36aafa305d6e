"""Warnings about revocation lists, at the line that names them."""

from datetime import timedelta

import pytest
from cryptography import x509

from ostiary.kernel.problems import ConfigRefused, Problem, Severity
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.trust.decision import Refused
from ostiary.trust.reason import Reason
from tests.support.lists import crl_of
from tests.support.pki import DAY, Kit, Made
from tests.unit.services.support import NOW, TEXT, prepared

LISTED = TEXT.replace("rejectUnauthorized: false}", "rejectUnauthorized: false, crl: [{}]}")


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"), NOW)


@pytest.fixture(scope="module")
def roots(kit: Kit) -> tuple[Made, Made]:
    return kit.root("root"), kit.root("foreign")


def at_hand(issuer: Made, **more: object) -> bytes:
    times = {"begin": NOW - DAY, "end": NOW + DAY}
    return crl_of(issuer, **{**times, **more})  # type: ignore[arg-type]  # passed on as given


def warnings(roots: tuple[Made, Made], *lists: bytes, text: str = LISTED) -> list[Problem]:
    names = [f"list{number}.crl" for number in range(len(lists))]
    files = {f"/etc/o/{name}": content for name, content in zip(names, lists, strict=True)}
    files |= {"/etc/o/root.crt": roots[0].pem, "/etc/o/foreign.crt": roots[1].pem}
    found = prepared(text.replace("[{}]", f"[{', '.join(names)}]"), changed=files).warnings
    return [one for one in found if "revocation list" in one.message]


def test_every_authority_with_its_list_leaves_nothing_to_say(roots: tuple[Made, Made]) -> None:
    assert not warnings(roots, *map(at_hand, roots))
    assert not warnings(roots, at_hand(roots[0]) + at_hand(roots[1]))
    assert not warnings(roots, text=TEXT)


def test_each_anchor_without_a_list_is_told_where_clients_are_asked(
    roots: tuple[Made, Made],
) -> None:
    told = warnings(roots, at_hand(roots[0]))
    assert [one.path for one in told] == ['https.tls["*.wild.example"].ca']
    assert "'CN=foreign': its clients are refused" in told[0].message
    assert told[0].severity is Severity.WARNING


def test_an_anchor_of_an_entry_that_asks_nobody_needs_no_list(roots: tuple[Made, Made]) -> None:
    quiet = LISTED.replace("ca: [foreign.crt]}", "ca: [foreign.crt], requestCert: false}")
    assert not warnings(roots, at_hand(roots[0]), text=quiet)


def test_a_pinned_certificate_needs_no_list(kit: Kit, roots: tuple[Made, Made]) -> None:
    pinned = kit.client(roots[1], "pinned")
    told = warnings((roots[0], pinned), at_hand(roots[0]))
    assert not told


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"end": NOW}, "is out of date"),
        ({"begin": NOW + timedelta(seconds=1), "end": NOW + DAY}, "does not hold before"),
        ({"extensions": [(x509.DeltaCRLIndicator(1), True)]}, "can't be used: it is a delta list"),
        ({"number": 7, "base": 5}, "has no whole list, of number 5 at least and below 7"),
        ({"begin": NOW - 4 * DAY, "end": NOW + timedelta(hours=23)}, "ends soon, at 2026-06-02"),
    ],
)
def test_a_list_that_does_not_hold_is_told_at_its_line(
    roots: tuple[Made, Made], more: dict[str, object], words: str
) -> None:
    (told,) = warnings(roots, at_hand(roots[1]), at_hand(roots[0], **more))
    assert told.path == "https.options.crl[1]"
    assert words in told.message


def test_a_list_that_no_anchor_signed_is_told_and_so_is_the_anchor(
    kit: Kit, roots: tuple[Made, Made]
) -> None:
    told = warnings(roots, at_hand(roots[1]), at_hand(roots[0], signer=roots[1]))
    assert "signed by no trust anchor" in told[0].message
    assert {one.path for one in told[1:]} == {
        "https.tls.default.ca",
        'https.tls["strict.example"].ca',
    }
    of_mid = at_hand(kit.intermediate(roots[0], "mid"))
    (told_of_mid,) = warnings(roots, *map(at_hand, roots), of_mid)
    assert "'CN=mid' is signed by no trust anchor" in told_of_mid.message


def test_a_file_that_is_no_list_stops_the_change(roots: tuple[Made, Made]) -> None:
    with pytest.raises(ConfigRefused) as caught:
        warnings(roots, roots[0].pem)
    assert caught.value.problems[-1].path == "https.options.crl[0]"
    assert "not a revocation list but a certificate" in caught.value.problems[-1].message


def test_every_asking_entry_judges_by_the_lists(kit: Kit, roots: tuple[Made, Made]) -> None:
    gone = kit.client(roots[0], "gone")
    files = {
        "/etc/o/root.crt": roots[0].pem,
        "/etc/o/a.crl": at_hand(roots[0], revoked={gone: None}),
    }
    made = prepared(LISTED.replace("[{}]", "[a.crl]"), changed=files)
    assert made.digests["/etc/o/a.crl"]
    assert all(len(policy.crls) == 1 for policy in made.policies.values())
    assert len(made.policies) == 4
    explainer = Explainer(made, NOW)
    told = {
        entry.name: explainer.certificate(entry, Shown(gone.der)) for entry in explainer.entries
    }
    for name, status in (("default", None), ("strict.example", 403)):
        decision = told[name].decision
        assert isinstance(decision, Refused)
        assert decision.reason is Reason.REVOKED
        assert told[name].answer.status == status
        assert any("was revoked by 'CN=root'" in line.detail for line in told[name].steps)
