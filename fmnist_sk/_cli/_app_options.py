"""Options of the command app, whose code is the room `app`."""

from ._options import add_class_names, add_mode, add_white, port


def add_app_options(parser):
    parser.add_argument(
        "--model",
        metavar="MODEL",
        default="fashion-mnist",
        help="model: fashion-mnist or fashion-mnist-compact, which ship with the "
        "package, or a .skops file, saved by the command train or by save_model, or an "
        ".onnx file (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 stands for all addresses of this machine "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=port,
        default=8000,
        help="port to listen on; 0 stands for any free port, which is printed "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--allowed-host",
        metavar="NAME",
        action="append",
        default=[],
        help="host name by which the page may be reached, in addition to localhost; "
        ".example.org stands for all names that end in it, and * for any name; repeat "
        "the option to allow several names. Requests with other names are refused, "
        "which protects a page on your machine from other web pages",
    )
    parser.add_argument(
        "--root-path",
        metavar="PATH",
        default="",
        help="path under which a reverse proxy publishes the page, such as /clothes, "
        "if the proxy removes it from requests. The page itself has to end in a slash",
    )
    parser.add_argument(
        "--forwarded-allow-ips",
        metavar="ADDRESSES",
        default="127.0.0.1",
        help="addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto "
        "headers are believed, separated by commas (default: %(default)s)",
    )
    add_mode(
        parser,
        "the model's own conversion, otherwise fashion-mnist for models of the ten "
        "classes of Fashion-MNIST and resize for any other model",
    )
    add_white(parser)
    add_class_names(parser)
