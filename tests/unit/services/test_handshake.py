import pytest

from ostiary.ca.authority import issue_client, new_intermediate
from ostiary.ca.dice import SystemDice
from ostiary.compiler.tls import Asking, Entry, entries_of
from ostiary.services.handshake import (
    Fails,
    Passes,
    asks,
    choose_entry,
    leads_to_a_root,
    shake_hands,
)
from ostiary.trust.decision import Admitted, Refused
from ostiary.trust.reason import Reason
from tests.unit.services.support import NOW, prepared, root


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("strict.example", "strict.example"),
        ("STRICT.example.", "strict.example"),
        ("a.wild.example", "*.wild.example"),
        ("a.b.wild.example", "default"),
        ("wild.example", "default"),
        ("", "default"),
    ],
)
def test_exact_beats_wildcard_beats_default(name: str, entry: str) -> None:
    https = prepared().document.https
    assert https is not None
    found = choose_entry(entries_of(https), name)
    assert found is not None
    assert found.name == entry


def test_without_a_default_an_unknown_name_is_nobodys() -> None:
    assert choose_entry([Entry("a.example", Asking.ANY)], "b.example") is None


def test_only_a_strict_entry_refuses_in_the_handshake() -> None:
    refused = Refused(Reason.CERTIFICATE_EXPIRED, "old", NOW)
    assert shake_hands(Entry("a", Asking.ANY), refused) == Passes()
    assert shake_hands(Entry("a", Asking.TRUSTED), refused) == Fails("certificate_expired", True)
    assert shake_hands(Entry("a", Asking.TRUSTED), Admitted((), NOW)) == Passes()


def test_what_openssl_does_not_look_at_passes_the_handshake() -> None:
    hostile = Refused(Reason.HOSTILE_NAME, "NUL", NOW)
    assert shake_hands(Entry("a", Asking.TRUSTED), hostile) == Passes()
    weak = shake_hands(Entry("a", Asking.TRUSTED), Refused(Reason.WEAK_KEY, "RSA 1024", NOW))
    assert weak == Fails("bad_certificate", False)


def test_what_is_asked_is_told_for_each_kind() -> None:
    assert len({asks(Entry("a", asking)) for asking in Asking}) == len(Asking)


def test_the_handshake_wants_a_path_that_ends_at_a_root() -> None:
    middle = new_intermediate(root(), "Middle", NOW, SystemDice())
    leaf = issue_client(middle, "device", NOW, SystemDice()).certificate
    strict = Entry("a", Asking.TRUSTED)
    admitted = Admitted((leaf, middle.certificate), NOW)
    anchors = [middle.certificate]
    assert shake_hands(strict, admitted, anchors) == Fails("unknown_ca", True)
    assert shake_hands(strict, admitted, [*anchors, root().certificate]) == Passes()
    assert shake_hands(Entry("a", Asking.ANY), admitted, anchors) == Passes()
    assert not leads_to_a_root(leaf, [leaf])
