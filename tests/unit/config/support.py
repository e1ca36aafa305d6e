"""Small helps for the tests of the configuration."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ostiary.config.load import Loaded, load
from ostiary.kernel.problems import ConfigRefused

SEEDS = Path(__file__).parent / "seeds"

MINIMAL = """\
http: {port: 8080}
apiEndpoints: {api: {paths: /api/*}}
serviceEndpoints: {backend: {url: "http://127.0.0.1:3000"}}
pipelines:
  main:
    apiEndpoints: [api]
    policies:
      - proxy:
          - action: {serviceEndpoint: backend}
"""

SECURE = """\
https:
  port: 8443
  tls:
    default: {key: server.key, cert: server.crt, ca: [clients.pem]}
  options: {requestCert: true}
"""


def loaded(text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """Load a text that is expected to be accepted."""
    return load(text, "gw.yml", environ or {})


def refused(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the problems of a text that is expected to be refused."""
    with pytest.raises(ConfigRefused) as caught:
        load(text, "gw.yml", environ or {})
    assert caught.value.problems
    return [str(problem) for problem in caught.value.problems]


def warned(text: str) -> list[str]:
    """Return the warnings of a text that is expected to be accepted."""
    return [str(problem) for problem in loaded(text).warnings]


def only(lines: list[str]) -> str:
    """Return the only line."""
    assert len(lines) == 1, lines
    return lines[0]


def with_action(action: str, service: str = '{url: "http://127.0.0.1:3000"}') -> str:
    """Return the minimal document with these proxy parameters (flow YAML without braces)."""
    text = MINIMAL.replace("{serviceEndpoint: backend}", f"{{serviceEndpoint: backend, {action}}}")
    return text.replace('{url: "http://127.0.0.1:3000"}', service)


def with_condition(condition: str) -> str:
    """Return the minimal document with this condition (flow YAML) before its proxy action."""
    return MINIMAL.replace("- action:", f"- condition: {condition}\n            action:")
