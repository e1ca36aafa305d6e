"""Explanations for management: of the configuration in force, by the command line's explainer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Never

from ostiary.consumers.judging import Bad, Judgement, Verdict, judge
from ostiary.consumers.model import CredentialType
from ostiary.consumers.ports import Directory
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.secrets import verify
from ostiary.management.errors import Forbidden
from ostiary.management.ports import Asked
from ostiary.services.certificate_steps import Fitting, nobodys
from ostiary.services.credentials import AskDirectory
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.prepare import Prepared
from ostiary.services.token_steps import KeysAtHand, judge_by_keys_at_hand
from ostiary.services.visits import Visit, visit_of_api
from ostiary.store.database.records import Role
from ostiary.trust.statuses import Statuses
from ostiary.wiring.explaining import AskedWrongly, visit_of_url

_NOBODYS = dict.fromkeys(CredentialType, "")
"""Who asks here may read which credentials there are: nothing has to hide that one is unknown."""


def explain_visit(
    prepared: Prepared,
    asked: Asked,
    directory: Directory,
    statuses: Callable[[], Statuses] | None = None,
    fitting: Fitting = nobodys,
    *,
    keys: KeysAtHand | None = None,
) -> tuple[Explanation, ...]:
    """One for an API or URL, else one for each TLS entry; by these OCSP answers, and credentials
    of this directory; ``fitting`` finds those that fit a certificate, ``keys`` those that issuers
    of tokens publish (None: nobody fetches any).

    Raises AskedWrongly, NoSuchApi, Forbidden.
    """
    found = statuses() if statuses else None
    ask = judging_by(directory) if asked.may_try else forbidden
    believing = judge_by_keys_at_hand(
        prepared.gathered.tokens, keys, directory, asked.at.timestamp()
    )
    about_token = believing if asked.may_try else forbidden
    explainer = Explainer(prepared, asked.at, found, ask, fitting, ask_about_token=about_token)
    shown = Shown(asked.leaf, asked.chain)
    if asked.url is not None:
        visit = visit_of_url(asked.url, asked.method)
        return (explainer.visit(_with_more(visit, asked), shown),)
    if asked.api is not None:
        visit = visit_of_api(prepared.document, explainer.table, explainer.entries, asked.api)
        return (explainer.visit(_with_more(visit, asked), shown),)
    if not explainer.entries:
        raise AskedWrongly("there is no https section, so no handshake: name an API or a URL")
    return tuple(explainer.certificate(entry, shown) for entry in explainer.entries)


def _with_more(visit: Visit, asked: Asked) -> Visit:
    return replace(visit, headers=asked.headers, client=asked.client, proof=asked.proof)


def forbidden(_judgement: object, _sent: object) -> Never:
    """Raises Forbidden."""
    raise Forbidden(Role.OPERATOR)


def judging_by(directory: Directory) -> AskDirectory:
    """Judges as the agent does, and remembers nothing of it."""

    def ask(judgement: Judgement, sent: bytes) -> Verdict:
        try:
            return judge(judgement, sent, directory, verify, _NOBODYS)
        except OSError:
            return Bad(CredentialReason.NO_ANSWER)

    return ask
