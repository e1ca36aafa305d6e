"""Which certificates revocation lists name that they did not name before."""

import pytest
from cryptography import x509

from ostiary.services import list_news as module
from ostiary.services.list_news import News, news_of
from ostiary.x509.revocation import RevocationList
from tests.support.lists import list_of
from tests.support.pki import Kit, Made

STOLEN = x509.ReasonFlags.key_compromise
REMOVED = x509.ReasonFlags.remove_from_crl


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def root(kit: Kit) -> Made:
    return kit.root("root")


@pytest.fixture(scope="module")
def clients(kit: Kit, root: Made) -> list[Made]:
    return [kit.client(root, name) for name in ("a", "b", "c")]


def told(before: list[RevocationList], after: list[RevocationList]) -> list[News]:
    return list(news_of(before, after))


def serials(news: News) -> set[int]:
    return {serial for serial, _ in news.named}


def test_who_is_on_the_list_now_is_named_with_reason(root: Made, clients: list[Made]) -> None:
    a, b, _ = clients
    before = list_of(root, {a: None}, number=1)
    after = list_of(root, {a: None, b: STOLEN}, number=2)
    (news,) = told([before], [after])
    assert (news.count, news.issuer) == (1, root.certificate.subject)
    ((serial, entry),) = news.named
    assert (serial, entry.reason) == (b.certificate.serial, "keyCompromise")


def test_the_first_list_of_an_issuer_is_no_news(root: Made, clients: list[Made]) -> None:
    assert told([], [list_of(root, {clients[0]: None})]) == []


def test_a_list_that_names_nobody_new_is_no_news(root: Made, clients: list[Made]) -> None:
    a, b, _ = clients
    before = list_of(root, {a: None, b: None}, number=1)
    assert told([before], [before]) == []
    assert told([before], [list_of(root, {a: None}, number=2)]) == []
    assert told([before], []) == []


def test_what_a_delta_told_is_not_told_again_by_the_whole_list(
    root: Made, clients: list[Made]
) -> None:
    a, b, _ = clients
    whole = list_of(root, {a: None}, number=1)
    delta = list_of(root, {b: None}, number=2, base=1)
    (news,) = told([whole], [whole, delta])
    assert serials(news) == {b.certificate.serial}
    assert told([whole, delta], [list_of(root, {a: None, b: None}, number=3)]) == []


def test_who_is_taken_off_the_list_is_no_news(root: Made, clients: list[Made]) -> None:
    a, b, _ = clients
    whole = list_of(root, {a: None}, number=1)
    delta = list_of(root, {a: REMOVED, b: STOLEN}, number=2, base=1)
    (news,) = told([whole], [whole, delta])
    assert serials(news) == {b.certificate.serial}


def test_issuers_are_told_apart(kit: Kit, root: Made, clients: list[Made]) -> None:
    other = kit.root("other")
    one, another = list_of(root, number=1), list_of(other, number=1)
    news = told([one, another], [list_of(root, {clients[0]: None}, number=2), another])
    assert [each.issuer for each in news] == [root.certificate.subject]


def test_of_lists_too_long_to_compare_only_the_number_is_told(
    root: Made, clients: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 2)
    a, b, c = clients
    before = list_of(root, {a: None}, number=1)
    (news,) = told([before], [list_of(root, {a: None, b: None, c: None}, number=2)])
    assert (news.count, news.named) == (2, ())


def test_only_some_of_many_are_named(
    root: Made, clients: list[Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_NAMED", 2)
    before = list_of(root, number=1)
    (news,) = told([before], [list_of(root, dict.fromkeys(clients), number=2)])
    assert (news.count, len(news.named)) == (3, 2)
