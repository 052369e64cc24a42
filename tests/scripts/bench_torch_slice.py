#!/usr/bin/env python3
"""The shipped networks beside PyTorch and torchdiffeq: the same weights, the same slice, in turns, on two threads, fp32.

    python3 -m venv venv && venv/bin/pip install torch torchdiffeq safetensors numpy
    RAYON_NUM_THREADS=2 venv/bin/python tests/scripts/bench_torch_slice.py target/release/zeroset

One axial slice of the synthetic abdomen: the UNet of a proposal, and the contour ODE from its contour to t = 1 by
Dormand-Prince at absolute tolerance 1e-3 (relative 0, error in the max norm), evaluations counted. The results are
compared too. Each figure is the fastest of all rounds. Leave the machine alone meanwhile.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file
from torchdiffeq import odeint

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fixtures" / "models"))
import twins  # noqa: E402

ROUNDS, REPEATS, TOLERANCE = 5, 4, 1e-3


def checkpoint(name):
    """Our names of a normalisation's parameters are scale and offset."""
    folder = ROOT / "assets" / "models" / name
    weights = load_file(folder / "weights.safetensors")
    return json.loads((folder / "model.json").read_text()), {
        key.replace(".scale", ".weight").replace(".offset", ".bias"): value.float() for key, value in weights.items()
    }


def sizes(model):
    prepare = model["preprocessing"]
    return 2 * prepare["neighbours"] + 1, len(prepare["organs"])


def unet(name):
    model, weights = checkpoint(name)
    network = model["network"]
    twin = twins.UNet(*sizes(model), network["channels"], network["stem"], network["activation"], network["up"])
    twin.load_state_dict(weights)
    return twin.eval()


def contour(name):
    model, weights = checkpoint(name)
    network = model["network"]
    dynamics = network["dynamics"]
    twin = twins.NodeContour(
        *sizes(model), network["hidden"], dynamics["channels"], dynamics["stem"], network["postnet"],
        dynamics["activation"], network["start_limit"],
    )
    twin.load_state_dict(weights)
    return twin.eval()


class Solve:
    def __init__(self):
        self.evaluations = 0

    def __call__(self, f, state):
        self.evaluations = 0

        def rate(t, y):
            self.evaluations += 1
            return f(t, y)

        options = {"norm": lambda error: error.abs().max()}
        return odeint(rate, state, torch.tensor([0.0, 1.0]), method="dopri5", rtol=0.0, atol=TOLERANCE, options=options)[-1]


def best(work):
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1e3)
    return min(times)


def ours(program, export):
    command = [program, "bench", "slice", "--json", "--device", "cpu", "--repeats", str(REPEATS)]
    command += ["--tolerance", str(TOLERANCE), "--export", str(export)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@torch.inference_mode()
def main():
    torch.set_num_threads(2)
    program = sys.argv[1]
    export = pathlib.Path(tempfile.mkdtemp()) / "slice.json"
    first = ours(program, export)
    data = json.loads(export.read_text())
    h, w = data["size"]
    planes = lambda key: torch.tensor(data[key]).reshape(1, -1, h, w)
    image, start = planes("image"), planes("start_phi_band")
    finder, evolver, solve = unet(first["finder"]), contour(first["evolver"]), Solve()

    differences = (
        (finder(image) - planes("found_phi_band")).abs().max().item(),
        (evolver(image, start, solve) - planes("evolved_phi_band")).abs().max().item(),
    )
    mine, theirs = [], []
    for _ in range(ROUNDS):
        printed = ours(program, export)
        mine.append((printed["network_ms"]["best"], printed["solve_ms"]["best"], printed["proposal_ms"]["best"]))
        theirs.append((best(lambda: finder(image)), best(lambda: evolver(image, start, solve))))
    found, solved, proposal = (min(m[k] for m in mine) for k in range(3))
    found_there, solved_there = (min(t[k] for t in theirs) for k in range(2))
    print(f"proposal for one slice: {proposal:.1f} ms")
    print(f"{'':<28} {'Zeroset':>9} {'PyTorch':>9} {'ratio':>6}  largest difference of phi, band widths")
    for name, a, b, difference in (
        (first["finder"], found, found_there, differences[0]),
        (first["evolver"], solved, solved_there, differences[1]),
    ):
        print(f"{name:<28} {a:>6.1f} ms {b:>6.1f} ms {a / b:>6.2f}  {difference:.1e}")
    print(f"evaluations: {first['evaluations']} here, {solve.evaluations} there")


main()
