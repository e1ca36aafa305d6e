"""A plug-in's policy as rules: ask, refuse where it says so, else change headers it declared."""

from ostiary.compiler.answers import problem, refusal_of_variable
from ostiary.compiler.asking import FAILED, asking_rules
from ostiary.compiler.asks import HEADER, OUTCOME, REMOVED, STATUS, TEXT, Outcome
from ostiary.compiler.stage import Acting
from ostiary.config.model.plugins import PluginAction
from ostiary.haproxy.quote import word
from ostiary.plugins.interface import REFUSALS


def plugin_rules(action: PluginAction, acting: Acting) -> None:
    """Whatever isn't an answer that lets go on refuses."""
    if action.call is None:
        acting.do(f"return {problem(500, FAILED)}")
        return
    for at in range(len(action.call.headers)):
        acting.do(f"unset-var({HEADER}{at})")
        acting.do(f"unset-var({REMOVED}{at})")
    for variable in (STATUS, TEXT):
        acting.do(f"unset-var({variable})")
    acting.write(asking_rules(acting.stage.setting.asks[action.call], acting.tests))
    refused = f"{{ var({OUTCOME}) -m int {Outcome.REFUSED.value} }}"
    for status in REFUSALS:
        this = f"{{ var({STATUS}) -m int {status} }}"
        acting.do(f"return {refusal_of_variable(status, TEXT)}", refused, this)
    acting.do(f"return {problem(403)}", refused)
    acting.do(
        f"return {problem(500, FAILED)}", f"!{{ var({OUTCOME}) -m int {Outcome.DONE.value} }}"
    )
    for at, name in enumerate(action.call.headers):
        value = f"%[var({HEADER}{at})]"
        acting.do(f"set-header {word(name)} {value}", f"{{ var({HEADER}{at}) -m found }}")
        acting.do(f"del-header {word(name)}", f"{{ var({REMOVED}{at}) -m bool }}")
