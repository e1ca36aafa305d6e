"""Which proxy options are in force, once the policy and the service have had their say."""

from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import ProxyAction
from ostiary.config.model.proxy import ProxyOptions


def effective_proxy(document: Document, action: ProxyAction) -> ProxyOptions:
    """Merge the options of a proxy action, as Express Gateway 1.16 does.

    The action's own parameters, over them the service endpoint's ``proxyOptions``, over them the
    action's ``proxyOptions``; only what was written counts, and ``target`` and ``headers`` are
    replaced whole. Raises KeyError when the document has no such service endpoint (``load`` has
    refused that already).
    """
    service = document.service_endpoints[action.service_endpoint]
    merged: dict[str, object] = {}
    for source in (action, service.proxy_options, action.proxy_options):
        if source is not None:
            for field in source.model_fields_set & set(ProxyOptions.model_fields):
                merged[field] = getattr(source, field)
    return ProxyOptions.model_validate(merged)
