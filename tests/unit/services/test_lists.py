"""Files of revocation lists: read once, and never replaced by older ones."""

from datetime import timedelta

import pytest
from cryptography import x509

from ostiary.kernel.problems import ConfigRefused
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.services.list_sources import Fetched
from ostiary.services.lists import ListFile, ListReading, ends_of
from ostiary.services.prepare import Prepared, prepare_written, read_written
from ostiary.trust.policy import Revocation
from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList
from tests.support.lists import HERE, crl_of, point
from tests.support.pki import DAY, Kit, Made
from tests.unit.services.support import NOW, TEXT, files

BOTH = TEXT.replace("rejectUnauthorized: false}", "rejectUnauthorized: false, crl: [node.crl]}") + (
    "clientCertificateAuth:\n"
    "  type: certificate\n"
    "  revocation: {mode: soft, grace: 2h, crl: [clients.crl]}\n"
)
OLD, NEW = "/etc/o/node.crl", "/etc/o/clients.crl"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Kit(tmp_path_factory.mktemp("pki"), NOW).root("root")


@pytest.fixture(scope="module")
def next_root(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same name with another key."""
    return Kit(tmp_path_factory.mktemp("pki"), NOW).root("root")


def numbered(issuer: Made, number: int | None, **more: object) -> bytes:
    given = {"begin": NOW - DAY, "end": NOW + 30 * DAY, "number": number} | more
    return crl_of(issuer, **given)  # type: ignore[arg-type]  # passed on as given


class Counting:
    """Reads lists and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, content: bytes) -> tuple[RevocationList, ...]:
        self.times += 1
        return read_crls(content)


def prepared(
    lists: dict[str, bytes],
    text: str = BOTH,
    before: Prepared | None = None,
    read: Counting | None = None,
) -> Prepared:
    content = files() | lists | {"/etc/o/gateway.config.yml": text.encode()}
    reading = ListReading(
        read or Counting(), before.gathered.lists.files if before is not None else {}
    )
    written = read_written("/etc/o/gateway.config.yml", content.__getitem__, {})
    return prepare_written(written, content.__getitem__, NOW, reading=reading)


def numbers(made: Prepared) -> list[int]:
    return sorted(one.number for one in made.materials.client_crls)


def test_clients_are_looked_up_in_both_lists_by_the_mode_and_the_grace(root: Made) -> None:
    made = prepared({OLD: numbered(root, 1), NEW: numbered(root, 2)})
    for policy in made.policies.values():
        assert {one.number for one in policy.crls} == {1, 2}
        assert policy.looks_up is Revocation.SOFT
        assert policy.grace == timedelta(hours=2)


def test_balancers_are_looked_up_in_nodes_lists_only_and_strictly(root: Made) -> None:
    header = BOTH.replace(
        "  type: certificate\n",
        "  type: header\n  headerPreset: nginx\n  trustedProxies: [127.0.0.1]\n",
    )
    made = prepared({OLD: numbered(root, 1), NEW: numbered(root, 2)}, header)
    found = {
        (tuple(sorted(one.number for one in policy.crls)), policy.looks_up)
        for policy in made.policies.values()
    }
    assert found == {((1,), Revocation.STRICT), ((1, 2), Revocation.SOFT)}


def test_an_api_has_a_mode_and_a_grace_of_its_own(root: Made) -> None:
    text = BOTH.replace(
        "lost: {paths: /lost}",
        "lost: {paths: /lost, clientCertificateAuth: {revocation: {mode: strict}}}",
    )
    made = prepared({OLD: numbered(root, 1), NEW: numbered(root, 2)}, text)
    modes = {
        ("." in scope): (policy.looks_up, policy.grace) for scope, policy in made.policies.items()
    }
    grace = timedelta(hours=2)
    assert modes == {False: (Revocation.SOFT, grace), True: (Revocation.STRICT, grace)}


def test_what_has_not_changed_is_not_read_again(root: Made) -> None:
    read = Counting()
    lists = {OLD: numbered(root, 1), NEW: numbered(root, 2)}
    first = prepared(lists, read=read)
    again = prepared(lists, before=first, read=read)
    assert read.times == 2
    assert again.materials.client_crls[0] is first.materials.client_crls[0]
    prepared(lists | {NEW: numbered(root, 3)}, before=again, read=read)
    assert read.times == 3


def test_an_older_list_never_replaces_a_newer_one_and_that_is_told(root: Made) -> None:
    first = prepared({OLD: numbered(root, 1), NEW: numbered(root, 10)})
    back = prepared({OLD: numbered(root, 1), NEW: numbered(root, 9)}, before=first)
    assert numbers(back) == [9, 10]
    (told,) = [one for one in back.warnings if "older than the one in force" in one.message]
    assert told.path == "clientCertificateAuth.revocation.crl[0]"
    assert "number 10" in told.message
    still = prepared({OLD: numbered(root, 1), NEW: numbered(root, 9)}, before=back)
    assert numbers(still) == [9, 10]
    on = prepared({OLD: numbered(root, 1), NEW: numbered(root, 11)}, before=still)
    assert numbers(on) == [11]


def test_numbers_of_other_keys_kinds_and_none_are_not_compared(root: Made, next_root: Made) -> None:
    key = x509.AuthorityKeyIdentifier.from_issuer_public_key(next_root.native.public_key())
    first = prepared({OLD: numbered(root, 1), NEW: numbered(root, 10)})
    for after in (
        numbered(next_root, 1, extensions=[(key, False)]),
        numbered(root, 3, base=1),
        numbered(root, 11),
    ):
        made = prepared({OLD: numbered(root, 1), NEW: after}, before=first)
        assert len(made.materials.client_crls) == 1


