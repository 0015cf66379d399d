"""Points a second until they are in the run file; see bench/sustained.ts."""

import time

from common import number_options, own_folder, plain_run, report

KEYS = [f"train/metric_{i}" for i in range(10)]


def log_all(run, calls):
    data = {}
    for step in range(calls):
        for key in KEYS:
            data[key] = 1 / (step + 3)
        run.log_metrics(data, step=step)


def main():
    calls = number_options(calls=10_000).calls
    with own_folder() as folder:
        run = plain_run(folder)
        log_all(run, 100)
        start = time.perf_counter()
        log_all(run, calls)  # each call commits: nothing is left to be written
        seconds = time.perf_counter() - start
        run.close()
    report(points_per_s=calls * len(KEYS) / seconds)


main()
