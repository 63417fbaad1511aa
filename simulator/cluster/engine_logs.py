"""The log of a vLLM that doesn't start, in the shape of its V1 engine: the cause in the
middle, and what follows from it last.
"""

from __future__ import annotations

from collections.abc import Iterator

SERVER, ENGINE = "(APIServer pid=1)", "(EngineCore_DP0 pid=143)"
AT = "11-02 10:00:"
INSIDE = "/usr/local/lib/python3.12/dist-packages/vllm"
FRAMES = {
    "v1/engine/core.py": (
        "run_engine_core",
        "engine_core = EngineCoreProc(*args, engine_index=dp_rank, **kwargs)",
    ),
    "v1/executor/abstract.py": ("__init__", "self._init_executor()"),
    "v1/executor/uniproc_executor.py": ("_init_executor", "self.driver_worker.load_model()"),
    "v1/worker/gpu_worker.py": ("load_model", "self.model_runner.load_model(eep_scale_up=eep_scale_up)"),
    "v1/worker/gpu_model_runner.py": ("load_model", "self.model = model_loader.load_model("),
}
ASKING = {
    "entrypoints/openai/api_server.py": (
        "run_server",
        "await run_server_worker(listen_address, sock, args, **uvicorn_kwargs)",
    ),
    "v1/engine/async_llm.py": ("from_vllm_config", "return cls("),
    "v1/engine/core_client.py": (
        "__init__",
        "with launch_core_engines(vllm_config, executor_class, log_stats) as (",
    ),
    "v1/engine/utils.py": ("wait_for_engine_startup", "raise RuntimeError("),
}


def engine_log(error: str) -> tuple[str, ...]:
    """`error` is the exception that ends the engine, as Python writes it."""
    began = [
        f"{SERVER} INFO {AT}00 [api_server.py:1977] vLLM API server (simulated)",
        f"{ENGINE} INFO {AT}09 [core.py:93] Initializing a V1 LLM engine",
        f"{ENGINE} WARNING {AT}10 [interface.py:465] Using 'pin_memory=False' as no error was found with it",
        f"{ENGINE} INFO {AT}12 [default_loader.py:314] Loading weights took 2.31 seconds",
    ]
    logged = [
        f"{ENGINE} ERROR {AT}14 [core.py:1012] {line}"
        for line in ("EngineCore failed to start.", *_traceback(FRAMES, error))
    ]
    ended = [f"{ENGINE} Process EngineCore_DP0:", *(f"{ENGINE} {line}" for line in _traceback(FRAMES, error))]
    follows = (
        "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s):"
        " {'EngineCore_DP0': 1}"
    )
    return (*began, *logged, *ended, *(f"{SERVER} {line}" for line in _traceback(ASKING, follows)))


def _traceback(frames: dict[str, tuple[str, str]], error: str) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    for number, (file, (function, code)) in enumerate(frames.items()):
        yield f'  File "{INSIDE}/{file}", line {200 + 37 * number}, in {function}'
        yield f"    {code}"
        yield f"    {'^' * len(code)}"
    yield from error.splitlines()
