"""The composition root: the only room that knows every room, the clock and the environment."""
