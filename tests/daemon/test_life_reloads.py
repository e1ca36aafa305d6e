"""A hundred reloads of the running gateway under load cost nobody a request."""

import signal

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.gateway import World, mixed, world
from tests.daemon.life import Log, resident, until
from tests.daemon.load import Load

_GROWTH = 24 * 1024 * 1024
"""Bytes; what the program's libraries take is there from the start."""


def test_no_request_fails_during_a_hundred_reloads(engine_binary: EngineBinary) -> None:
    reloads = 20 if engine_binary.environment else 100
    with world(engine_binary, mixed) as it:
        load = Load(it)
        threads = [
            load.keep("new", load.newcomer("a.example")),
            load.keep("new strict", load.newcomer("strict.example")),
            load.keep("kept", load.regular("a.example", 0.02)),
            load.keep("kept strict", load.regular("strict.example", 0.05)),
            load.keep("h2", load.multiplexer("a.example")),
        ]
        # By the tenth all that is imported after `ready` is there: what grows now, grows for ever.
        for number in range(reloads):
            if number == 10:
                before = resident(it.gateway.process.pid)
            _reload(it)
        until(lambda: min(load.answers[kind] for kind in ("new", "kept", "h2")) > reloads)
        load.ending.set()
        for thread in threads:
            thread.join(60)
        assert load.faults == []
        assert resident(it.gateway.process.pid) - before < _GROWTH


def _reload(it: World) -> None:
    log = Log(it.gateway)
    it.gateway.process.send_signal(signal.SIGHUP)
    until(lambda: log.lines("change-applied"), what=it.gateway.program_log()[-2000:])
