"""Webhooks of a configuration, with what their files hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ostiary.config.model.notifications import NEW_SECRET, Webhook
from ostiary.config.model.url import parse_url
from ostiary.kernel.notices import Topic, chosen
from ostiary.kernel.webhooks import BadSecret, read_secret
from ostiary.x509.certificate import Certificate

MOST_SECRETS = 4
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where notifications go, and how. Two that are equal differ in nothing."""

    name: str
    url: str = field(repr=False)
    """Behind its host there may be a credential: for people there is ``shown``."""
    keys: tuple[bytes, ...] = field(repr=False)
    """What messages are signed with, one signature each."""
    authorities: str = field(default="", repr=False)
    """PEM; empty: those of the system."""
    topics: frozenset[Topic] = frozenset(Topic)
    seconds: float = 15.0
    """How long one attempt may take."""
    patience: timedelta = timedelta(days=3)
    """How long a notification is tried again."""

    @property
    def shown(self) -> str:
        """Scheme, host and port, and that there is more."""
        url = parse_url(self.url.partition("?")[0])
        host = f"[{url.host}]" if ":" in url.host else url.host
        usual = {"http": 80, "https": 443}[url.scheme]
        port = "" if url.port == usual else f":{url.port}"
        more = "/…" if self.url.count("/") > 2 or "?" in self.url else ""
        return f"{url.scheme}://{host}{port}{more}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How files that the document names are read; each tells its problems itself."""

    content: Callable[[Path, str], bytes | None]
    certificates: Callable[[Path, str], tuple[Certificate, ...]]
    problem: Callable[[Path, str, str], None]


def targets_of(webhooks: Mapping[str, Webhook], reading: Reading) -> dict[str, Target]:
    """By name; those that can't be used are told and left out."""
    found = {}
    for name, webhook in webhooks.items():
        at: Path = ("notifications", "webhooks", name)
        keys = _keys(at, webhook, reading)
        authorities: tuple[Certificate, ...] = ()
        if webhook.ca_file is not None:
            authorities = reading.certificates((*at, "caFile"), webhook.ca_file)
        if keys:
            found[name] = Target(
                name=name,
                url=webhook.url,
                keys=keys,
                authorities=b"".join(one.pem for one in authorities).decode(),
                topics=chosen(webhook.events) | {Topic.TEST},
                seconds=webhook.timeout_ms / 1000,
                patience=webhook.patience,
            )
    return found


def _keys(at: Path, webhook: Webhook, reading: Reading) -> tuple[bytes, ...]:
    if webhook.secret is not None:
        return (read_secret(webhook.secret),)
    file = webhook.secret_file or ""
    content = reading.content((*at, "secretFile"), file)
    if content is None:
        return ()
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    try:
        keys = tuple(read_secret(line) for line in lines if line)
    except BadSecret as bad:
        reading.problem((*at, "secretFile"), f"a secret in {file!r} {bad}", NEW_SECRET)
        return ()
    if not 1 <= len(keys) <= MOST_SECRETS:
        said = f"{file!r} holds {len(keys)} secrets"
        reading.problem((*at, "secretFile"), said, f"give 1 to {MOST_SECRETS}, a line each")
        return ()
    return keys
