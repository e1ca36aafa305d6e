"""What is told of a changed file that acts after a restart only."""

import pytest

from ostiary.wiring.restarting import needs_restart
from tests.unit.services.support import TEXT, prepared

OTHER = "postgresql+psycopg://ostiary:secret@db.example/ostiary"
HTTPS = "admin: {tls: {key: site.key, cert: site.crt}}"


def told(before: str, after: str) -> list[str]:
    started = prepared(f"{TEXT}{before}\n").document
    return [str(one) for one in needs_restart(started, prepared(f"{TEXT}{after}\n"))]


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("", "admin: {enabled: false}", "admin.enabled"),
        ("admin: {port: 9000}", "admin: {port: 9001}", "admin.port"),
        ("", "admin: {host: '::1'}", "admin.hostname"),
        ("", "admin: {allowPlainHttp: true}", "admin.allowPlainHttp"),
        ("", HTTPS, "admin.tls"),
        (HTTPS, "", "admin.tls"),
        ("", f"store: {{url: '{OTHER}'}}", "store.url"),
        ("", "truststore: {forceRecovery: true}", "truststore.forceRecovery"),
        ("pki: {port: 8100}", "pki: {port: 8101}", "pki.port"),
        ("pki: {port: 8100}", "pki: {port: 8100, host: '::1'}", "pki.host"),
        ("", "engine: {binary: ./haproxy}", "engine.binary"),
        ("", "logs: {access: access.log}", "logs.access"),
    ],
)
def test_a_setting_that_is_read_at_the_start_is_named(before: str, after: str, named: str) -> None:
    (line,) = told(before, after)
    assert f"warning: {named}: the change acts after a restart only" in line
    assert "secret" not in line


def test_several_are_told_at_once_each_at_its_place() -> None:
    after = "admin:\n  port: 9001\nlogs: {access: access.log}"
    line = TEXT.count("\n") + 2
    logs, admin = told("", after)
    assert logs.startswith(f"/etc/o/gateway.config.yml:{line + 1}:16: ")
    assert admin.startswith(f"/etc/o/gateway.config.yml:{line}:9: ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "admin: {port: 9876, hostname: 127.0.0.1}"),
        ("admin: {host: '::1'}", "admin: {hostname: '::1'}"),
        (HTTPS, "admin: {tls: {key: site.key, cert: site.crt, ca: root.crt}}"),
        ("", "truststore: {forceRecovery: false}"),
        ("", "engine: {threads: 2}"),
    ],
)
def test_what_stays_the_same_or_acts_by_itself_is_not_told(before: str, after: str) -> None:
    assert told(before, after) == []
