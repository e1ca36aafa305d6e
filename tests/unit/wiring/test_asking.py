"""Who may have a token judged by explaining, and with which keys."""

from datetime import timedelta

import pytest

from ostiary.management.errors import Forbidden
from ostiary.management.ports import Asked
from ostiary.services.credentials import Proof
from ostiary.services.explanation import Explanation
from ostiary.wiring.asking import explain_visit
from tests.support.tokens import token
from tests.unit.services.support import NOW, prepared
from tests.unit.services.test_explain_tokens import DOCUMENT, LATER, STORED, Directory, published


def asked(path: str, sent: str, *, may_try: bool = True, later: int = 0) -> Explanation:
    visit = Asked(
        leaf=b"",
        url=f"http://a.example{path}",
        at=NOW + timedelta(seconds=later),
        proof=Proof(token=sent),
        may_try=may_try,
    )
    (told,) = explain_visit(prepared(DOCUMENT), visit, Directory(), keys=lambda _: published())
    return told


def test_a_token_is_judged_at_the_time_that_is_asked_about() -> None:
    assert asked("/stored", STORED).answer.status == 201
    over = int(LATER - NOW.timestamp())
    assert asked("/stored", STORED, later=over).answer.status == 401


def test_the_keys_that_the_gateway_has_are_those_that_count() -> None:
    assert asked("/published", token({"sub": "a"})).answer.status == 201


@pytest.mark.parametrize("path", ["/stored", "/claimed", "/published", "/opaque"])
def test_who_may_not_try_secrets_may_not_try_tokens_either(path: str) -> None:
    with pytest.raises(Forbidden):
        asked(path, STORED, may_try=False)
    assert asked(path, "", may_try=False).answer.status in {204, 401}
