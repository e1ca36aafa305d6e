"""The program's own log: one JSON object a line on stderr, or colours for a person's terminal."""

import logging
import sys

import structlog


def set_up_logs(*, human: bool) -> None:
    """Configure structlog for the whole process; ``human``: coloured lines instead of JSON."""
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logs_are_human() -> bool:
    """How it was set up, for a process beside this one."""
    return isinstance(structlog.get_config()["processors"][-1], structlog.dev.ConsoleRenderer)