def test_a_file_that_is_no_list_is_refused_at_its_line(root: Made) -> None:
    with pytest.raises(ConfigRefused) as caught:
        prepared({OLD: numbered(root, 1), NEW: root.pem})
    assert caught.value.problems[-1].path == "clientCertificateAuth.revocation.crl[0]"
    assert "not a revocation list but a certificate" in caught.value.problems[-1].message


def test_who_has_no_list_is_told_by_what_comes_of_it(root: Made) -> None:
    lists = {OLD: numbered(root, 1), NEW: numbered(root, 2)}
    for mode, words in (
        ("soft", "none of them is known as revoked"),
        ("strict", "its clients are refused"),
        ("off", ""),
    ):
        made = prepared(lists, BOTH.replace("mode: soft", f"mode: {mode}"))
        told = [one for one in made.warnings if "there is no revocation list" in one.message]
        assert bool(told) is bool(words)
        assert all(one.message.endswith(words) for one in told)


def test_the_steps_of_explain_tell_mode_and_outcome(root: Made, next_root: Made) -> None:
    kit = Kit(root.folder, NOW)
    client = kit.client(root, "explained")
    changed = {"/etc/o/root.crt": root.pem, "/etc/o/foreign.crt": root.pem}
    for mode, issuer, passes, words in (
        ("soft", next_root, True, "undetermined, which mode soft lets pass"),
        ("strict", next_root, False, "is not signed by its key"),
        ("off", next_root, True, "no revocation list is looked in"),
        ("soft", root, True, "not in the list of 'CN=root' until"),
    ):
        lists = {OLD: numbered(issuer, 1), NEW: numbered(issuer, 2)}
        made = prepared(lists | changed, BOTH.replace("mode: soft", f"mode: {mode}"))
        told = Explainer(made, NOW).api("lost", Shown(client.der))
        (line,) = [one for one in told.steps if one.name == "certificate: revocation"]
        assert (line.passed, words in line.detail) == (passes, True), line
        assert any(
            f"revocation: {mode} (inherited from the gateway)" in one.detail for one in told.steps
        )
        assert (told.answer.status == 403) is not passes
        would = [one for one in told.steps if one.name == "only told"]
        assert bool(would) is (words.startswith("undetermined"))


def test_when_lists_end_is_told_by_setting_issuer_and_kind(root: Made, next_root: Made) -> None:
    def at(days: int) -> object:
        return NOW + days * DAY

    half = {"extensions": point(HERE)}
    made = prepared(
        {
            OLD: numbered(root, 1, end=at(9)),
            NEW: numbered(root, 2, end=at(3))
            + numbered(root, 4, end=at(5))
            + numbered(root, 4, end=at(4), **half)
            + numbered(root, 5, base=4, end=at(1))
            + numbered(root, None, base=4, end=at(1)),
        }
    )
    clients = "clientCertificateAuth.revocation.crl[0]"
    assert dict(ends_of(made.gathered.lists.places)) == {
        ("https.options.crl[0]", "CN=root", "whole"): at(9),
        (clients, "CN=root", "whole"): at(4),
        (clients, "CN=root", "delta"): at(1),
    }


def test_a_list_from_before_a_restart_is_not_replaced_by_an_older_one(root: Made) -> None:
    newer = ListReading().file("/a.crl", numbered(root, 7), "7")
    asked: list[tuple[str, str]] = []

    def recall(path: str, digest: str) -> ListFile | None:
        asked.append((path, digest))
        return newer

    reading = ListReading(recall=recall)
    put_back = reading.file("/a.crl", numbered(root, 6), "6")
    assert put_back.kept == newer.lists
    assert reading.file("/a.crl", numbered(root, 8), "8").kept == ()
    assert asked == [("/a.crl", "6"), ("/a.crl", "8")]


URL = "http://crl.example.com/a.crl"
FETCHING = TEXT + (
    "clientCertificateAuth:\n"
    "  type: certificate\n"
    f"  revocation: {{crl: ['{URL}'], fetch: {{distributionPoints: true, hosts: '*'}}}}\n"
)


def test_a_list_that_was_never_fetched_is_named_all_the_same() -> None:
    made = prepared({}, FETCHING)
    assert {one.looks_up for one in made.policies.values()} == {Revocation.STRICT}
    assert {one.crls for one in made.policies.values()} == {()}
    assert not [one for one in made.warnings if "revocation list" in one.message]


def test_what_was_fetched_counts_like_a_file_of_the_clients(root: Made) -> None:
    (one,), (two,) = (read_crls(numbered(root, number)) for number in (5, 6))
    fetched = Fetched(by_url={URL: (one,), "http://gone/": (two,)}, found=(("http://b/", (two,)),))
    made = prepared({}, FETCHING).with_fetched(fetched, NOW)
    assert {policy.crls for policy in made.policies.values()} == {(one, two)}
    ends = ends_of(made.crl_places)
    assert {where for where, _, _ in ends} == {
        "clientCertificateAuth.revocation.crl[0]",
        "clientCertificateAuth.revocation.fetch.distributionPoints",
    }
    changed = made.with_managed(made.managed, made.materials.trusted_store, NOW)
    assert changed.fetched is fetched
    told = [one.message for one in made.warnings if "revocation list" in one.message]
    assert told == ["the revocation list of 'CN=root' is signed by no trust anchor"]


def test_points_count_only_where_they_are_followed(root: Made) -> None:
    (one,) = read_crls(numbered(root, 5))
    fetched = Fetched(found=((URL, (one,)),))
    text = FETCHING.replace("distributionPoints: true, ", "")
    made = prepared({}, text).with_fetched(fetched, NOW)
    assert {policy.crls for policy in made.policies.values()} == {()}
