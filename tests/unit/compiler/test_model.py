"""The model that the compiler is held against is itself held against the recorded answers."""

import pytest

from tests.support.express import RECORDED, express_matches, vhost_matches

# Names in mid-segment and after dots, which the model leaves to the recorded answers.
_BEYOND = ("/:x-:y", "/:x.:y", "/a.:x", "/x-:y*", "/:x*", "/a/:x*", "/a/:x*/b")


@pytest.mark.parametrize("pattern", [one for one in RECORDED["patterns"] if one not in _BEYOND])
def test_the_model_matches_the_paths_that_express_matches(pattern: str) -> None:
    matched = [path for path in RECORDED["paths"] if express_matches(pattern, path)]
    assert matched == RECORDED["patterns"][pattern]


@pytest.mark.parametrize("host", RECORDED["hosts"])
def test_the_model_matches_the_hosts_that_vhost_matches(host: str) -> None:
    names = {
        name: name.rpartition(":")[0] if name[-1] in "03" else name for name in RECORDED["names"]
    }
    matched = [name for name, bare in names.items() if vhost_matches(host, bare)]
    assert matched == RECORDED["hosts"][host]
