#!/usr/bin/env python3
"""Makes tests/fixtures/goodseed/: run files written by old releases, and what they hold.

    python3 tests/compat/make_fixtures.py [RELEASE ...]

Each release is installed from PyPI into a virtual environment of its own and really run. Beside
each run file lies a JSON file with

    rows      what the tables hold, read with Python's sqlite3
    configs   the config values as release 0.4.0 reads them (sets sorted, times as text)
    listed    the run in the list of release 0.4.0; null where it skips the file (0.2.0)
    answers   what the server of release 0.4.0 answers about the run: {request: body}

Release 0.1.0 is an empty package (one empty file) and writes nothing, so there is nothing of it.
"""

import argparse
import datetime
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

RELEASES = ["0.2.0", "0.2.6", "0.3.2", "0.4.0"]
SERVING = "0.4.0"
PROJECT = "old"
WORK = Path("/tmp/goodseed-fixtures")
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "goodseed"

CONFIGS = {
    "lr": 1e-05,
    "third": 1 / 3,
    "whole": 3.0,
    "large": 1e22,
    "inf": float("inf"),
    "nan": float("nan"),
    "layers": 12,
    "huge": 2**80,
    "negative": -7,
    "on": True,
    "off": False,
    "nothing": None,
    "text": "line\nbreak ☃",
    "empty": "",
    "größe/µ/雪🚀": "ünïcode ✓",
    "when": datetime.datetime(2024, 1, 2, 3, 4, 5),
    "when_utc": datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc),
    "list": [1, 2.5, "x"],
    "/slashes/": "stripped",
}
NESTED = {"model": {"hidden": 256, "heads": [4, 8], "inner": {"dropout": 0.1}}, "seed": 7}


# --- written by the release under test -----------------------------------------------------


def log_common(run):
    """What every release can log."""
    run.log_configs(CONFIGS)
    run.log_configs(NESTED, flatten=True)
    for step in range(20):
        value = float("inf") if step == 7 else float(step * step)
        run.log_metrics({"train/loss": value, "train/größe": -step / 3}, step=step)
    run.log_metrics({"sparse": 1}, step=-5)
    run.log_metrics({"sparse": 2, "once": 1e300}, step=1_000_000)
    run.log_metrics({"sparse": 3}, step=1_000_000)  # the last one wins


def write_02(release, home):
    from goodseed import Run

    has_texts = release != "0.2.0"
    base = {"project": PROJECT, "goodseed_home": home}
    run = Run(run_name="all-types", experiment_name="näme ☃ 🚀", **base)
    log_common(run)
    if has_texts:
        for step, text in enumerate(["first", "", "dritte Zeile\nß", "🚀"]):
            run.log_string_series({"notes": text}, step=step)
    run.close()

    run = Run(run_name="failed", **base)
    run.log_metrics({"loss": 0.5}, step=1)
    run.close(status="failed")

    if has_texts:
        run = Run(run_name="dated", created_at="2023-05-06T07:08:09+00:00", **base)
        run.close()


def write_03(release, home):
    import goodseed
    import platform

    platform.node = lambda: "node-1"  # the name of the machine is nobody's business

    def new_run(**options):
        quiet = dict.fromkeys(
            ["capture_hardware_metrics", "capture_stdout", "capture_stderr", "capture_traceback"],
            False,
        )
        fixed = {"project": PROJECT, "goodseed_home": home, "storage": "local", "git_ref": False}
        return goodseed.Run(**{**quiet, **fixed, **options})

    run = new_run(
        run_id="all-types", name="näme ☃ 🚀", description="two\nlines", tags=["b", "a", "é"]
    )
    log_common(run)
    run["set"] = {"z", "ö", "\U0001f680", "\uffee"}
    run["parameters"] = {"lr": 0.001, "opt": {"name": "adam"}}
    run["sys/name"] = "renamed later"
    run["sys/tags"].add(["c"])
    run["sys/tags"].remove("b")
    for step in [0, 0.25, 0.75, 1.5]:
        run["fraction"].log(step * 2, step=step)
    for step, text in enumerate(["first", "", "dritte Zeile\nß", "🚀"]):
        run["notes"].log(text, step=step)
    run["both"].log(1, step=0)
    run["both"].log("one", step=0)
    run.close()

    try:
        with new_run(
            run_id="failed", capture_traceback=True, monitoring_namespace="monitoring/one"
        ) as run:
            run["loss"].log(0.5, step=1)
            raise ValueError("boom ☃")
    except ValueError:
        pass

    run = new_run(run_id="trashed", created_at="2023-05-06T07:08:09+00:00")
    run["loss"].log(0.25, step=0)
    run.close()
    with serving(home) as port:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/runs/{PROJECT}/trashed/trash", method="POST"
        )
        urllib.request.urlopen(request).read()

    if release == SERVING:
        write_killed(new_run)


