"""What a document must be beyond its types; every finding at once.

Findings about listeners are in ``listener_checks``, about client certificates in ``auth_checks``,
about endpoints and pipelines in ``route_checks``, about policies in ``policy_checks``.
"""

from collections.abc import Iterator

from ostiary.config.auth_checks import check_auth
from ostiary.config.certificate_checks import check_certificates
from ostiary.config.client_cert_checks import check_client_cert
from ostiary.config.credential_checks import check_credentials
from ostiary.config.effective import Effective
from ostiary.config.foreign import POLICIES as FOREIGN
from ostiary.config.listener_checks import check_listeners
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import POLICIES
from ostiary.config.notification_checks import check_notifications
from ostiary.config.policy_checks import check_policies
from ostiary.config.route_checks import check_routes
from ostiary.config.script_checks import check_scripts
from ostiary.config.text.tree import Places
from ostiary.config.text.words import did_you_mean
from ostiary.config.token_checks import check_tokens
from ostiary.kernel.problems import Problem


def check(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    """Yield every problem of the document as a whole, warnings included."""
    yield from check_listeners(document, places, effective.type.value)
    yield from check_auth(document, places, effective)
    yield from check_routes(document, places)
    yield from check_credentials(document, places)
    yield from check_client_cert(document, places, effective)
    yield from check_certificates(document, places)
    yield from check_policies(document, places, effective)
    yield from check_tokens(document, places, effective)
    yield from check_scripts(document, places)
    yield from _policies(document, places)
    yield from check_notifications(document, places)


def _policies(document: Document, places: Places) -> Iterator[Problem]:
    if document.policies is None:
        return
    for number, name in enumerate(document.policies):
        if name not in FOREIGN and name not in POLICIES:
            hint = did_you_mean(name, (*POLICIES, *FOREIGN))
            yield places.warning(("policies", number), f"unknown policy {name[:80]!r}", hint)
    for pipeline_name, pipeline in document.pipelines.items():
        for number, use in enumerate(pipeline.policies):
            if use.name not in document.policies:
                path = ("pipelines", pipeline_name, "policies", number)
                message = f"the policy {use.name!r} isn't in policies"
                yield places.problem(path, message, f"add {use.name} to policies")
