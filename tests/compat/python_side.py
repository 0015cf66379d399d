"""The Python client's part of the compatibility tests; run with the Python that has goodseed 0.4.0.

    python_side.py write  HOME PROJECT RUN    writes a run; waits for a line on stdin in the middle
    python_side.py resume HOME PROJECT RUN    resumes a run and appends to it
    python_side.py cli    ARGS...             the command line of the client
"""

import sys

QUIET = {
    "git_ref": False,
    "capture_hardware_metrics": False,
    "capture_stdout": False,
    "capture_stderr": False,
    "capture_traceback": False,
}


def options(home, project):
    return {"goodseed_home": home, "project": project, "storage": "local", **QUIET}


def write(home, project, run_id):
    from goodseed import Run

    run = Run(run_id=run_id, name="from Python ☃", tags=["py", "é"], **options(home, project))
    run["parameters"] = {"lr": 1e-05, "layers": [1, 2], "opt": {"name": "adam", "nothing": None}}
    run["big"] = 2**80
    for step in range(100):
        run.log_metrics({"loss": 1 / (step + 1), "steps/fraction": step / 4}, step=step / 4)
    run.log_metrics({"infinite": float("inf")}, step=0)
    run["text"].log("erste Zeile\nzweite ☃", step=0)
    print("half", flush=True)
    sys.stdin.readline()
    run.log_metrics({"loss": 99.0}, step=1000)
    run["text"].log("end", step=1)
    run.close()


def resume(home, project, run_id):
    from goodseed import Run

    run = Run(resume_run_id=run_id, **options(home, project))
    for step in range(1000, 1010):
        run["train/loss"].log(step / 2, step=step)
    run["only/python"].log(7, step=0)
    run["notes"].log("from Python", step=1000)
    run["score"] = 0.5
    run["sys/tags"].add("resumed")
    run.close(status="failed")


def cli(*args):
    from goodseed.cli import main

    sys.exit(main(list(args)))


if __name__ == "__main__":
    {"write": write, "resume": resume, "cli": cli}[sys.argv[1]](*sys.argv[2:])
