"""``headers``, ``request-transformer`` and ``response-transformer`` as rules."""

from collections.abc import Mapping

from ostiary.compiler.stage import Acting
from ostiary.compiler.texts import format_of
from ostiary.config.expression.scripts import read_expression
from ostiary.config.model.policies.headers import HeadersAction
from ostiary.config.model.policies.transformers import (
    HeaderChange,
    QueryChange,
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.haproxy.quote import argument, word

_QUERY = "txn.ost.query"
_VALUE = "txn.ost.value"


def headers_rules(action: HeadersAction, acting: Acting) -> None:
    """Set headers of the request."""
    _set(action.named, acting)


def request_rules(action: RequestTransformerAction, acting: Acting) -> None:
    """Change headers, then the query: added first, then removed."""
    if action.headers:
        _set(action.headers.add, acting)
        for name in action.headers.remove:
            acting.do(f"del-header {word(name)}")
    if action.query:
        _query(action.query, acting)


def response_rules(action: ResponseTransformerAction, acting: Acting) -> None:
    """Change headers of the answer; the values are those of the request when the step ran."""
    ran = acting.ran()
    acting.stage.around([*_answering(action.headers, acting, ran)])


def _set(values: Mapping[str, str], acting: Acting) -> None:
    for name, value in values.items():
        acting.do(f"set-header {word(name)} {format_of(read_expression(value), acting)}")


def _answering(change: HeaderChange, acting: Acting, ran: str) -> list[str]:
    rules = []
    for at, (name, value) in enumerate(change.add.items()):
        variable = f"{acting.name}_{at}"
        acting.do(f"set-var-fmt({variable}) {format_of(read_expression(value), acting)}")
        rules.append(f"http-after-response set-header {word(name)} %[var({variable})] if {ran}")
    rules += [f"http-after-response del-header {word(name)} if {ran}" for name in change.remove]
    return rules


def _query(change: QueryChange, acting: Acting) -> None:
    """Take the named parameters out of the query, put the new ones to its end.

    The guards have decoded what is unreserved, so a name is written in one way only.
    """
    acting.do(f"set-var-fmt({_QUERY}) {word('&%[query]')}")
    for name in dict.fromkeys((*change.add, *change.remove)):
        found = f"&{name.replace('.', '[.]')}(?:=[^&]*)?(?=&|$)"
        without = f"var({_QUERY}),regsub({argument(found)},{argument('')},g)"
        acting.do(f"set-var({_QUERY}) {word(without)}")
    for name, value in change.add.items():
        if name not in change.remove:
            acting.do(f"set-var-fmt({_VALUE}) {format_of(read_expression(value), acting)}")
            longer = f"%[var({_QUERY})]&{name}=%[var({_VALUE}),url_enc]"
            acting.do(f"set-var-fmt({_QUERY}) {word(longer)}")
    ends = f"var({_QUERY}),regsub({argument('^&+|&+$')},{argument('')},g)"
    acting.do(f"set-var({_QUERY}) {word(ends)}")
    empty = f"{{ var({_QUERY}) -m len 0 }}"
    acting.do(f"set-pathq {word(f'%[path]?%[var({_QUERY})]')}", f"!{empty}")
    acting.do("set-pathq %[path]", empty)
