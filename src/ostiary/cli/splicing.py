"""Commands made of functions: options that several share, written once."""

import inspect
from collections.abc import Callable


def spliced(
    command: Callable[..., None], work: Callable[..., None], shared: Callable[..., None]
) -> Callable[..., None]:
    """``command`` with the name, the help and the parameters of ``work``, which has the parameters
    of ``shared`` in place of its first."""
    own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
    parameters = [*own, *inspect.signature(shared, eval_str=True).parameters.values()]
    command.__name__, command.__doc__ = work.__name__, work.__doc__
    command.__module__ = work.__module__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    setattr(command, "__signature__", inspect.Signature(parameters))  # noqa: B010 - mypy has no such attribute
    return command
