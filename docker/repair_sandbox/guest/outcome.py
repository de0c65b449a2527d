"""How a request may end early."""


class Stop(Exception):
    """Ends the request with a status other than `done`."""

    def __init__(self, status: str, reason: str) -> None:
        Exception.__init__(self, reason)
        self.status = status
        self.reason = reason
