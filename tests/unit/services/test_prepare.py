import pytest

from ostiary.compiler.bundle import Place
from ostiary.kernel.problems import ConfigRefused, Problem, Severity
from ostiary.services.ports import Unreadable
from ostiary.services.prepare import prepare
from tests.unit.services.support import NOW, TEXT, foreign, prepared, site

PLACE = Place(folder="/r1", run_folder="/run", revision=1)


def _refused(text: str = TEXT, **changed: bytes) -> tuple[Problem, ...]:
    files = {f"/etc/o/{name.replace('_', '.')}": content for name, content in changed.items()}
    with pytest.raises(ConfigRefused) as refused:
        prepared(text, files)
    return tuple(one for one in refused.value.problems if one.severity is Severity.ERROR)


def test_the_same_document_gives_the_same_bytes() -> None:
    assert prepared().bundle(PLACE).files == prepared().bundle(PLACE).files


def test_every_file_it_was_made_from_is_named_with_its_digest() -> None:
    digests = prepared().digests
    assert set(digests) == {
        f"/etc/o/{name}"
        for name in ("gateway.config.yml", "site.key", "site.crt", "root.crt", "foreign.crt")
    }
    assert all(len(digest) == 64 for digest in digests.values())


def test_only_entries_that_ask_have_a_policy() -> None:
    made = prepared()
    assert len(made.policies) == 4
    assert sorted(len(policy.anchors) for policy in made.policies.values()) == [0, 1, 1, 1]


def test_all_problems_of_all_files_are_told_at_once() -> None:
    text = TEXT.replace("ca: [root.crt]}\n", "ca: [rot.crt]}\n", 1).replace("foreign.crt", "x.crt")
    problems = _refused(text, site_key=foreign().key_pem())
    paths = {problem.path for problem in problems}
    assert {"https.tls.default.ca[0]", "https.tls.default.key"} <= paths
    assert 'https.tls["*.wild.example"].ca[0]' in paths
    assert all(problem.position.line > 1 for problem in problems)


def test_a_refusal_names_the_files_that_are_worth_watching() -> None:
    with pytest.raises(ConfigRefused) as refused:
        prepared(TEXT.replace("foreign.crt", "missing.crt"))
    assert "/etc/o/missing.crt" in refused.value.files


def test_a_private_key_never_shows_in_a_problem() -> None:
    secret = site().key_pem().decode().splitlines()[1]
    problems = _refused(site_crt=site().key_pem())
    assert problems
    assert secret not in " ".join(map(str, problems))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_can_not_be_read_is_refused_as_a_whole(content: bytes | None) -> None:
    def read(path: str) -> bytes:
        if content is None:
            raise Unreadable("there is no such file")
        return content

    with pytest.raises(ConfigRefused) as refused:
        prepare("/x.yml", read, {}, NOW)
    (problem,) = refused.value.problems
    assert (problem.position.line, problem.position.column) == (1, 1)
    assert problem.way_out
