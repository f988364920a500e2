"""Writes the files of this folder and what tifffile with imagecodecs reads from them.

pip install tifffile==2026.3.3 imagecodecs==2026.3.6; python make.py
"""

import hashlib
import json
import pathlib

import numpy as np
import tifffile

HERE = pathlib.Path(__file__).parent
y, x = np.mgrid[0:52, 0:70]
gray = (128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).clip(0, 255).astype("u1")
rgb = np.stack([gray, np.roll(gray, 5, 1), 255 - gray], -1)
rgba = np.concatenate([rgb, gray[..., None]], -1)
cmyk = np.stack([gray, 255 - gray, gray // 2, gray // 3], -1)
deep = gray.astype("u2") * 200 + np.random.default_rng(1).integers(0, 99, gray.shape).astype("u2")
signed = (deep.astype("i4") - 20000).astype("i2")

STRIPS, TILES = {"rowsperstrip": 32}, {"tile": (32, 48)}
FILES = {
    "jpeg-gray": (gray, dict(compression="jpeg", **STRIPS)),
    "jpeg-rgb": (rgb, dict(photometric="rgb", compression="jpeg", **STRIPS)),
    "jpeg-420": (rgb, dict(photometric="ycbcr", subsampling=(2, 2), compression="jpeg", **TILES)),
    "jpeg-422": (rgb, dict(photometric="ycbcr", subsampling=(2, 1), compression="jpeg", **STRIPS)),
    "jpeg-444": (rgb, dict(photometric="ycbcr", subsampling=(1, 1), compression="jpeg", **TILES)),
    "jpeg-cmyk": (cmyk, dict(photometric="separated", compression="jpeg", **STRIPS)),
    "jpeg-planar": (np.moveaxis(rgb, -1, 0).copy(), dict(photometric="rgb", planarconfig="separate", compression="jpeg", **TILES)),
    "lzma": (deep, dict(compression="lzma", **STRIPS)),
    "lzma-predictor": (deep, dict(compression="lzma", predictor=True, byteorder=">", **TILES)),
    "webp-lossy": (rgb, dict(photometric="rgb", compression="webp", compressionargs={"level": 80}, **TILES)),
    "webp-rgb": (rgb, dict(photometric="rgb", compression="webp", compressionargs={"lossless": True}, **STRIPS)),
    "webp-rgba": (rgba, dict(photometric="rgb", extrasamples=["unassalpha"], compression="webp", compressionargs={"lossless": True}, **TILES)),
    "jpeg2000": (gray, dict(compression=34712, **TILES)),
    "jpeg2000-lossy": (rgb, dict(photometric="rgb", compression=34712, compressionargs={"level": 60}, **STRIPS)),
    "jpeg2000-16": (deep, dict(compression=34712, byteorder=">", **TILES)),
    "jpeg2000-signed": (signed, dict(compression=34712, **STRIPS)),
    "jpeg2000-33003": (rgb, dict(photometric="ycbcr", subsampling=(1, 1), compression=33003, **TILES)),
    "jpeg2000-33005": (rgb, dict(photometric="rgb", compression=33005, **TILES)),
    "zstd": (deep, dict(compression="zstd", predictor=True, byteorder=">", **STRIPS)),
}

index = {}
for name, (pixels, options) in FILES.items():
    path = HERE / f"{name}.tif"
    tifffile.imwrite(path, pixels, metadata=None, software=False, **{"photometric": "minisblack", **options})
    with tifffile.TiffFile(path) as file:
        read = np.ascontiguousarray(file.pages[0].asarray())
    read = read.astype(read.dtype.newbyteorder("<"))
    index[name] = {
        "shape": list(read.shape),
        "dtype": read.dtype.name,
        "sha256": hashlib.sha256(read.tobytes()).hexdigest(),
    }
(HERE / "index.json").write_text(json.dumps(index, indent=2) + "\n")

with tifffile.TiffFile(HERE / "jpeg-cmyk.tif") as file:
    file.pages[0].asarray().tofile(HERE / "jpeg-cmyk.u8")
