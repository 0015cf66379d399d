"""A stand-in for a training: counts epochs, keeps a checkpoint, goes on where it stopped.

No package is needed. The metrics go to the file that `goodseed run` names in GOODSEED_LOG, one JSON
object a line; without `goodseed run` nothing is recorded.
"""

import argparse
import json
import os
import signal
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seconds-per-epoch", type=float, default=0.1)
parser.add_argument("--checkpoint", help="file to go on from, and to write after every epoch")
args = parser.parse_args()

stopping = False


def stop(signum, frame):
    """The job is about to be taken away: end after this epoch."""
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGUSR1, stop)


def log(**values):
    path = os.environ.get("GOODSEED_LOG")
    if path:
        with open(path, "a") as file:  # append; one write a line
            file.write(json.dumps(values) + "\n")


state = {"epoch": 0, "weight": 1.0}
if args.checkpoint and os.path.exists(args.checkpoint):
    with open(args.checkpoint) as file:
        state = json.load(file)
    print("going on after epoch", state["epoch"], flush=True)

while state["epoch"] < args.epochs:
    time.sleep(args.seconds_per_epoch)
    state["epoch"] += 1
    state["weight"] *= 1 - args.lr
    log(**{"step": state["epoch"], "train/loss": state["weight"] ** 2})
    print(f"epoch {state['epoch']}: loss {state['weight'] ** 2:.6f}", flush=True)
    if args.checkpoint:
        with open(args.checkpoint + ".part", "w") as file:
            json.dump(state, file)
        os.replace(args.checkpoint + ".part", args.checkpoint)
    if stopping and state["epoch"] < args.epochs:
        print("stopped before the end", flush=True)
        sys.exit(75)  # "try again": see requeue.sbatch
