"""The reader of our pages waits for what the pages say, and for nothing that looks like it."""

from pathlib import Path

from tests.docs.pages import ROOT, Block
from tests.docs.walkthrough import Walk


def block(text: str, **marks: str) -> Block:
    return Block(ROOT / "README.md", 1, "bash", marks, text)


def test_a_word_within_a_line_is_no_line(tmp_path: Path) -> None:
    said = "echo is already not ready; until test -e go; do sleep 0.05; done; echo ready"
    starting = f"bash -c '(sleep 1; touch go) & {said}; sleep 60'"
    with Walk(tmp_path, {}) as walk:
        walk.follow([block(starting, background="", ready=""), block("test -e go", run="")])


def test_an_event_is_waited_for_by_its_whole_name(tmp_path: Path) -> None:
    events = '{"event": "changed-not"}', '{"event": "other", "about": "changed"}'
    lines = "; ".join(f"echo '{one}'" for one in (*events, "ready"))
    late = "until test -e asked; do sleep 0.05; done; sleep 1; touch go"
    (tmp_path / "say.sh").write_text(f'{lines}; {late}; echo \'{{"event": "changed"}}\'; sleep 60')
    with Walk(tmp_path, {}) as walk:
        asking = block("now", file="asked", wait="changed")
        starting = block("bash say.sh", background="", ready="")
        walk.follow([starting, asking, block("test -e go", run="")])
