"""What log_metrics costs the thread that calls it; see bench/log_metrics.ts."""

import math
import statistics
import time

from common import number_options, own_folder, plain_run, report

WARM_UP_CALLS = 200


def log_one(run, step):
    run.log_metrics({"train/loss": 1 / (step + 3)}, step=step)


def log_ten(run, step):
    x = 1 / (step + 3)
    run.log_metrics({
        "train/loss": x,
        "train/accuracy": 1 - x,
        "train/top5": 1 - x / 5,
        "train/lr": x / 7,
        "train/grad_norm": x * 3,
        "val/loss": x * 1.1,
        "val/accuracy": 1 - x * 1.1,
        "val/top5": 1 - x / 4,
        "perf/step_seconds": x / 11,
        "perf/samples": x * 13,
    }, step=step)


def plain_loop(run, log, first, calls):
    start = time.perf_counter_ns()
    for step in range(first, first + calls):
        log(run, step)
    return time.perf_counter_ns() - start


def timed_loop(run, log, first, calls):
    times = [0] * calls
    for i in range(calls):
        start = time.perf_counter_ns()
        log(run, first + i)
        times[i] = time.perf_counter_ns() - start
    return times


def main():
    options = number_options(keys=1, calls=1000, bursts=3)
    log = {1: log_one, 10: log_ten}[options.keys]
    calls = options.calls
    with own_folder() as folder:
        run = plain_run(folder)
        plain_loop(run, log, 0, WARM_UP_CALLS)
        step = WARM_UP_CALLS
        means, times = [], []
        for _ in range(options.bursts):
            means.append(plain_loop(run, log, step, calls) / calls / options.keys)
            times += timed_loop(run, log, step + calls, calls)
            step += 2 * calls
        run.close()
    times.sort()

    def percentile(share):
        return times[max(0, math.ceil(share * len(times)) - 1)] / 1e3

    report(
        ns=statistics.median(means),
        p50_us=percentile(0.5),
        p99_us=percentile(0.99),
        max_us=percentile(1),
    )


main()
