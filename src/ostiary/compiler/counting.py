"""What the counting of rate limits needs beside the rules: tables, and a way past a reload.

A worker that ends tells its successor what its tables hold: HAProxy's peers, with ourselves as the
only one, over a unix socket. A worker that started without anybody to learn from does so only
after it has waited 5 seconds for a teacher: a reload before that begins all windows anew.
"""

from collections.abc import Iterable

from ostiary.compiler import names
from ostiary.compiler.bundle import Place
from ostiary.compiler.pipelines import CompiledPipeline
from ostiary.haproxy.files import Section

_OURSELVES = "ostiary"
_COMPILED_IN = 3
"""Tracked counters of every HAProxy (``MAX_SESS_STKCTR``)."""
_TOO_FEW = "rate-limit steps of one pipeline that count by different things need HAProxy 2.8"


def counting_sections(pipelines: Iterable[CompiledPipeline], place: Place) -> list[Section]:
    """The tables of all pipelines, and the peers that they are told to; none without tables."""
    tables = [table for one in pipelines for table in one.tables]
    if not tables:
        return []
    lines = (f"bind unix@{place.run_folder}/peers.sock mode 600", f"server {_OURSELVES}")
    return [Section(f"peers {names.PEERS}", lines), *tables]


def counting_settings(pipelines: Iterable[CompiledPipeline]) -> tuple[str, ...]:
    """Lines of the global section. More than three counters at a time came with HAProxy 2.8."""
    counters = {slot.counter for one in pipelines for slot in one.slots.values()}
    if not counters:
        return ()
    lines = (f"localpeer {_OURSELVES}",)
    if max(counters) < _COMPILED_IN:
        return lines
    return (
        *lines,
        ".if version_atleast(2.8)",
        f"tune.stick-counters {max(counters) + 1}",
        ".else",
        f'.alert "{_TOO_FEW}"',
        ".endif",
    )
