"""Whose certificates are, for ``explain``: by the credentials that the store keeps."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ostiary.cli.answers import Speaker
from ostiary.cli.reaching import admin_socket, answers, local_client
from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.model import Consumer, Credential, CredentialType, Known
from ostiary.kernel.errors import OstiaryError
from ostiary.management.consumers.tying import read_rules
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.views import Page
from ostiary.services.certificate_index import fits, fitting_in
from ostiary.services.certificate_steps import Fitting
from ostiary.store.lock import StateLock
from ostiary.trust.names.facts import Facts
from ostiary.wiring.ground import read_file


def kept_credentials(config: Path, state: Path) -> Fitting:
    """Finds the credentials of this state folder that fit a certificate. Nothing is read before it
    is asked; a running gateway is asked, since only it may use its database."""

    def fitting(facts: Facts) -> Sequence[CertificateCredential]:
        try:
            path = admin_socket(state)
            if answers(path):
                with local_client(path, 60.0) as http:
                    return _of_running(Speaker(http, f"the gateway on {str(state)!r}"), facts)
            return _of_stopped(config, state, facts) if state.exists() else ()
        except OstiaryError as error:
            raise OSError(str(error)) from error

    return fitting


def _of_running(gateway: Speaker, facts: Facts) -> list[CertificateCredential]:
    kind = CredentialType.CERTIFICATE.value
    path = "/consumers/credentials"
    rows = gateway.pages(Page[CredentialView], path, None, **{"type": kind})
    found = [one for one in map(_credential, rows) if fits(one, facts)]
    return [_with_consumer(gateway, one) for one in _sorted(found)]


def _sorted(found: list[CertificateCredential]) -> list[CertificateCredential]:
    return sorted(found, key=lambda one: one.known.credential.id)


def _credential(view: CredentialView) -> CertificateCredential:
    consumer = Consumer(
        id=view.consumer, kind=view.consumer_kind, name=view.consumer_name, active=True
    )
    credential = Credential(
        type=view.type, id=view.name, scopes=frozenset(view.scopes), active=view.active
    )
    return CertificateCredential(
        known=Known(consumer=consumer, credential=credential),
        rules=read_rules(view.rules),
        valid_from=view.valid_from,
        valid_until=view.valid_until,
    )


def _with_consumer(gateway: Speaker, one: CertificateCredential) -> CertificateCredential:
    """Also with whether its consumer is active."""
    consumer = one.known.consumer
    view = gateway.read(ConsumerView, f"/consumers/{consumer.kind.value}s/{consumer.id}")
    known = replace(one.known, consumer=replace(consumer, active=view.active))
    return replace(one, known=known)


def _of_stopped(config: Path, state: Path, facts: Facts) -> Sequence[CertificateCredential]:
    document = read_file(config).document
    if document.store.url is None and not (state / "ostiary.db").exists():
        return ()
    # SQLAlchemy comes with them: only when they are needed.
    from ostiary.store.database.consumer_directory import StoredDirectory  # noqa: PLC0415
    from ostiary.wiring.keeping import open_database  # noqa: PLC0415

    with StateLock(state):
        database = open_database(document, state)
        try:
            directory = StoredDirectory(lambda: database)
            return fitting_in(directory, facts)
        finally:
            database.close()
