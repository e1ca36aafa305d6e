"""Checks of steps ``client-cert``: whether anybody can show a certificate, and what is odd."""

from collections.abc import Iterator

from ostiary.config.effective import AuthType, Effective
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.document import Document
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem


def check_client_cert(
    document: Document, places: Places, effective: Effective
) -> Iterator[Problem]:
    """Yield problems of every step ``client-cert``, warnings included."""
    for path, action in client_cert_actions(document):
        yield from _nobody(document, effective.type.value, path, places)
        yield from _odd(action, path, places)


def client_cert_actions(
    document: Document,
) -> Iterator[tuple[tuple[PathPart, ...], ClientCertAction]]:
    """Every step of this policy, with its place in the document."""
    for name, pipeline in document.pipelines.items():
        for use_number, use in enumerate(pipeline.policies):
            for number, step in enumerate(use.steps):
                if isinstance(step.action, ClientCertAction):
                    at = ("pipelines", name, "policies", use_number, "steps", number, "action")
                    yield at, step.action


def _nobody(
    document: Document, auth: AuthType, path: tuple[PathPart, ...], places: Places
) -> Iterator[Problem]:
    """Steps that refuse everybody, since no certificate is ever seen. With the other types it is
    ``auth_checks`` that says what they lack."""
    https = document.https
    seen = https is not None and any(map(https.requests_certificate, https.tls))
    if auth is AuthType.NONE and not seen:
        message = "client-cert can let nobody pass: clients are never asked for a certificate"
        way_out = "set clientCertificateAuth: {type: certificate}, or requestCert on an entry"
        yield places.problem(path, message, way_out)


def _odd(action: ClientCertAction, path: tuple[PathPart, ...], places: Places) -> Iterator[Problem]:
    if action.consumers and action.consumer == "optional":
        message = "consumer: optional does nothing where consumers are named"
        yield places.warning((*path, "consumer"), message, "remove one of the two")
    if action.report_only and action.pass_through:
        message = "passThrough does nothing where reportOnly refuses nobody"
        yield places.warning((*path, "passThrough"), message, "remove one of the two")
