"""Options of proxying win in Express Gateway's order, and only where they were written."""

import pytest

from ostiary.config.model.pipeline import ProxyAction
from ostiary.config.model.proxy import ProxyOptions, Target
from ostiary.config.proxying import effective_proxy
from tests.unit.config.support import loaded, with_action


def effective(action: str, options: str = "") -> ProxyOptions:
    service = f'{{url: "https://a", proxyOptions: {{{options}}}}}'
    document = loaded(with_action(action, service)).document
    found = document.pipelines["main"].policies[0].steps[0].action
    assert isinstance(found, ProxyAction)
    return effective_proxy(document, found)


def test_what_nobody_wrote_has_its_default() -> None:
    assert effective("strategy: round-robin") == ProxyOptions()


def test_the_service_wins_over_the_action() -> None:
    assert effective("timeout: 5, stripPath: true", "timeout: 7") == ProxyOptions(
        timeout=7, strip_path=True
    )


def test_a_default_that_was_written_wins_too() -> None:
    assert effective("secure: false", "secure: true").secure


def test_the_actions_own_proxy_options_win_over_all() -> None:
    assert effective("timeout: 5, proxyOptions: {timeout: 9}", "timeout: 7").timeout == 9


def test_targets_are_replaced_whole() -> None:
    merged = effective("target: {keyFile: k, certFile: c}", "target: {caFile: ca}")
    assert merged.target == Target(ca_file="ca")


def test_an_unknown_service_is_a_key_error() -> None:
    document = loaded(with_action("xfwd: true")).document
    with pytest.raises(KeyError):
        effective_proxy(document, ProxyAction(service_endpoint="nowhere"))
