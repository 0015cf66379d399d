"""From Run() to the end of the first log_metrics; see bench/first_log.ts."""

import time

import goodseed  # noqa: F401 -- the import is not measured, as in bench/first_log.ts

from common import own_folder, plain_run, report


def main():
    with own_folder() as folder:
        start = time.perf_counter()
        run = plain_run(folder)
        run.log_metrics({"train/loss": 0.5}, step=0)
        ms = (time.perf_counter() - start) * 1e3
        run.close()
    report(ms=ms)


main()
