#!/usr/bin/env python3
"""Zeroset beside ITK: the same speed image, start, weights and time step, in one run, on two threads.

    python3 -m venv venv && venv/bin/pip install SimpleITK numpy nibabel
    RAYON_NUM_THREADS=2 venv/bin/python tests/scripts/bench_itk.py target/release/zeroset

Runs `zeroset bench levelset --export`, then SimpleITK's GeodesicActiveContour (sparse field) and
ScalarChanAndVeseDense on the exported images, in turns, and prints milliseconds per step, total time, their ratios and
the Dice of both contours. Leave the machine alone meanwhile.
"""
import json
import subprocess
import sys
import tempfile
import time

import nibabel
import numpy as np
import SimpleITK as sitk

ROUNDS = 3


def zeroset(program, folder, dimension):
    """One measurement of every case at ITK's time step, 1 / (2 dimension) for a speed of at most 1."""
    command = [program, "bench", "levelset", "--json", "--repeats", "3", "--dt", str(1 / (2 * dimension))]
    printed = subprocess.run(command + ["--export", folder], check=True, capture_output=True, text=True).stdout
    return {case["name"]: case for case in json.loads(printed)["cases"]}


def load(folder, name, what):
    data = np.asarray(nibabel.load(f"{folder}/{name}_{what}.nii.gz").dataobj)
    return np.squeeze(data.T).astype(np.float32 if what != "mask" else np.uint8)


def geodesic(field, start, steps):
    """Sparse field, curvature weighted by the speed as ITK does."""
    solver = sitk.GeodesicActiveContourLevelSetImageFilter()
    solver.SetPropagationScaling(1.0)
    solver.SetCurvatureScaling(0.2)
    solver.SetAdvectionScaling(0.0)
    solver.SetMaximumRMSError(0.0)
    solver.SetNumberOfIterations(steps)
    speed, phi = sitk.GetImageFromArray(field), sitk.GetImageFromArray(start)
    begin = time.perf_counter()
    result = solver.Execute(phi, speed)
    return (time.perf_counter() - begin) * 1e3, sitk.GetArrayFromImage(result) < 0


def chan_vese(field, start, steps):
    solver = sitk.ScalarChanAndVeseDenseLevelSetImageFilter()
    solver.SetMaximumRMSError(0.0)
    solver.SetNumberOfIterations(steps)
    solver.SetLambda1(1.0)
    solver.SetLambda2(1.0)
    solver.SetCurvatureWeight(0.1)
    solver.SetUseImageSpacing(True)
    phi, image = sitk.GetImageFromArray(start), sitk.GetImageFromArray(field)
    begin = time.perf_counter()
    result = solver.Execute(phi, image)
    return (time.perf_counter() - begin) * 1e3, sitk.GetArrayFromImage(result) > 0


def main():
    program = sys.argv[1]
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    print(f"{'case':<14} {'steps':>5} {'ITK ms/step':>12} {'ours':>9} {'ratio':>7} {'ITK total':>10} {'ours':>9} {'ratio':>7} {'Dice':>7}")
    for dimension in (2, 3):
        best = {}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(ROUNDS):
                ours = zeroset(program, folder, dimension)
                for method, solve in (("region", geodesic), ("chan-vese", chan_vese)):
                    name = f"{method}-{dimension}d"
                    field, start = load(folder, name, "field"), load(folder, name, "start")
                    total, mask = solve(field, start, ours[name]["steps"])
                    mine = load(folder, name, "mask") > 0
                    dice = 2 * (mask & mine).sum() / max(mask.sum() + mine.sum(), 1)
                    seen = best.setdefault(name, {"itk": [], "step": [], "total": [], "dice": dice, "case": ours[name]})
                    seen["itk"].append(total)
                    seen["step"].append(ours[name]["median_ms_per_step"])
                    seen["total"].append(ours[name]["total_ms"])
        for name, seen in best.items():
            steps = seen["case"]["steps"]
            itk, step, total = (float(np.median(seen[k])) for k in ("itk", "step", "total"))
            dice = f"{seen['dice']:.4f}" if name.startswith("region") else "-"
            print(
                f"{name:<14} {steps:>5} {itk / steps:>12.4f} {step:>9.4f} {itk / steps / step:>6.1f}x"
                f" {itk:>10.1f} {total:>9.1f} {itk / total:>6.1f}x {dice:>7}"
            )


if __name__ == "__main__":
    main()
