"""`compass simulate`: the simulators on their own, and what goes wrong in the
simulated cluster on request.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.errors import errors_in_words

if TYPE_CHECKING:
    from knowledge.catalogue import Gpu
    from knowledge.model import Model
    from simulator.cluster.orders import Order
    from simulator.vllm.misbehaviour import Misbehaviour
    from simulator.vllm.thoughts import Told

simulate = typer.Typer(help="The simulators on their own, and failures on request.", no_args_is_help=True)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@simulate.command("cluster")
def cluster(port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0) -> None:
    """The cluster simulator: a Kubernetes API on loopback, with KServe's life cycle."""
    with errors_in_words(False):
        from knowledge.settings import load_settings
        from simulator.cluster.server import serve

        _check_free("127.0.0.1", port)
        serve(load_settings().home_dir, port)


@simulate.command("kubeconfig")
def kubeconfig() -> None:
    """A kubeconfig for the cluster simulator, to look around with kubectl."""
    with errors_in_words(False):
        from knowledge.settings import load_settings
        from tools.clusters.simulated import simulator_address, simulator_kubeconfig

        print(simulator_kubeconfig(simulator_address(load_settings().home_dir)), end="")


@simulate.command("fail")
def fail(
    failure: Annotated[
        str | None, typer.Argument(help="Which failure; without it, those that strike now are listed.")
    ] = None,
    names: Annotated[
        str,
        typer.Argument(help="Whom it strikes: names of deployments, as shell patterns with commas between."),
    ] = "*",
) -> None:
    """Let something go wrong in the simulated cluster, from now until `compass simulate heal`."""
    with errors_in_words(False):
        from knowledge.settings import load_settings
        from simulator.cluster.control import order_failure, ordered
        from tools.clusters.simulated import simulator_address

        address = simulator_address(load_settings().home_dir)
        if failure is not None:
            order_failure(address, _failure(failure), names)
        for mode, pattern in ordered(address).items():
            print(f"{mode} strikes {pattern}")
        if not ordered(address):
            print(f"Nothing fails. Known failures: {', '.join(_failures())}.")


@simulate.command("heal")
def healed(
    failure: Annotated[str | None, typer.Argument(help="Which failure; without it, all.")] = None,
) -> None:
    """Let nothing go wrong any more. Deployments that are still waiting come up by themselves."""
    with errors_in_words(False):
        from knowledge.settings import load_settings
        from simulator.cluster.control import heal
        from tools.clusters.simulated import simulator_address

        heal(simulator_address(load_settings().home_dir), _failure(failure) if failure else None)


