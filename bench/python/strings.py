"""Texts a second until they are in the run file; see bench/strings.ts."""

import time

from common import number_options, own_folder, plain_run, report

REST = "x" * 90


def main():
    calls = number_options(calls=20_000).calls
    with own_folder() as folder:
        run = plain_run(folder)
        run.log_strings({"notes": "first"}, step=-1)
        start = time.perf_counter()
        for step in range(calls):
            run.log_strings({"notes": str(step).rjust(10, "0") + REST}, step=step)
        seconds = time.perf_counter() - start
        run.close()
    report(texts_per_s=calls / seconds)


main()
