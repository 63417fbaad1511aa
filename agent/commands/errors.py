"""Errors of a command: a sentence and exit code 1, never a traceback for what a person can mend."""

from __future__ import annotations

import errno
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer


@contextmanager
def errors_in_words(as_json: bool) -> Iterator[None]:
    """Errors as a sentence and exit code 1; never a traceback for what a person can mend."""
    from knowledge.errors import CompassError

    try:
        yield
    except CompassError as error:
        _fail(str(error), as_json)
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _fail(
                f"The disk is full{f' at {error.filename}' if error.filename else ''}. Make room there; what"
                " is stored is kept.",
                as_json,
            )
        logging.getLogger("agent").exception("command failed")
        _fail(
            f"Something went wrong inside Compass ({type(error).__name__}:"
            f" {' '.join(str(error).split())[:300]}).",
            as_json,
        )


def _fail(sentence: str, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"event": "error", "text": sentence}), flush=True)
    else:
        print(sentence, file=sys.stderr)
    raise typer.Exit(1)
