#!/usr/bin/env python3
"""The layers' own kernels beside burn's operations and PyTorch: milliseconds on two threads, fp32.

    cargo bench -p zeroset-engine --bench nn --no-run      # prints the executable
    RAYON_NUM_THREADS=2 python tests/scripts/bench_torch_ops.py target/release/deps/nn-HASH [FILTER]

Both sides in turns, ROUNDS times, the fastest sample of each. Leave the machine alone meanwhile. Prints a table in
Markdown.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

ROUNDS = 3
MAPS = [(16, 200), (32, 100), (128, 25)]


class Block(nn.Module):
    def __init__(self, inputs, outputs, activation):
        super().__init__()
        convs = [nn.Conv2d(i, outputs, 3, padding=1, bias=False) for i in (inputs, outputs)]
        norms = [nn.GroupNorm(outputs // 8, outputs) for _ in range(2)]
        self.layers = nn.Sequential(convs[0], norms[0], activation(), convs[1], norms[1], activation())

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    """Twin of engine/src/models/unet.rs."""

    def __init__(self, inputs, outputs, channels, stem, activation):
        super().__init__()
        square = stem * stem
        before = [inputs * square] + channels
        self.down = nn.ModuleList(Block(i, o, activation) for i, o in zip(before, channels))
        self.reduce = nn.ModuleList(nn.Conv2d(o, i, 1) for i, o in zip(channels, channels[1:]))
        self.up = nn.ModuleList(Block(2 * c, c, activation) for c in channels[:-1])
        self.head = nn.Conv2d(channels[0], outputs * square, 1)
        self.stem = stem

    def forward(self, x):
        height, width = x.shape[2:]
        multiple = self.stem << len(self.reduce)
        x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        x = self.down[0](F.pixel_unshuffle(x, self.stem) if self.stem > 1 else x)
        skips = []
        for block in self.down[1:]:
            skips.append(x)
            x = block(F.max_pool2d(x, 2))
        for reduce, block, skip in reversed(list(zip(self.reduce, self.up, skips))):
            x = block(torch.cat([skip, F.interpolate(reduce(x), scale_factor=2)], 1))
        x = self.head(x)
        return (F.pixel_shuffle(x, self.stem) if self.stem > 1 else x)[..., :height, :width]


def cases():
    """Name of the benchmark, and what to time."""
    for channels, side in MAPS:
        x = torch.randn(4, channels, side, side)
        where = f"4x{channels}x{side}x{side}"
        scale, offset = torch.randn(channels), torch.randn(channels)
        for kernel in (3, 1):
            weight = torch.randn(channels, channels, kernel, kernel)
            yield from both(f"conv {kernel}x{kernel} {where}", [x, weight],
                            lambda x, weight, k=kernel: F.conv2d(x, weight, padding=k // 2))
        yield from both(f"group norm and relu {where}", [x, scale, offset],
                        lambda x, scale, offset, c=channels: F.relu(F.group_norm(x, c // 8, scale, offset)))
        yield from both(f"max pool {where}", [x], lambda x: F.max_pool2d(x, 2))
        yield from both(f"upsample {where}", [x], lambda x: F.interpolate(x, scale_factor=2))
    for stem in (2, 1):
        unet = UNet(1, 1, [16, 32, 64, 128], stem, nn.ReLU)
        one, four = torch.randn(1, 1, 200, 200), torch.randn(4, 1, 200, 200)
        yield f"unet, stem {stem}, 1x1x200x200, inference", without_gradients(lambda unet=unet: unet(one))
        yield (f"unet, stem {stem}, 4x1x200x200, forward and gradients",
               lambda unet=unet: unet(four).square().mean().backward())
        dynamics = UNet(3, 2, [16, 32, 64], stem, nn.SiLU)
        state = torch.randn(1, 3, 200, 200)
        yield (f"dynamics, stem {stem}, 1x3x200x200, 14 evaluations",
               without_gradients(lambda f=dynamics: [f(state) for _ in range(14)]))


def both(name, inputs, operation):
    yield f"{name}, SIDE, forward", without_gradients(lambda: operation(*inputs))
    tracked = [x.clone().requires_grad_() for x in inputs]
    yield f"{name}, SIDE, forward and gradients", lambda: operation(*tracked).sum().backward()


def without_gradients(work):
    def run():
        with torch.no_grad():
            work()
    return run


def time_torch(work):
    """The fastest of the calls of one second, in ms."""
    work()
    best, end = float("inf"), time.perf_counter() + 1.0
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def time_engine(program, name):
    """The fastest sample of a benchmark, in ms; None where there is none of this name."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--bench", "--noplot", "--exact", name]
        command += ["--sample-size", "10", "--warm-up-time", "0.3", "--measurement-time", "1"]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "CRITERION_HOME": folder})
        for sample in Path(folder).glob("**/new/sample.json"):
            sample = json.loads(sample.read_text())
            return 1e-6 * min(t / n for t, n in zip(sample["times"], sample["iters"]))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the benchmark's executable")
    parser.add_argument("filter", nargs="?", default="", help="only names that contain this")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    print("| operation | burn ms | own ms | PyTorch ms | own / PyTorch |\n|---|---|---|---|---|")
    for name, work in cases():
        if arguments.filter not in name:
            continue
        best = {}
        for _ in range(ROUNDS):
            for side in ("burn", "own"):
                if "SIDE" in name or side == "own":
                    value = time_engine(arguments.program, name.replace("SIDE", side))
                    best[side] = min(best.get(side, float("inf")), value)
            best["torch"] = min(best.get("torch", float("inf")), time_torch(work))
        burn = f"{best['burn']:.2f}" if "burn" in best else ""
        ratio = best["own"] / best["torch"]
        label = name.replace(", SIDE", "")
        print(f"| {label} | {burn} | {best['own']:.2f} | {best['torch']:.2f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
