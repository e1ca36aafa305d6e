"""What is written wrong in a pattern or rule."""

from ostiary.kernel.errors import WrongUse


class PatternRefused(WrongUse):
    """A pattern that can't be read: what is wrong, the way out, and where."""

    def __init__(self, message: str, way_out: str, at: int = 0) -> None:
        """``at``: column in the text as it was given, from 1; 0 for the whole."""
        self.message = message
        self.way_out = way_out
        self.at = at
        where = f"column {at}: " if at else ""
        super().__init__(f"{where}{message} ({way_out})")
