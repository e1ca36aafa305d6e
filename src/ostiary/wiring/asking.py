"""Explanations for management: of the configuration in force, by the command line's explainer."""

from ostiary.management.ports import Asked
from ostiary.services.certificate_steps import Fitting, nobodys
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.prepare import Prepared
from ostiary.trust.statuses import Statuses
from ostiary.wiring.explaining import AskedWrongly, visit_of_url


def explain_visit(
    prepared: Prepared,
    asked: Asked,
    statuses: Statuses | None = None,
    fitting: Fitting = nobodys,
) -> tuple[Explanation, ...]:
    """One for an API or URL, else one for each TLS entry; by these OCSP answers and credentials.

    Raises AskedWrongly, NoSuchApi.
    """
    explainer = Explainer(prepared, asked.at, statuses, fitting)
    shown = Shown(asked.leaf, asked.chain)
    if asked.url is not None:
        return (explainer.visit(visit_of_url(asked.url, asked.method), shown),)
    if asked.api is not None:
        return (explainer.api(asked.api, shown),)
    if not explainer.entries:
        raise AskedWrongly("there is no https section, so no handshake: name an API or a URL")
    return tuple(explainer.certificate(entry, shown) for entry in explainer.entries)
