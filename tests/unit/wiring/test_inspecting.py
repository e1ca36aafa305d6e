"""Packages are looked at in processes of their own: whatever their import does stays there."""

from pathlib import Path

import pytest

from ostiary.plugins.call import Kind, Offer, PluginCall, Use
from ostiary.wiring.inspecting import inspect, named_in, offering
from tests.support.plugins import importable, install

GOOD = '''
from pydantic import Field
from ostiary.plugins import Condition, PerCredential, Policy

class Wanted(Condition):
    """True when it is wanted.

    More is told here.
    """
    much: int = Field(ge=1, description="How much.")
    def holds(self, request, identity): return True

class Named(Policy):
    lifetime = PerCredential(60)
    time_limit = 0.2
    header_name: str = "x-a"
    def headers(self): return [self.header_name.upper()]
    def decide(self, request, identity): ...

class Broken(Policy):
    def headers(self): raise OSError("no")
    def decide(self, request, identity): ...

class Slow(Policy):
    time_limit = 60
    def decide(self, request, identity): ...

class NoPlugin: ...
'''


def use(kind: Kind, name: str, parameters: str = "{}") -> Use:
    return Use(kind, name, parameters)


def test_a_package_is_looked_at_with_all_that_is_right_and_wrong(tmp_path: Path) -> None:
    install(
        tmp_path,
        "good-one",
        {"good_one": GOOD},
        conditions={"wanted": "good_one:Wanted", "gone": "good_one:Gone"},
        policies={
            "named": "good_one:Named",
            "broken": "good_one:Broken",
            "slow": "good_one:Slow",
            "no-plugin": "good_one:NoPlugin",
        },
    )
    uses = {
        "wanted": use(Kind.CONDITION, "wanted", '{"much": 1}'),
        "wrong": use(Kind.CONDITION, "wanted", '{"much": 0, "more": 1}'),
        "missing": use(Kind.CONDITION, "wanted"),
        "named": use(Kind.POLICY, "named", '{"headerName": "X-B"}'),
        "broken": use(Kind.POLICY, "broken"),
        "another's": use(Kind.POLICY, "another"),
    }
    with importable(tmp_path):
        found = inspect(("good-one",), tuple(uses.values()))
        assert "good-one" in offering()
    offers = {one.name: one for one in found.offers}
    assert offers["wanted"].told == "True when it is wanted."
    assert offers["wanted"].parameters["properties"]["much"]["description"] == "How much."
    assert (offers["named"].lifetime, offers["named"].time_limit) == (60, 0.2)
    assert "can't be imported: AttributeError" in offers["gone"].fault
    assert "time_limit" in offers["slow"].fault
    assert "isn't a subclass of ostiary.plugins.Policy" in offers["no-plugin"].fault
    assert found.calls.keys() == {uses["wanted"], uses["named"]}
    assert found.calls[uses["named"]] == PluginCall(
        kind=Kind.POLICY,
        name="named",
        package="good-one",
        version="1.0",
        parameters='{"headerName": "X-B"}',
        headers=("x-b",),
        lifetime=60,
        time_limit=0.2,
    )
    wrong = {one.path: (one.message, one.way_out) for one in found.wrong[uses["wrong"]]}
    assert "greater than or equal to 1" in wrong[("much",)][0]
    assert wrong[("more",)] == ("unknown key 'more'", "known: much")
    assert found.wrong[uses["missing"]][0].message == "much is missing"
    assert "OSError: no" in found.wrong[uses["broken"]][0].message


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import os; os._exit(3)", "its import ended the process, with status 3"),
        ("import sys; print('{}' * 100_000); sys.exit(3)", ""),
        ("raise RuntimeError('no')", ""),
    ],
    ids=["exits", "leaves", "raises"],
)
def test_a_package_that_can_not_be_imported_is_told_and_hurts_nothing(
    tmp_path: Path, source: str, fault: str
) -> None:
    install(tmp_path, "bad-one", {"bad_one": source}, conditions={"bad": "bad_one:Bad"})
    with importable(tmp_path):
        found = inspect(("bad-one",), ())
    if fault:
        assert found.faults == {"bad-one": fault}
    else:
        (offer,) = found.offers
        assert isinstance(offer, Offer)
        assert "can't be imported" in offer.fault


def test_what_is_not_installed_or_has_nothing_is_told() -> None:
    found = inspect(("no-such-package", "pytest"), ())
    assert found.faults == {
        "no-such-package": "it isn't installed",
        "pytest": "it has no entry points ostiary.conditions or ostiary.policies",
    }


def test_the_packages_that_a_configuration_names_are_found_without_importing_them(
    tmp_path: Path,
) -> None:
    config = tmp_path / "gateway.config.yml"
    assert named_in(config) == frozenset()
    config.write_text("plugins: [One_Package, two]\n")
    assert named_in(config) == {"one-package", "two"}
