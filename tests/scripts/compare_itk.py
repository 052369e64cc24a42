"""Zeroset against SimpleITK's GeodesicActiveContour: one speed image, one ROI, the same seeds.

    python compare_itk.py ZEROSET_BINARY SCAN LABELS [--label 3] [--sd 0.75 1.5] [--iterations 200 400 800] [-- OPTIONS...]

For the organ LABEL of LABELS: the ROI is its bounding box plus 12, 12, 3 voxels; the seeds are spheres of 5 mm around
the deepest points of its lower and upper half; the window reaches from BELOW to ABOVE standard deviations around
its mean HU. Zeroset runs with its defaults (OPTIONS are passed on) and saves its speed image; ITK starts from the same spheres on that image with the
weights that Zeroset reports, and is asked for each number of iterations. Prints one line of JSON per scan.
Needs numpy, scipy and SimpleITK. Run by hand; see README.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

MARGIN_XYZ = (12, 12, 3)
RADIUS_MM = 5.0


def dice(a, b):
    return float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))


def seeds_lps(truth, image):
    """World positions (LPS, as ITK has them) of the deepest voxel of the lower and of the upper half."""
    depth = ndimage.distance_transform_edt(truth, sampling=image.GetSpacing()[::-1])
    middle = int(np.median(np.argwhere(truth)[:, 0]))
    for half in (slice(None, middle), slice(middle, None)):
        part = np.zeros_like(depth)
        part[half] = depth[half]
        z, y, x = np.unravel_index(part.argmax(), part.shape)
        yield image.TransformContinuousIndexToPhysicalPoint([float(x), float(y), float(z)])


def spheres(speed, centers):
    """Signed distances to the union of the seeds on the grid of the speed image."""
    nx, ny, nz = speed.GetSize()
    z, y, x = np.meshgrid(np.arange(nz), np.arange(ny), np.arange(nx), indexing="ij")
    direction = np.array(speed.GetDirection()).reshape(3, 3) * np.array(speed.GetSpacing())
    world = np.stack([x, y, z], -1) @ direction.T + np.array(speed.GetOrigin())
    phi = np.min([np.linalg.norm(world - c, axis=-1) - RADIUS_MM for c in centers], axis=0)
    image = sitk.GetImageFromArray(phi.astype(np.float32))
    image.CopyInformation(speed)
    return image


def main():
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    own, passed_on = words[:cut], words[cut + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zeroset")
    parser.add_argument("scan")
    parser.add_argument("labels")
    parser.add_argument("--label", type=int, default=3)
    parser.add_argument("--sd", type=float, nargs=2, default=[0.75, 1.5], metavar=("BELOW", "ABOVE"))
    parser.add_argument("--iterations", type=int, nargs="+", default=[200, 400, 800])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(own)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(args.threads)

    scan, labels = sitk.ReadImage(args.scan, sitk.sitkFloat32), sitk.ReadImage(args.labels)
    hu, truth = sitk.GetArrayFromImage(scan), sitk.GetArrayFromImage(labels) == args.label
    voxels = np.argwhere(truth)[:, ::-1]
    lower = np.maximum(voxels.min(0) - MARGIN_XYZ, 0)
    upper = np.minimum(voxels.max(0) + 1 + MARGIN_XYZ, truth.shape[::-1])
    centers = list(seeds_lps(truth, scan))
    mean, deviation = hu[truth].mean(), hu[truth].std()
    bounds = mean - args.sd[0] * deviation, mean + args.sd[1] * deviation

    with tempfile.TemporaryDirectory() as folder:
        mask_file, speed_file = Path(folder, "mask.nii.gz"), Path(folder, "speed.nii.gz")
        command = [args.zeroset, "segment", args.scan, "-o", str(mask_file), "--method", "region", "--json"]
        command += ["--roi", ",".join(str(int(v)) for v in (*lower, *upper)), "--save-speed", str(speed_file)]
        for x, y, z in centers:
            command += ["--seed", f"{-x:.3f},{-y:.3f},{z:.3f},{RADIUS_MM}"]
        command += [f"--lower={bounds[0]:.0f}", f"--upper={bounds[1]:.0f}", *passed_on]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        report = json.loads(done.stdout)
        ours = sitk.GetArrayFromImage(sitk.ReadImage(str(mask_file))) > 0
        speed = sitk.ReadImage(str(speed_file), sitk.sitkFloat32)

    box = tuple(slice(int(a), int(b)) for a, b in zip(lower[::-1], upper[::-1]))
    start = spheres(speed, centers)
    weights = report["recipe"]["params"]
    itk = {}
    for iterations in args.iterations:
        contour = sitk.GeodesicActiveContourLevelSetImageFilter()
        contour.SetPropagationScaling(weights["alpha"])
        contour.SetCurvatureScaling(weights["beta"])
        contour.SetAdvectionScaling(weights["gamma"])
        contour.SetMaximumRMSError(1e-5)
        contour.SetNumberOfIterations(iterations)
        began = time.perf_counter()
        phi = sitk.GetArrayFromImage(contour.Execute(start, speed))
        seconds = time.perf_counter() - began
        found = np.zeros_like(truth)
        found[box] = phi < 0
        itk[iterations] = {"dice": round(dice(found, truth), 3), "s": round(seconds, 2), "agreement": round(dice(found, ours), 3)}
    line = {
        "scan": args.scan,
        "window": [round(float(b)) for b in bounds],
        "zeroset": {
            "dice": round(dice(ours, truth), 3),
            "iterations": report["iterations"],
            "time": round(report["time"], 1),
            "s": round(report["timings_s"]["evolve"], 3),
            "stop": report["stop_text"],
        },
        "itk": itk,
        "command": " ".join(command),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
