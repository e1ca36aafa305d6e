"""Secrets are not shown, and come back where they belong."""

from typing import Any

from ostiary.config.hidden import with_secrets, without_secrets


def step(secret: str, **more: Any) -> dict[str, Any]:
    return {"jwt": [{"action": {"secretOrPublicKey": secret, **more}}]}


def test_secrets_are_not_shown_wherever_they_stand() -> None:
    asked = {"action": {"endpoint": "https://a", "authorization_value": "hush"}}
    written = {"policies": [step("hush", issuer="a"), {"oauth2-introspect": asked}]}
    shown = without_secrets(written)
    assert "hush" not in str(shown)
    assert "https://a" in str(shown)
    assert with_secrets(shown, written) == written


def test_secrets_move_with_what_is_around_them() -> None:
    one, two = step("1", issuer="a"), step("2", issuer="b")
    shown = without_secrets([two, one, {"proxy": {}}])
    assert with_secrets(shown, [one, two]) == [two, one, {"proxy": {}}]


def test_a_secret_gets_to_no_other_purpose() -> None:
    shown: Any = without_secrets([step("1", issuer="a")])
    shown[0]["jwt"][0]["action"]["issuer"] = "evil"
    assert with_secrets(shown, [step("1", issuer="a")]) == shown
    alike = [step("1"), step("2")]
    assert with_secrets(without_secrets(alike), alike) == without_secrets(alike)
    assert with_secrets(shown, None) == shown
