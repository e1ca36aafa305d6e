"""``rate-limit`` as rules: fixed windows in stick tables.

HAProxy's own rates slide: ``http_req_rate`` would go on refusing a client that never stops asking,
and could not say when it may ask again. So the row holds when its window began and how many came
since. The window begins with the first request, as in Express Gateway; times are milliseconds
modulo 2^32, the row's width, and rows don't live longer than a window after their latest request.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ostiary.compiler import names
from ostiary.compiler.answers import plain, problem
from ostiary.compiler.stage import Acting, Slot
from ostiary.compiler.texts import key_of
from ostiary.config.expression.parts import LASTING, Expression, Text, Told
from ostiary.config.expression.scripts import read_template
from ostiary.config.model.pipeline import Step
from ostiary.config.model.policies.rate_limit import RateLimitAction
from ostiary.haproxy.files import Section
from ostiary.haproxy.quote import word

_WRAP = 2**32 - 1
_JSON_WANTED = (
    "{ req.fhdr(accept,1) -m sub application/json }",
    "!{ req.fhdr(accept,1) -m sub text/html }",
)


def rate_limit_slots(
    pipeline: str, steps: Iterable[Step], counters: tuple[int, ...]
) -> Mapping[int, Slot]:
    """Where each rate-limit step of a pipeline counts, by its number.

    Steps that count by the same thing share a row, each with numbers of its own: HAProxy follows
    only few rows at a time. A table's name says all that its steps say, so that counts outlive a
    reload exactly where nothing about them has changed.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    limits: dict[int, RateLimitAction] = {}
    for number, step in enumerate(steps, 1):
        if isinstance(step.action, RateLimitAction) and step.action.max:
            key = read_template(step.action.rate_limit_by)
            shared = () if _lasting(key) else (number,)
            groups.setdefault((key, shared), []).append(number)
            limits[number] = step.action
    slots: dict[int, Slot] = {}
    for at, members in enumerate(groups.values()):
        acts = [limits[one] for one in members]
        told = [(one.rate_limit_by, one.window_ms, one.max) for one in acts]
        text = json.dumps([pipeline, at, told])
        table = f"ost_limit_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        for index, number in enumerate(members):
            slots[number] = Slot(table, _counter(at, counters), index)
    return MappingProxyType(slots)


def _counter(at: int, counters: tuple[int, ...]) -> int:
    return counters[at] if at < len(counters) else counters[-1] + at - len(counters) + 1


def _lasting(key: Expression) -> bool:
    return all(
        isinstance(part, Text) or (isinstance(part, Told) and part.fact in LASTING) for part in key
    )


def rate_limit_tables(steps: Iterable[Step], slots: Mapping[int, Slot]) -> list[Section]:
    """The stick tables of the steps, each once."""
    windows: dict[str, list[int]] = {}
    for number, step in enumerate(steps, 1):
        if number in slots and isinstance(step.action, RateLimitAction):
            windows.setdefault(slots[number].table, []).append(step.action.window_ms)
    return [
        Section(
            f"backend {table}",
            (
                f"stick-table type binary len 32 size 1m expire {max(members)}ms "
                f"store gpt({len(members)}),gpc({len(members)}) peers {names.PEERS}",
            ),
        )
        for table, members in windows.items()
    ]


def rate_limit_rules(action: RateLimitAction, slot: Slot | None, acting: Acting) -> None:
    """Count the request, refuse it if it is one too many, and tell the client how it stands.

    The key is a hash: two long ones can't become one by being cut. Without a count, as when there
    is no memory for the row, nobody passes.
    """
    if slot is None:
        return
    at = f"({slot.index},{slot.counter})"
    key = key_of(read_template(action.rate_limit_by), acting)
    acting.do(f"set-var-fmt({acting.name}_key) {key}")
    acting.do(f"track-sc{slot.counter} var({acting.name}_key),sha2(256) table {slot.table}")
    now = acting.keep("now", f"date(0,ms),and({_WRAP})")
    began = acting.keep("began", f"sc_get_gpt{at}")
    age = acting.keep("age", f"var({now}),sub({began}),and({_WRAP})")
    over = f"{acting.name}_new"
    acting.do(f"set-var({over}) bool(true)", f"{{ var({age}) -m int ge {action.window_ms} }}")
    acting.do(f"set-var({over}) bool(true)", f"{{ sc_get_gpc{at} eq 0 }}")
    fresh = f"{{ var({over}) -m bool }}"
    acting.keep("was", f"sc_clr_gpc{at}", fresh)
    acting.do(f"sc-set-gpt{at} var({now})", fresh)
    acting.keep("age", "int(0)", fresh)
    count = acting.keep("n", f"sc_inc_gpc{at}")
    acting.do(f"return {problem(503)}", f"!{{ var({count}) -m found }}")
    if action.headers:
        _headers(action, acting, age, count)
    _refusal(action, acting, count)


def _headers(action: RateLimitAction, acting: Acting, age: str, count: str) -> None:
    left = acting.keep("left", f"int({action.max}),sub({count})")
    acting.keep("left", "int(0)", f"{{ var({left}) -m int lt 0 }}")
    ends = f"date(0,ms),add({action.window_ms}),sub({age}),add(999),div(1000)"
    end = acting.keep("end", ends)
    told = {"Limit": str(action.max), "Remaining": f"%[var({left})]", "Reset": f"%[var({end})]"}
    for name, value in told.items():
        acting.stage.answer(
            f"http-after-response set-header X-RateLimit-{name} {value} "
            f"if {{ var({end}) -m found }}"
        )


def _refusal(action: RateLimitAction, acting: Acting, count: str) -> None:
    """Text, or JSON for who wants that and no page (as Express' ``res.format``)."""
    above = f"{{ var({count}) -m int gt {action.max} }}"
    retry = ""
    if action.headers:
        wait = f"int({action.window_ms}),sub({acting.name}_age),add(999),div(1000)"
        retry = f" hdr Retry-After %[var({acting.keep('wait', wait, above)})]"
    document = json.dumps({"message": action.message}, ensure_ascii=False, separators=(",", ":"))
    status = action.status_code
    acting.do(
        f"return status {status} content-type application/json string {word(document)}{retry}",
        above,
        *_JSON_WANTED,
    )
    acting.do(f"return {plain(status, action.message)}{retry}", above)
