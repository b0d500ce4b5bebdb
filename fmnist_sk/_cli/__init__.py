"""Commands of the command line, and the error that they raise."""


class CommandError(Exception):
    """Error that a user can correct: one line on stderr and an exit status.

    Parameters
    ----------
    message : str
        Text of the line.
    status : int, default=1
        Exit status: 2 for a wrong command line, 1 for any other error.
    """

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status
