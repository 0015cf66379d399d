"""What close() of an idle run takes; see bench/close_idle.ts."""

import time

from common import own_folder, plain_run, report

IDLE_SECONDS = 0.5


def main():
    with own_folder() as folder:
        run = plain_run(folder)
        run.log_metrics({"train/loss": 0.5}, step=0)
        time.sleep(IDLE_SECONDS)
        start = time.perf_counter()
        run.close()
        ms = (time.perf_counter() - start) * 1e3
    report(ms=ms)


main()