def write_killed(new_run):
    """A run that is killed while it is written; its file and its -wal belong together."""
    run = new_run(run_id="killed", name="before")
    run["loss"].log(1.0, step=0)
    run.close()
    run = new_run(resume_run_id="killed")
    for step in range(1, 6):
        run["loss"].log(1 / (step + 1), step=step)
    run["only/in/wal"] = "yes"
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


class serving:
    """The release's own server on a free port."""

    def __init__(self, home):
        from http.server import ThreadingHTTPServer
        from goodseed.server import _RequestHandler

        _RequestHandler.projects_dir = Path(home) / "projects"
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _RequestHandler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# --- asked of release 0.4.0 ----------------------------------------------------------------

QUERIES = ["metric-paths", "metrics", "metrics?path=unknown", "string_series"]
QUERIES_ALL_TYPES = [
    "metrics?path=train%2Floss",
    "metrics?path=train%2Floss&pointCount=4",
    "metrics?path=train%2Floss&pointCount=6&firstPointIndex=3&lastPointIndex=18",
    "metrics?path=train%2Floss&pointCount=100",
    "string_series?path=notes",
    "string_series?path=notes&limit=2&offset=1",
    "string_series?path=notes&tail=2",
]


def ask(home):
    """Prints {run: {"configs": …, "listed": …, "answers": …}}; a run that is not listed has null."""
    from goodseed.storage import read_configs

    def plain(value):
        if isinstance(value, set):
            return sorted(value)
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        if isinstance(value, float) and value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return value

    found = {}
    with serving(home) as port:

        def get(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as reply:
                return json.loads(reply.read())

        listed = {r["run_id"]: r for r in get(f"/api/runs?project={PROJECT}")["runs"]}
        for file in sorted((Path(home) / "projects" / PROJECT / "runs").glob("*.sqlite")):
            run = file.stem
            queries = QUERIES + (QUERIES_ALL_TYPES if run == "all-types" else [])
            found[run] = {
                "configs": {path: plain(value) for path, value in read_configs(file).items()},
                "listed": listed.get(run),
                "answers": {q: get(f"/api/runs/{PROJECT}/{run}/{q}") for q in queries},
            }
    json.dump(found, sys.stdout)


# --- the whole thing -----------------------------------------------------------------------


def python_of(release):
    """Python with that release installed."""
    folder = WORK / f"venv-{release}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
             f"goodseed=={release}"],
            check=True,
        )
    return python


def rows_of(file):
    """Everything the tables hold; texts as they are stored, infinities as text."""
    db = sqlite3.connect(file)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}

    def number(value):
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return value

    def series(kind, column):
        if f"{kind}_series" not in tables:
            return {}
        points = {}
        for path, step, value, ts in db.execute(
            f"SELECT s.path, p.step, p.{column}, p.ts FROM {kind}_points p "
            f"JOIN {kind}_series s ON s.id = p.series_id ORDER BY s.path, p.step"
        ):
            points.setdefault(path, []).append([step, number(value), ts])
        return points

    rows = {
        "meta": dict(db.execute("SELECT key, value FROM run_meta")),
        "configs": {
            path: [tag, value, updated]
            for path, tag, value, updated in db.execute(
                "SELECT path, type_tag, value, updated_at FROM configs ORDER BY path"
            )
        },
        "metrics": series("metric", "y"),
        "strings": series("string", "value"),
    }
    db.close()
    return rows


def make(release):
    home = WORK / "home"
    shutil.rmtree(home, ignore_errors=True)
    script = WORK / "write.py"  # its path stands in the recorded traceback
    shutil.copy(__file__, script)
    written_with = subprocess.run([python_of(release), script, "--write", release, home], cwd=WORK)
    if written_with.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"writing with release {release} ended with {written_with.returncode}")

    target = FIXTURES / release
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    written = home / "projects" / PROJECT / "runs"
    for file in sorted([*written.glob("*.sqlite"), *written.glob("*.sqlite-wal")]):
        shutil.copy(file, target / file.name)
        print(f"{release}/{file.name}: {file.stat().st_size} bytes")

    asked = subprocess.run(
        [python_of(SERVING), script, "--ask", home], cwd=WORK, check=True, capture_output=True
    )
    for run, found in json.loads(asked.stdout).items():
        expected = {"release": release, "run_id": run, "rows": rows_of(written / f"{run}.sqlite")}
        text = json.dumps({**expected, **found}, indent=1, ensure_ascii=False, sort_keys=True)
        (target / f"{run}.json").write_text(text + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("releases", nargs="*", default=RELEASES)
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        release, home = args.write
        (write_02 if release.startswith("0.2.") else write_03)(release, home)
    elif args.ask:
        ask(args.ask)
    else:
        WORK.mkdir(parents=True, exist_ok=True)
        for release in args.releases:
            make(release)


if __name__ == "__main__":
    main()
