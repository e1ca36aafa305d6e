"""What the load tools say, read into one word: how many requests were answered well, and what
went wrong.
"""

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`good` requests answered with 200 within `seconds`; `trouble` is empty if nothing else
    happened.
    """

    good: int
    seconds: float
    trouble: str


class Unreadable(Exception):
    """A load tool printed something else than it should."""


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is not None:
        return found[1]
    raise Unreadable(f"no {pattern!r} in: {text.strip()[-400:]}")


def read_wrk(text: str) -> Tally:
    """wrk's closing lines. Any answer that is not 2xx or 3xx and any socket error is trouble."""
    total = int(_number(r"(\d+) requests in", text))
    rate = float(_number(r"Requests/sec:\s+([\d.]+)", text))
    troubles = re.findall(r"(Non-2xx or 3xx responses: \d+|Socket errors: .*)", text)
    if total == 0 or rate == 0:
        return Tally(good=0, seconds=0.0, trouble="nothing was answered")
    # the seconds that wrk prints are rounded; this is what it divided by
    return Tally(good=total, seconds=total / rate, trouble="; ".join(troubles))


def read_h2load(text: str, seconds: float) -> Tally:
    """h2load run for a given time. It must have spoken h2 over TLS 1.3, and all answers must be
    2xx.

    Requests in flight when the time is over are not failures; h2load leaves them out of
    `failed`.
    """
    if "Application protocol: h2" not in text or "TLS Protocol: TLSv1.3" not in text:
        return Tally(good=0, seconds=seconds, trouble="h2 over TLS 1.3 was not spoken")
    good = int(_number(r"status codes: (\d+) 2xx", text))
    others = re.search(r"2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    bad = sum(int(n) for n in others.groups()) if others else 0
    failed = int(_number(r"(\d+) failed", text))
    trouble = f"{bad} answers not 2xx, {failed} failed" if bad or failed else ""
    return Tally(good=good, seconds=seconds, trouble=trouble)


def read_handshakes(text: str) -> Tally:
    """The JSON line of bench/handshakes.c."""
    try:
        answer = json.loads(text)
        faults = {name: int(answer[name]) for name in ("failed", "not_resumed", "bad_status")}
        good, seconds, error = int(answer["done"]), float(answer["seconds"]), str(answer["error"])
    except (ValueError, KeyError) as problem:
        raise Unreadable(f"not the tool's JSON: {text.strip()[-400:]}") from problem
    told = ", ".join(f"{count} {name}" for name, count in faults.items() if count)
    trouble = f"{told} ({error})" if told and error else told
    return Tally(good=good, seconds=seconds, trouble=trouble)
