"""The ASGI application: routes of the page and of its API."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from .. import __version__
from .._compat import optional_import
from ._answers import Answer, Answerer, Health, Refused
from ._guard import Guard
from ._limits import Gate, Limits, Refusal
from ._novelty import NoveltyDetector
from ._similar import SimilarImages
from ._uploads import FIELD, read_uploads

_STATIC = Path(__file__).parent / "static"
# Threads that decode and predict. Each of them can need much memory for a moment.
_MOST_THREADS = 4
_DESCRIPTION = (
    "Predict the classes of photographs and drawings. Pictures are converted to the "
    "images that the model was trained on. They are held in memory only, and are not "
    "stored or logged."
)
_REFUSALS = {
    400: "The multipart data are damaged, or the host name is not allowed.",
    403: "The request comes from another web page.",
    408: "The upload took too long.",
    413: "The request, a picture, or the number of pictures is too large.",
    415: "The body is not of the type multipart/form-data.",
    422: "There is no picture in the request, or a parameter is invalid.",
    503: "The server is busy. Try again after the seconds in Retry-After.",
}


def build_app(model, *, limits=None, allowed_hosts=(), any_address=False):
    """Build the application for a model.

    Parameters
    ----------
    model : ServedModel
        Model.
    limits : Limits, default=None
        Limits of requests. None stands for the default limits.
    allowed_hosts : sequence of str, default=()
        Names of hosts, as `Guard` takes them.
    any_address : bool, default=False
        Whether to allow every IP address as the host.

    Returns
    -------
    app : fastapi.FastAPI
        ASGI application.
    """
    fastapi = optional_import("fastapi", extra="app", why="The web page")
    exceptions = optional_import("fastapi.exceptions", extra="app", why="The web page")
    responses = optional_import("fastapi.responses", extra="app", why="The web page")
    files = optional_import("fastapi.staticfiles", extra="app", why="The web page")
    # Imported now, so that the first upload does not find out that it is missing.
    optional_import("python_multipart", extra="app", why="The web page")

    limits = limits or Limits()
    gate = Gate(limits)
    similar = None
    if model.is_fashion_mnist and model.has_embeddings:
        similar = SimilarImages(model)
    answerer = Answerer(model, limits, NoveltyDetector.load(model), similar)
    threads = ThreadPoolExecutor(
        min(_MOST_THREADS, os.cpu_count() or 1), thread_name_prefix="predict"
    )

    @asynccontextmanager
    async def lifespan(_):
        if similar:
            similar.start()
        yield
        if similar:
            await asyncio.to_thread(similar.stop)
        threads.shutdown()

    app = fastapi.FastAPI(
        title="fmnist_sk",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        # FastAPI's pages load scripts from a CDN. `docs.html` shows the same document.
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Guard, allowed_hosts=allowed_hosts, any_address=any_address)

    def json_response(content, status=200, headers=()):
        return responses.Response(
            json.dumps(content, default=str, allow_nan=False),
            status,
            {"Cache-Control": "no-store", **dict(headers)},
            "application/json",
        )

    @app.exception_handler(exceptions.RequestValidationError)
    async def invalid(_, error):
        reasons = (
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors()
        )
        return json_response({"detail": "; ".join(reasons)}, 422)

    @app.exception_handler(Exception)
    async def failed(_, error):
        return json_response({"detail": "The server failed. Its log says why."}, 500)

    @app.post(
        "/api/predict",
        summary="Predict the classes of pictures",
        response_model=Answer,
        response_model_exclude_unset=True,
        responses={
            status: {"model": Refused, "description": text}
            for status, text in _REFUSALS.items()
        },
        openapi_extra={"requestBody": _request_body(limits)},
    )
    async def predict(
        request: fastapi.Request,  # type: ignore[name-defined]
        explain: bool = fastapi.Query(
            False,
            description="Whether to add the converted image, the heat map of the "
            "predicted class (rows of values from 0 to 1) and the most similar "
            "training images.",
        ),
    ) -> Any:
        """Return the probabilities of all classes, the most probable class first.

        A picture that cannot be read has an `error` instead, and does not affect the
        other pictures. `novelty` is null for models of other classes or image shapes
        than Fashion-MNIST's.
        """
        try:
            with gate.admit() as hold:
                uploads = await read_uploads(request, limits, hold)
                answer = await asyncio.get_running_loop().run_in_executor(
                    threads, answerer.answer, uploads, explain
                )
        except Refusal as refusal:
            return json_response(
                {"detail": refusal.detail}, refusal.status, refusal.headers
            )
        return json_response(answer)

    @app.api_route(
        "/api/health",
        methods=["GET"],
        summary="Check that the server answers",
        response_model=Health,
    )
    async def health():
        """Return the state, the version of the package, and the name of the model."""
        return json_response(
            {"status": "ok", "version": __version__, "model": model.name}
        )

    @app.get("/api/model", summary="Describe the model and the limits of requests")
    async def describe():
        """Return the classes, the shape of the images, and the limits of requests."""
        return json_response(
            {
                "name": model.name,
                "image_shape": model.image_shape,
                "classes": [
                    {"label": label, "name": name}
                    for label, name in zip(model.labels, model.names, strict=True)
                ],
                "fashion_mnist": model.is_fashion_mnist,
                "similar_images": similar is not None,
                "limits": {
                    name: getattr(limits, name)
                    for name in ("file_bytes", "request_bytes", "files", "pixels")
                },
            }
        )

    for path, name in {"/": "index.html", "/docs": "docs.html"}.items():
        app.add_api_route(
            path,
            _page(responses, name),
            methods=["GET", "HEAD"],
            include_in_schema=False,
        )
    app.mount("/static", files.StaticFiles(directory=_STATIC))
    return app


def _page(responses, name):
    """Return a function that answers with a page."""

    async def page():
        return responses.FileResponse(_STATIC / name)

    return page


def _request_body(limits):
    """Return the description of the upload. FastAPI does not see it in the code."""
    files = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "maxItems": limits.files,
        "description": f"Picture files of at most {limits.file_bytes / 1e6:g} MB and "
        f"{limits.pixels / 1e6:g} megapixels each.",
    }
    schema = {"type": "object", "required": [FIELD], "properties": {FIELD: files}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
