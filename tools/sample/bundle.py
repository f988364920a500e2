"""Writes the bundled sample: media/sample/stack.tif (what the camera saw) and truth.tif (what it should have seen).

    python tools/sample/bundle.py --make make.cjs --out media/sample

Both are ImageJ hyperstacks, uint16, Z Y X, deflate, with voxel size. The truth is rounded to whole counts, which costs
the 3-D model 0.2 dB of PSNR (40.97 instead of 41.19); tools/sample/generate.ts gives it unrounded.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import tifffile

SEED = 2026
SHAPE = (24, 256, 256)
PIXEL_SIZE_UM = {"z": 0.6, "xy": 0.2}


def write(path, data, what):
    tifffile.imwrite(
        path, data, imagej=True, compression="zlib", compressionargs={"level": 9},
        resolution=(1 / PIXEL_SIZE_UM["xy"], 1 / PIXEL_SIZE_UM["xy"]),
        metadata={"axes": "ZYX", "spacing": PIXEL_SIZE_UM["z"], "unit": "um", "Info": what},
    )
    print(f"{path}: {path.stat().st_size} bytes, shape {data.shape}, {data.dtype}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", required=True, help="the bundled tools/sample/make.ts")
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shape = ",".join(map(str, SHAPE))
        subprocess.run(["node", arguments.make, "--out", folder, "--seed", str(SEED), "--shape", shape], check=True)
        noisy = np.load(Path(folder) / f"noisy-{SEED}.npy")
        clean = np.load(Path(folder) / f"clean-{SEED}.npy")
    arguments.out.mkdir(parents=True, exist_ok=True)
    write(arguments.out / "stack.tif", noisy, f"Synthetic, made by tools/sample, seed {SEED}")
    write(arguments.out / "truth.tif", np.rint(clean).astype(np.uint16), f"Truth of stack.tif, seed {SEED}")


if __name__ == "__main__":
    main()
