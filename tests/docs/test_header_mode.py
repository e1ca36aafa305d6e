"""The page about header mode shows each balancer's settings as the presets have them."""

import re

import pytest

from ostiary.forwarded.decode import LARGEST_VALUE
from ostiary.forwarded.encodings import LARGEST_DECODED, MOST_CERTIFICATES
from ostiary.forwarded.formats import PRESETS, HeaderFormat
from tests.docs.pages import ROOT, blocks, prose

PAGE = ROOT / "docs/how-to/header-mode.md"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_page_has_every_preset_as_it_is(name: str) -> None:
    preset = PRESETS[name]
    text = " ".join(prose(PAGE).split())
    assert f"`headerPreset: {name}`" in text
    if name == "rfc9440":  # no balancer: the table has its form
        assert f"the header `{preset.header}` of RFC 9440" in text
        return
    assert f"`headerPreset: {name}` reads `{preset.header}` as `{preset.format.value}`" in text
    assert preset.note in text
    assert preset.settings in [block.text for block in blocks(PAGE)]


def test_the_page_has_every_format_and_the_limits() -> None:
    text = prose(PAGE)
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)) == {
        one.value for one in HeaderFormat
    }
    assert f"{MOST_CERTIFICATES} certificates and {LARGEST_DECODED // 1024} KiB of DER" in text
    assert LARGEST_VALUE > 16 * 1024
