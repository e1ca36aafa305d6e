"""The port of the public listener is taken at the start, or the start is refused."""

import asyncio
from pathlib import Path

import pytest

from ostiary.admin.sockets import AdminPortTaken, bind_tcp
from ostiary.config.model.pki import Pki
from ostiary.wiring.publishing.keeping import Publishing


def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path) -> None:
    with bind_tcp("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AdminPortTaken, match=rf"pki: 127.0.0.1:{port} .*another pki\.port"):
            Publishing(Pki(port=port), tmp_path)


def test_without_the_setting_there_is_no_process(tmp_path: Path) -> None:
    async def live() -> None:
        nothing = Publishing(None, tmp_path)
        nothing.start()
        await nothing.stop()

    asyncio.run(live())
