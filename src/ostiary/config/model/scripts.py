"""How JavaScript in pipelines is run."""

from typing import Annotated

from pydantic import Field

from ostiary.config.model.base import Flag, Model, Number


class Scripts(Model):
    """JavaScript in conditions and values that the engine can't work out by itself."""

    allowed: Flag = Field(
        default=True, description="Whether pipelines may have any; false makes each a problem."
    )
    time_limit_ms: Annotated[Number, Field(ge=1, le=1000)] = Field(
        default=50, description="Processor time of one script for one request, milliseconds."
    )
    memory_limit_mb: Annotated[Number, Field(ge=4, le=128)] = Field(
        default=16, description="Memory of one script, MiB."
    )
    body_limit_kb: Annotated[Number, Field(ge=1, le=256)] = Field(
        default=16,
        description="Largest body that is looked at, KiB; larger ones are refused with 413. "
        "HAProxy's buffers grow by as much.",
    )
    processes: Annotated[Number, Field(ge=1, le=64)] = Field(
        default=1, description="Processes that run scripts, each one at a time."
    )
