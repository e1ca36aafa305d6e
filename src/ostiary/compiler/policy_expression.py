"""``expression`` as rules: a script that changes headers of the request, and its own variables."""

from ostiary.compiler.asks import HEADER, REMOVED
from ostiary.compiler.stage import Acting
from ostiary.config.expression.scripts import acting_script
from ostiary.config.model.policies.expression import ExpressionAction
from ostiary.haproxy.quote import word


def expression_rules(action: ExpressionAction, acting: Acting) -> None:
    """Ask, then do what was answered: names of headers stand in rules, so they are the script's."""
    script = acting_script(action.jscode)
    for at in range(len(script.headers)):
        acting.do(f"unset-var({HEADER}{at})")
        acting.do(f"unset-var({REMOVED}{at})")
    acting.ask(script)
    for at, name in enumerate(script.headers):
        value = f"%[var({HEADER}{at})]"
        acting.do(f"set-header {word(name)} {value}", f"{{ var({HEADER}{at}) -m found }}")
        acting.do(f"del-header {word(name)}", f"{{ var({REMOVED}{at}) -m bool }}")
