"""``ostiary plugins``, and what ``check`` says of plug-ins."""

import json
from pathlib import Path

import pytest

from tests.doors.rig import ostiary
from tests.support.plugins import EXAMPLE, install, install_example

CONFIG = """
http: {port: 8080}
plugins: [ostiary-office-hours]
apiEndpoints: {a: {paths: /a}}
serviceEndpoints: {s: {url: "http://127.0.0.1:9"}}
pipelines:
  p:
    apiEndpoints: [a]
    policies:
      - tenant-of-certificate: {action: {header: x-tenant}}
      - proxy: {action: {serviceEndpoint: s}}
"""


@pytest.fixture
def site(tmp_path: Path) -> str:
    """A path on which the example is installed."""
    install_example(tmp_path / "site")
    (tmp_path / "gateway.config.yml").write_text(CONFIG)
    return f"{tmp_path / 'site'}:{EXAMPLE / 'src'}"


def test_plugins_are_listed_with_what_they_take(site: str, tmp_path: Path) -> None:
    done = ostiary("plugins", cwd=tmp_path, PYTHONPATH=site)
    assert done.code == 0, done.err
    assert "business-hours" in done.out
    assert "tenant-of-certificate: header: The header that it is told in." in done.out
    told = json.loads(ostiary("plugins", "--json", cwd=tmp_path, PYTHONPATH=site).out)
    found = {one["name"]: one for one in told["plugins"]}
    assert found["business-hours"]["kind"] == "condition"
    assert found["tenant-of-certificate"]["rememberedSeconds"] == 300
    assert all(one["named"] for one in found.values())


def test_a_plugin_that_can_not_be_used_is_told_and_exits_with_1(tmp_path: Path) -> None:
    install(tmp_path / "site", "bad-one", {"bad": "x = 1"}, policies={"bad": "bad:Bad"})
    done = ostiary("plugins", "--json", cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert done.code == 1
    (one,) = json.loads(done.out)["plugins"]
    assert "AttributeError" in one["fault"]
    assert one["named"] is False


def test_check_and_explain_tell_that_a_step_asks_a_plugin(site: str, tmp_path: Path) -> None:
    done = ostiary("check", cwd=tmp_path, PYTHONPATH=site)
    assert done.code == 0, done.out
    assert "asked: pipelines.p.policies[0].tenant-of-certificate.action" in done.out
    assert "remembered for each credential for 300 s" in done.out
    asked = ("explain", "--no-cert", "--url", "http://a.example/a")
    done = ostiary(*asked, cwd=tmp_path, PYTHONPATH=site)
    assert "asks the plug-in 'tenant-of-certificate' of ostiary-office-hours 1.0.0" in done.out
    assert done.out.count("which isn't done here: walked past") == 1


def test_check_refuses_what_is_not_installed(site: str, tmp_path: Path) -> None:
    done = ostiary("check", cwd=tmp_path)
    assert done.code == 2
    assert "the package 'ostiary-office-hours' can't be used: it isn't installed" in done.out
