"""The commands of the command line, and the error that they report."""


class CommandError(Exception):
    """What a user can put right: one line on stderr and an exit status.

    Parameters
    ----------
    message : str
        The line.
    status : int, default=1
        2 for a wrong command line, 1 for anything else.
    """

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status