@simulate.command("vllm")
def vllm(
    model: Annotated[
        str, typer.Option(help="A model of the catalogue.")
    ] = "meta-llama/Llama-3.1-8B-Instruct",
    gpu: Annotated[str, typer.Option(help="A GPU of the catalogue.")] = "H100",
    gpu_count: Annotated[int, typer.Option(min=1, max=8)] = 1,
    host: Annotated[
        str, typer.Option(help="Another interface than loopback only inside a Kubernetes pod.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    time_scale: Annotated[
        float,
        typer.Option(min=0.001, max=1000, help="Stretches every latency: 0.1 answers ten times faster."),
    ] = 1.0,
    fail: Annotated[
        list[str] | None,
        typer.Option(help="What to do wrong, as `compass simulate fail` has it; may be repeated."),
    ] = None,
    start_s: Annotated[
        float, typer.Option(min=0, max=86_400, help="Seconds until it listens, as a model takes to load.")
    ] = 0.0,
    max_model_len: Annotated[
        int | None, typer.Option(min=16, help="Tokens of prompt and answer; by default all that fit.")
    ] = None,
    reasoning_parser: Annotated[
        str | None, typer.Option(help="As vLLM's: thoughts come in a field of their own.")
    ] = None,
    default_chat_template_kwargs: Annotated[
        str | None,
        typer.Option(
            help='As vLLM\'s, in JSON: {"enable_thinking": false} for answers without thinking first.'
        ),
    ] = None,
) -> None:
    """A vLLM server without a GPU, on loopback: OpenAI's API with estimated timing."""
    with errors_in_words(False):
        import uvicorn

        from simulator.vllm.api import application
        from simulator.vllm.engine import Engine

        wrong = _misbehaviours(fail or [])
        served, hardware = _model(model), _gpu(gpu)
        context = _context(served, hardware, gpu_count, max_model_len)
        told = _thoughts(reasoning_parser, default_chat_template_kwargs)
        _check_host(host)
        _check_free(host, port)
        print(f"Simulated {model} on {gpu_count} {gpu} at http://{host}:{port}/v1", flush=True)
        time.sleep(start_s)
        engine = Engine(served, hardware, gpu_count, context, time_scale)
        uvicorn.run(application(engine, lambda: wrong, told), host=host, port=port, log_level="warning")


def _misbehaviours(names: list[str]) -> list[Misbehaviour]:
    from knowledge.errors import CompassError
    from simulator.vllm.misbehaviour import EXPLAINED, MISBEHAVIOURS

    wrong = [known for known in MISBEHAVIOURS if known in names]
    if unknown := set(names) - set(wrong):
        known = "; ".join(f"{name}: {text}" for name, text in EXPLAINED.items())
        raise CompassError(f"An endpoint can't do {', '.join(sorted(unknown))!r} wrong. It can do {known}.")
    return wrong


def _model(model: str) -> Model:
    from knowledge.catalogue import models
    from knowledge.errors import CompassError

    if model not in models():
        raise CompassError(f"There is no model {model!r} in the catalogue; known are {', '.join(models())}.")
    return models()[model]


def _gpu(gpu: str) -> Gpu:
    from knowledge.catalogue import gpus
    from knowledge.errors import CompassError

    if gpu not in gpus():
        raise CompassError(f"There is no GPU {gpu!r} in the catalogue; known are {', '.join(gpus())}.")
    return gpus()[gpu]


def _context(model: Model, gpu: Gpu, gpu_count: int, wanted: int | None) -> int:
    """Tokens of the longest sequence: as wanted, or all that this hardware holds."""
    from knowledge.errors import CompassError
    from knowledge.estimator.memory import plan_memory, tensor_parallel_possible

    possible = tensor_parallel_possible(model, gpu_count)
    longest = plan_memory(model, gpu, gpu_count, 1).max_context_tokens if possible else 0
    on = f"{model.id} on {gpu_count} {gpu.id}"
    if not longest:
        raise CompassError(
            f"{model.id} doesn't run on {gpu_count} {gpu.id}: its weights don't fit, or can't be split so."
        )
    if wanted is not None and wanted > longest:
        raise CompassError(f"--max-model-len {wanted} is too long: {on} holds {longest:,} tokens.")
    return wanted or longest


def _thoughts(parser: str | None, template: str | None) -> Told:
    from knowledge.errors import CompassError
    from simulator.vllm.thoughts import Told

    try:
        return Told.by(parser, template)
    except ValueError as error:
        raise CompassError(f"vLLM wouldn't start with these arguments: {error}.") from error


def _check_host(host: str) -> None:
    from knowledge.errors import CompassError

    if host not in LOOPBACK and "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise CompassError(
            f"It asks nobody for a key, so it listens on {host} only inside a pod, where a NetworkPolicy"
            " guards it."
        )


def _check_free(host: str, port: int) -> None:
    from knowledge.errors import CompassError

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CompassError(
                f"Port {port} on {host} can't be had ({error.strerror}). Another --port will do."
            ) from error


def _failures() -> tuple[Order, ...]:
    from simulator.cluster.orders import ORDERS

    return ORDERS


def _failure(text: str) -> Order:
    from knowledge.errors import CompassError

    for known in _failures():
        if text == known:
            return known
    raise CompassError(f"There is no failure {text!r}; known are {', '.join(_failures())}.")
