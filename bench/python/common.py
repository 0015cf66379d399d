"""What the Python programs of the benchmark share; each does what its namesake in bench/ does."""

import argparse
import contextlib
import json
import os
import tempfile


def number_options(**defaults):
    """Options of the program, all whole numbers."""
    parser = argparse.ArgumentParser()
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


@contextlib.contextmanager
def own_folder():
    """A folder that is removed at the end of its block."""
    parent = os.environ.get("GOODSEED_BENCH_DIR") or None
    with tempfile.TemporaryDirectory(prefix="goodseed-bench-", dir=parent) as path:
        yield path


def plain_run(home):
    """A run that records what is logged and nothing else."""
    from goodseed import Run

    return Run(
        storage="local",
        goodseed_home=home,
        capture_hardware_metrics=False,
        capture_stdout=False,
        capture_stderr=False,
        capture_traceback=False,
        git_ref=False,
    )


def report(**figures):
    """Hands the figures back: one line of JSON, the last of the output."""
    print(json.dumps(figures), flush=True)
