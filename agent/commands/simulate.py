"""`compass simulate`: the simulators on their own, and what goes wrong in the
simulated cluster on request.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.told import told_in_words

if TYPE_CHECKING:
    from simulator.cluster.orders import Order

simulate = typer.Typer(help="The simulators on their own, and failures on request.", no_args_is_help=True)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@simulate.command("cluster")
def cluster(port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0) -> None:
    """The cluster simulator: a Kubernetes API on loopback, with KServe's life cycle."""
    with told_in_words(False):
        from knowledge.settings import load_settings
        from simulator.cluster.server import serve

        _check_free("127.0.0.1", port)
        serve(load_settings().home_dir, port)


@simulate.command("kubeconfig")
def kubeconfig() -> None:
    """A kubeconfig for the cluster simulator, to look around with kubectl."""
    with told_in_words(False):
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
    with told_in_words(False):
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
    with told_in_words(False):
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
    with told_in_words(False):
        import uvicorn

        from knowledge.catalogue import gpus, models
        from knowledge.errors import CompassError
        from simulator.vllm.api import application
        from simulator.vllm.engine import Engine
        from simulator.vllm.misbehaviour import EXPLAINED, MISBEHAVIOURS
        from simulator.vllm.thoughts import Told

        wrong = [known for known in MISBEHAVIOURS if known in (fail or [])]
        if unknown := set(fail or []) - set(wrong):
            known = "; ".join(f"{name}: {text}" for name, text in EXPLAINED.items())
            raise CompassError(
                f"An endpoint can't do {', '.join(sorted(unknown))!r} wrong. It can do {known}."
            )
        if model not in models():
            raise CompassError(
                f"There is no model {model!r} in the catalogue; known are {', '.join(models())}."
            )
        if gpu not in gpus():
            raise CompassError(f"There is no GPU {gpu!r} in the catalogue; known are {', '.join(gpus())}.")
        if host not in LOOPBACK and "KUBERNETES_SERVICE_HOST" not in os.environ:
            raise CompassError(
                f"It asks nobody for a key, so it listens on {host} only inside a pod, where a NetworkPolicy"
                " guards it."
            )
        longest = _longest(model, gpu, gpu_count)
        if not longest:
            raise CompassError(
                f"{model} doesn't run on {gpu_count} {gpu}: its weights don't fit, or can't be split so."
            )
        if max_model_len is not None and max_model_len > longest:
            raise CompassError(
                f"--max-model-len {max_model_len} is too long: {model} on {gpu_count} {gpu} holds {longest:,}"
                " tokens."
            )
        try:
            told = Told.by(reasoning_parser, default_chat_template_kwargs)
        except ValueError as error:
            raise CompassError(f"vLLM wouldn't start with these arguments: {error}.") from error
        _check_free(host, port)
        print(f"Simulated {model} on {gpu_count} {gpu} at http://{host}:{port}/v1", flush=True)
        time.sleep(start_s)
        engine = Engine(models()[model], gpus()[gpu], gpu_count, max_model_len or longest, time_scale)
        uvicorn.run(application(engine, lambda: wrong, told), host=host, port=port, log_level="warning")


def _longest(model: str, gpu: str, gpu_count: int) -> int:
    """Tokens of the longest sequence that this hardware holds; 0 if not even the weights fit."""
    from knowledge.catalogue import gpus, models
    from knowledge.estimator.memory import plan_memory, tensor_parallel_possible

    if not tensor_parallel_possible(models()[model], gpu_count):
        return 0
    return plan_memory(models()[model], gpus()[gpu], gpu_count, 1).max_context_tokens


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
