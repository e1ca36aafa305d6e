"""Every metric is explained, and every one that is explained exists."""

import re

from tests.docs.pages import ROOT, prose

SOURCES = (
    ROOT / "src" / "ostiary" / "telemetry" / "metrics.py",
    ROOT / "src" / "ostiary" / "wiring" / "metering.py",
    ROOT / "src" / "ostiary" / "wiring" / "ocsp_metrics.py",
    ROOT / "src" / "ostiary" / "wiring" / "credential_metrics.py",
    ROOT / "src" / "ostiary" / "wiring" / "script_metrics.py",
    ROOT / "src" / "ostiary" / "wiring" / "plugin_metrics.py",
)


def test_the_page_of_metrics_has_all_of_them_and_no_other() -> None:
    made = {name for one in SOURCES for name in re.findall(r'"(ostiary_\w+)"', one.read_text())}
    page = prose(ROOT / "docs" / "reference" / "metrics.md")
    told = {name.removesuffix("_total") for name in re.findall(r"`(ostiary_\w+)`", page)}
    assert len(made) > 20
    assert told == made
