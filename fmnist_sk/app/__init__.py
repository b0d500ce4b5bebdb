"""Web page and JSON API that predict the classes of photographs and drawings.

`python -m fmnist_sk app` starts both on one address. The extra `app` installs FastAPI,
uvicorn and python-multipart, which nothing else in the package needs. Importing this
package imports none of them.
"""

from typing import Any

__all__ = ["create_app", "serve"]


def create_app(model: str = "fashion-mnist", **options: Any) -> Any:
    """Load a model and return the page and its API as an ASGI application.

    Use this function to run the page in a server of your own. The application has the
    same limits and headers as with the command `app`, but no log:
    `uvicorn --factory fmnist_sk.app:create_app`.

    Parameters
    ----------
    model : str, default="fashion-mnist"
        Name of a pretrained classifier, or path of a .skops or .onnx file.
    **options : dict
        `mode`, `class_names` and `white`, as in the command `app`; `allowed_hosts`, a
        sequence of host names beside those of this machine, or `"*"` for any;
        `any_address`, whether IP addresses other than loopback are allowed as hosts;
        and `limits`, a `fmnist_sk.app._limits.Limits`.

    Returns
    -------
    app : fastapi.FastAPI
        ASGI application. Its model has made a prediction, so that the first request
        is not slower than the next.

    Raises
    ------
    ImportError
        If a package of the extra `app` is not installed.
    ValueError, OSError
        If the model cannot be loaded.
    """
    from ._api import build_app
    from ._model import ServedModel

    of_model = ("mode", "class_names", "white")
    chosen = {name: options.pop(name) for name in of_model if name in options}
    return build_app(ServedModel.load(model, **chosen), **options)


def serve(args: Any) -> int:
    """Run the command `app` until it is stopped.

    Parameters
    ----------
    args : argparse.Namespace
        Parsed arguments of the command.

    Returns
    -------
    status : int
        Exit status.
    """
    from ._server import run_server

    return run_server(args)
