"""Dumps of consumers, by admin API and by Redis, and what is sent of them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.migration.dump import Dump, DumpedCredential, NoDump, read_dump
from ostiary.migration.taking import PORTION, plan

ADA = "57b8acc1-0859-47e2-ac36-2a5b9d6c2dba"
APP = "9e6b2013-7625-404c-96dd-9d987e10b05f"
BCRYPT = "$2a$10$FtJajMXR9fuqm8XGGl/D.eAso4DpDDDyhvommA6pjFx1zqOBYjq56"
USER = {"id": ADA, "username": "ada", "firstname": "Ada", "lastname": "L", "email": "a@b.example"}

API = "\n".join(
    map(
        json.dumps,
        [
            {"users": [{**USER, "isActive": True}], "nextKey": 0},
            {"apps": [{"id": APP, "userId": ADA, "name": "mobile", "isActive": False}]},
            {"scopes": ["read"]},
            {
                "credentials": [
                    {
                        "keyId": "k1",
                        "keySecret": "s1",
                        "scopes": ["read"],
                        "consumerId": ADA,
                        "id": "k1",
                        "type": "key-auth",
                        "isActive": True,
                    },
                    {"type": "basic-auth", "id": ADA, "scopes": None, "isActive": True},
                ]
            },
        ],
    )
)
REDIS = {
    f"EG-user:{ADA}": {**USER, "isActive": "true"},
    "EG-username:ada": [ADA],
    f"EG-application:{APP}": {"id": APP, "userId": ADA, "name": "mobile", "isActive": "false"},
    f"EG-user-applications:{ADA}": [APP],
    f"EG-key-auth:{ADA}": ["k1"],
    "EG-key-auth:k1": {
        "isActive": "true",
        "keyId": "k1",
        "keySecret": "s1",
        "scopes": '["read"]',
        "consumerId": ADA,
    },
    f"EG-basic-auth:{ADA}": {"isActive": "true", "password": BCRYPT, "passwordKey": "password"},
    "EG-scope": {"read": "true"},
    "EG-scope-credentials:read": {"EG-key-auth:k1": "true"},
}


def test_the_admin_api_and_redis_tell_the_same_but_for_passwords() -> None:
    api, redis = read_dump(API), read_dump(json.dumps(REDIS))
    assert (api.users, api.apps, api.scopes) == (redis.users, redis.apps, redis.scopes)
    assert [one.username for one in api.users] == ["ada"]
    assert [(one.user, one.active) for one in api.apps] == [(ADA, False)]
    key = DumpedCredential(type="key-auth", consumer=ADA, name="k1", secret="s1", scopes=("read",))
    assert api.credentials[0] == key
    assert redis.credentials[0] == key
    assert [one.secret for one in (api.credentials[1], redis.credentials[1])] == ["", BCRYPT]


def test_documents_may_stand_in_lists_or_one_to_a_line_and_twice() -> None:
    lines = "\n".join(json.dumps({key: value}) for key, value in REDIS.items())
    assert read_dump(lines) == read_dump(json.dumps([REDIS])) == read_dump(lines + "\n" + lines)


def test_keys_that_are_not_of_consumers_are_left() -> None:
    others = {"rl:127.0.0.1": "5", "sess:abc": {"cookie": "x"}}
    assert read_dump(json.dumps([{**others, **REDIS}])) == read_dump(json.dumps(REDIS))
    lines = "\n".join(json.dumps({key: value}) for key, value in {**others, **REDIS}.items())
    assert read_dump(lines) == read_dump(json.dumps(REDIS))


def test_another_namespace_is_another_gateways() -> None:
    other = json.dumps(REDIS).replace("EG-", "shop-")
    assert read_dump(other, "shop") == read_dump(json.dumps(REDIS))
    with pytest.raises(NoDump, match="keys that begin with EG-"):
        read_dump(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}\n{", "line 2 of the dump isn't JSON"),
        ("[1]", "holds no consumers"),
        ('{"users": [1]}', "where a consumer or a credential should be"),
        ("[" * 100_000, "nested too deeply"),
        ('{"error": "WRONGTYPE"}', "holds no consumers"),
    ],
)
def test_what_is_no_dump_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(NoDump, match=words):
        read_dump(text)


def test_who_is_not_said_to_be_active_is_not() -> None:
    assert not read_dump(json.dumps({f"EG-user:{ADA}": {"username": "ada"}})).users[0].active


@settings(max_examples=25)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["users", "scopes", "id", "EG-user:x", "EG-key-auth:y", "scopes"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=10,
    )
)
def test_no_json_makes_it_fail_otherwise(document: Any) -> None:
    try:
        dump = read_dump(json.dumps(document))
    except NoDump:
        return
    plan(dump)


# -- what is sent -------------------------------------------------------------------------------


def test_users_are_sent_with_all_that_is_theirs() -> None:
    planned = plan(read_dump(json.dumps(REDIS)))
    assert planned.untaken == ()
    (portion,) = planned.portions
    assert portion.body["scopes"] == ["read"]
    assert portion.body["users"][0]["username"] == "ada"
    assert portion.body["apps"] == [
        {"id": APP, "user": ADA, "name": "mobile", "redirectUri": "", "active": False}
    ]
    key, password = portion.body["credentials"]
    assert (key["name"], key["secret"], key["scopes"]) == ("k1", "s1", ["read"])
    assert password["hash"] == BCRYPT
    assert "secret" not in password
    assert portion.called["/credentials/0"] == "key-auth credential k1"


def test_many_go_in_portions_and_a_users_are_never_parted() -> None:
    document = {}
    for number in range(PORTION):
        user = f"00000000-0000-4000-8000-{number:012}"
        document[f"EG-user:{user}"] = {"username": f"u{number}", "isActive": "true"}
        key = {"keyId": f"k{number}", "keySecret": "s", "consumerId": user, "isActive": "true"}
        document[f"EG-key-auth:k{number}"] = key
    planned = plan(read_dump(json.dumps(document)))
    assert len(planned.portions) == 2
    for portion in planned.portions:
        users = [one["id"] for one in portion.body["users"]]
        assert [one["consumer"] for one in portion.body["credentials"]] == users


def untaken(**changes: Any) -> list[str]:
    """What is said of a dump with other values under some keys; None removes one."""
    document = {**REDIS, **changes}
    dump = read_dump(json.dumps({key: value for key, value in document.items() if value}))
    return [f"{one.what}: {one.why} ({one.way_out})" for one in plan(dump).untaken]


def test_what_cannot_be_taken_is_told_with_its_way_out() -> None:
    (oauth2,) = untaken(**{f"EG-oauth2:{ADA}": {"secret": BCRYPT}})
    assert "issues no OAuth 2.0 tokens" in oauth2
    (orphan,) = untaken(**{f"EG-basic-auth:{APP[::-1]}": {"password": BCRYPT}})
    assert "isn't in the dump" in orphan
    owned = untaken(**{f"EG-user:{ADA}": None})
    assert len(owned) == 3
    assert "its user" in owned[0]
    (empty,) = untaken(**{"EG-key-auth:k1": {"keyId": "k1", "consumerId": ADA}})
    assert "secret isn't in the dump" in empty
    (strange,) = untaken(**{f"EG-user:{ADA}": {**USER, "email": "nowhere"}})
    assert strange.startswith("email of user ada")


def test_a_password_that_the_admin_api_hides_is_told() -> None:
    (one,) = plan(read_dump(API)).untaken
    assert "Redis" in one.way_out


def test_a_user_without_a_uuid_stays_behind_with_all_that_is_its_own() -> None:
    document = {
        "EG-user:7": {"username": "x", "isActive": "true"},
        "EG-key-auth:k": {"keyId": "k", "keySecret": "s", "consumerId": "7"},
    }
    planned = plan(read_dump(json.dumps(document)))
    assert [one.what for one in planned.untaken] == ["user x"]
    assert planned.portions == ()


def test_an_empty_dump_comes_to_nothing() -> None:
    assert read_dump("") == Dump()
    assert plan(Dump()).portions == ()
