#!/usr/bin/env python3
"""Zeroset beside PyTorch and torchdiffeq: the same network, the same task, in turns, on two threads, fp32.

    python3 -m venv venv && venv/bin/pip install torch torchdiffeq
    RAYON_NUM_THREADS=2 venv/bin/python tests/scripts/bench_torch.py target/release/zeroset

Three comparisons, each the fastest of all rounds: the default networks against their PyTorch twins; and the product's
network against a plain UNet (no space-to-depth stem) of equal parameters in PyTorch, which is what one would use there.
The ODE takes 14 steps of Euler, hence 14 evaluations of f, on both sides. Leave the machine alone meanwhile.
"""
import json
import pathlib
import subprocess
import sys
import time

import torch
from torchdiffeq import odeint

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures" / "models"))
import twins  # noqa: E402

ROUNDS, REPEATS, SIZE, EVALUATIONS = 5, 4, 200, 14


def ours(program, subject, batch, stem):
    command = [program, "bench", subject, "--json", "--device", "cpu", "--repeats", str(REPEATS)]
    command += ["--batch", str(batch), "--stem", str(stem), "--size", str(SIZE)]
    printed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return printed["parameters"], printed["inference_ms"]["best"], printed["training_step_ms"]["best"]


def solve(f, state):
    times = torch.tensor([0.0, 1.0])
    return odeint(f, state, times, method="euler", options={"step_size": 1.0 / EVALUATIONS})[-1]


class Theirs:
    def __init__(self, subject, batch, stem):
        if subject == "unet":
            self.network = twins.UNet(1, 1, [16, 32, 64, 128], stem, "relu")
        else:
            self.network = twins.NodeContour(1, 1, 8, [16, 32, 64], stem, 16, "silu")
        shape = (batch, 1, SIZE, SIZE)
        self.image, self.truth = torch.rand(shape) * 2 - 1, torch.rand(shape) * 6 - 3
        start = torch.rand(shape) * 6 - 3
        self.run = (lambda: self.network(self.image)) if subject == "unet" else (lambda: self.network(self.image, start, solve))
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-4)
        self.parameters = sum(p.numel() for p in self.network.parameters())

    def inference(self):
        with torch.inference_mode():
            self.run()

    def training_step(self):
        self.adam.zero_grad()
        (self.run().tanh() - self.truth.tanh()).square().mean().backward()
        self.adam.step()


def best(work):
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1e3)
    return min(times)


def main():
    torch.set_num_threads(2)
    program = sys.argv[1]
    print(f"{'network':<6} {'batch':>5} {'stem':>10} {'parameters':>19}  {'inference ms':>16} {'ratio':>6}  {'training ms':>16} {'ratio':>6}")
    for subject, batch in (("unet", 1), ("unet", 4), ("node", 1), ("node", 4)):
        for stem, their_stem in ((2, 2), (1, 1), (2, 1)):
            theirs = Theirs(subject, batch, their_stem)
            mine, other = [], []
            for _ in range(ROUNDS):
                mine.append(ours(program, subject, batch, stem))
                other.append((best(theirs.inference), best(theirs.training_step)))
            (i, t), (ti, tt) = (min(m[k] for m in mine) for k in (1, 2)), (min(o[k] for o in other) for k in (0, 1))
            print(
                f"{subject:<6} {batch:>5} {stem:>4} / {their_stem:<3} {mine[0][0]:>9} {theirs.parameters:>9}"
                f"  {i:>7.1f} /{ti:>7.1f} {i / ti:>6.2f}  {t:>7.1f} /{tt:>7.1f} {t / tt:>6.2f}",
                flush=True,
            )


main()
