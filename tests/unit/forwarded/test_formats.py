"""The presets name the header that their balancer sets, and the format it has there."""

import pytest

from ostiary.forwarded.formats import PRESETS, HeaderFormat, Preset


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
def test_a_preset_sets_the_header_it_names(preset: Preset) -> None:
    own = {"aws elbv2": "X-Amzn-Mtls-", "http:\n": "X-Forwarded-Tls-", "forward_": "X-Forwarded-"}
    by_itself = [name for start, name in own.items() if preset.settings.startswith(start)]
    assert preset.header in preset.settings or preset.header.startswith(tuple(by_itself))
    assert preset.settings.endswith("\n")
    assert preset.note.endswith(".")
    assert preset.format is not HeaderFormat.AUTO


def test_the_names_are_those_of_the_configuration() -> None:
    assert set(PRESETS) == {
        "nginx", "haproxy", "aws-alb", "cloudflare", "traefik", "envoy", "f5", "rfc9440",
    }  # fmt: skip
    assert {one.value for one in HeaderFormat} == {
        "auto", "urlencoded-pem", "pem", "base64-der", "xfcc", "rfc9440",
    }  # fmt: skip
