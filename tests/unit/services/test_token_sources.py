"""Keys that the document names, read and held against what it says of them."""

import json

from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.config.load import load
from ostiary.kernel.problems import Severity
from ostiary.services.token_sources import (
    FixedKeys,
    Introspection,
    Path,
    PublishedKeys,
    TokenReading,
    TokenSource,
    shown,
    token_sources,
)
from tests.support.tokens import SECRET, public_pem

KEY = ec.generate_private_key(ec.SECP256R1())


class Told:
    """Notes what is told."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.problems: list[tuple[Path, str, Severity]] = []

    def content(self, at: Path, file: str) -> bytes | None:
        return self.files.get(file)

    def __call__(
        self, at: Path, message: str, way_out: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        self.problems.append((at, message, severity))


def sources(told: Told, *actions: tuple[str, dict[str, object]]) -> dict[str, TokenSource]:
    text = {
        "http": {"port": 8080},
        "apiEndpoints": {"api": {"paths": "/*"}},
        "pipelines": {
            "main": {
                "apiEndpoints": ["api"],
                "policies": [{policy: {"action": action}} for policy, action in actions],
            }
        },
    }
    document = load(json.dumps(text), "gw.yml", {}).document
    reading = TokenReading(told.content, lambda at, file: (), told)
    return dict(token_sources(document, reading))


def test_each_kind_of_source_has_its_name() -> None:
    told = Told(pem=public_pem(KEY))
    found = sources(
        told,
        ("jwt", {"secretOrPublicKeyFile": "pem", "algorithms": ["ES256"]}),
        ("jwt", {"jwksUrl": "https://a.example/k?x=1", "jwksRefresh": "30s"}),
        ("oauth2-introspect", {"endpoint": "https://b.example/i", "timeout": 500, "ttl": 5}),
        ("jwt", {"secretOrPublicKeyFile": "pem", "algorithms": ["ES256"]}),
    )
    keys, published, asked = (found[f"main/{number}"] for number in range(3))
    assert len(found) == 3
    assert isinstance(keys, FixedKeys)
    assert published == PublishedKeys(url="https://a.example/k?x=1", refresh=30.0, max_age=86_400)
    assert asked == Introspection(url="https://b.example/i", seconds=0.5, ttl=5)
    assert told.problems == []


def test_a_file_that_is_no_key_is_told_at_its_line() -> None:
    told = Told(empty=b"", odd=b"-----BEGIN PUBLIC KEY-----\n")
    assert not sources(told, ("jwt", {"secretOrPublicKeyFile": "empty"}))
    assert not sources(told, ("jwt", {"secretOrPublicKeyFile": "odd"}))
    assert not sources(told, ("jwt", {"secretOrPublicKeyFile": "missing"}))
    where = ("pipelines", "main", "policies", 0, "steps", 0, "action", "secretOrPublicKeyFile")
    assert [at for at, _, _ in told.problems] == [where, where]
    assert all(severity is Severity.ERROR for _, _, severity in told.problems)


def test_algorithms_that_the_key_is_not_for_are_told() -> None:
    told = Told(pem=public_pem(KEY))
    assert not sources(told, ("jwt", {"secretOrPublicKeyFile": "pem", "algorithms": ["HS256"]}))
    assert not sources(told, ("jwt", {"secretOrPublicKey": SECRET.decode(), "algorithms": "RS256"}))
    said = [message for _, message, _ in told.problems]
    assert "takes ES256" in said[0]
    assert "takes HS256, HS384, HS512" in said[1]
    assert SECRET.decode() not in said[1]


def test_secrets_that_are_short_or_end_with_a_line_are_doubtful() -> None:
    told = Told(line=SECRET + b"\n")
    assert sources(told, ("jwt", {"secretOrPublicKey": "short"}))
    assert sources(told, ("jwt", {"secretOrPublicKeyFile": "line"}))
    assert {severity for _, _, severity in told.problems} == {Severity.WARNING}
    said = [message for _, message, _ in told.problems]
    assert "less than 32 bytes" in said[0]
    assert "the line's end is a part of the secret" in said[1]


def test_what_is_shown_of_an_address_is_no_credential() -> None:
    assert shown("https://a.example:8443/t0ken?key=1") == "https://a.example:8443"
    source = Introspection(url="https://a/t0ken", authorization="Basic x", seconds=1, ttl=1)
    assert "t0ken" not in repr(source)
    assert "Basic" not in repr(source)
