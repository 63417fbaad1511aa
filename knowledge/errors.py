"""The one kind of error that is shown to a person as it stands."""


class CompassError(Exception):
    """Says what was wrong, where, and what would be accepted; interfaces show it without a traceback."""
