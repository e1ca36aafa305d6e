from ostiary.supervisor.check import Finding, Level, read_findings


def alert(file: str | None, line: int | None, message: str) -> Finding:
    return Finding(level=Level.ALERT, file=file, line=line, message=message)


def test_alerts_are_read_with_file_and_line() -> None:
    said = (
        "[NOTICE]   (5513) : haproxy version is 2.6.12-1+deb12u4\n"
        "[ALERT]    (5513) : config : parsing [/x/haproxy.cfg:15] : unknown keyword 'bogus'\n"
        "[ALERT]    (5513) : config : Fatal errors found in configuration.\n"
    )
    assert read_findings(said) == (
        alert("/x/haproxy.cfg", 15, "unknown keyword 'bogus'"),
        alert(None, None, "Fatal errors found in configuration."),
    )
    assert str(read_findings(said)[0]) == "/x/haproxy.cfg:15: unknown keyword 'bogus'"


def test_a_place_without_the_word_parsing_is_read() -> None:
    said = "[WARNING]  (7) : config : [/x/h.cfg:3] : 'option forwardfor' ignored"
    (finding,) = read_findings(said)
    assert (finding.level, finding.line) == (Level.WARNING, 3)
    assert finding.message == "'option forwardfor' ignored"


def test_lines_that_go_on_belong_to_the_finding_before() -> None:
    said = (
        "[ALERT]    (7) : config : parsing [a:1] : bad\n   | second\n\n"
        "[NOTICE]   (7) : noise\n   of its own\n"
    )
    assert read_findings(said) == (alert("a", 1, "bad | second"),)


def test_an_alert_without_a_place_keeps_its_brackets() -> None:
    said = (
        "[ALERT]    (1) : Starting frontend f: cannot bind socket (Address in use) [127.0.0.1:80]"
    )
    (finding,) = read_findings(said)
    assert finding.line is None
    assert finding.message.endswith("[127.0.0.1:80]")


def test_other_words_are_no_findings() -> None:
    assert read_findings("") == ()
    assert read_findings("Segmentation fault\nConfiguration file is valid\n") == ()
