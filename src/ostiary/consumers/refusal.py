"""Why something about a consumer can't be kept as it was given."""

from ostiary.kernel.errors import WrongUse


class ConsumerRefused(WrongUse):
    """A name, a property or a rule that can't be taken: which, what is wrong, and the way out."""

    def __init__(self, field: str, message: str, way_out: str) -> None:
        """``field`` as the admin API calls it, such as ``username``."""
        self.field = field
        self.message = message
        self.way_out = way_out
        super().__init__(f"{field}: {message} ({way_out})")
