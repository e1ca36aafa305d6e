"""Every case that the compiler accepts, HAProxy accepts without a warning."""

from pathlib import Path

import pytest

from ostiary.haproxy.quote import Unquotable
from ostiary.kernel.problems import ConfigRefused
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.check import CheckPassed, CheckRefused, CheckResult
from tests.daemon.compiled import checked
from tests.support.cases import Case, cases

pytestmark = pytest.mark.daemon


@pytest.mark.parametrize(
    "case", [one for one in cases() if one.accepted], ids=lambda case: case.path.stem
)
def test_haproxy_takes_what_is_compiled(
    engine_binary: EngineBinary, run_folder: Path, case: Case
) -> None:
    assert _objections(checked(engine_binary, case.document, run_folder)) == []


def _objections(result: CheckResult) -> list[str]:
    """Without what HAProxy 2.6 says of a service's name that no name server knows yet."""
    if result == CheckPassed():
        return []
    assert isinstance(result, CheckRefused), result
    said = [str(finding) for finding in result.findings]
    unknown = [one for one in said if "could not resolve address 'orders.invalid'" in one]
    return [one for one in said if one not in unknown and not (unknown and "zero-warning" in one)]


@pytest.mark.parametrize(
    "case", [one for one in cases() if not one.accepted], ids=lambda case: case.path.stem
)
def test_a_refused_document_never_reaches_haproxy(
    engine_binary: EngineBinary, run_folder: Path, case: Case
) -> None:
    with pytest.raises((ConfigRefused, Unquotable)):
        checked(engine_binary, case.document, run_folder)
    assert not (run_folder / "haproxy.cfg").exists()
