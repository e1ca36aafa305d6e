from ostiary.services.explain import Explainer
from ostiary.services.probes import doorways, probes
from tests.unit.services.support import NOW, TEXT, prepared


def test_strict_entries_and_protected_paths_are_probed() -> None:
    found = {(one.entry, str(one), one.expected) for one in probes(Explainer(prepared(), NOW))}
    assert found == {
        ("default", "https://ostiary-doctor.invalid/users", 403),
        ("strict.example", "https://strict.example/", None),
        ("*.wild.example", "https://ostiary-doctor.wild.example/users", 403),
        ("nobody.example", "https://nobody.example/users", 403),
        ("open.example", "https://open.example/users", 403),
    }


def test_what_is_open_to_everybody_is_not_probed() -> None:
    opened = TEXT.replace("{statusCode: 403}", "{statusCode: 204}")
    found = probes(Explainer(prepared(opened), NOW))
    assert {one.entry for one in found} == {"strict.example"}


def test_a_session_can_be_begun_anywhere_but_at_a_strict_entry() -> None:
    names = {entry.name for entry in doorways(Explainer(prepared(), NOW))}
    assert names == {"default", "*.wild.example", "nobody.example", "open.example"}
