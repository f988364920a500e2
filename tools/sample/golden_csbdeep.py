"""Records what CSBDeep's own predict() says about the bundled models: test/golden/csbdeep/.

    python tools/sample/golden_csbdeep.py --make make.cjs --models media/sample/models --stack media/sample/stack.tif --out test/golden/csbdeep

Every case names its input (a plane or the whole of the bundled stack, or a generator seed and shape, with a hash),
and stores crops of the result: corners, across every seam of the tiling, at the crossing of the seams, and inside;
plus single values on a coarse lattice over the whole result. index.json describes all of it.
Every untiled case is also computed in float64 from the same weights, which says how far CSBDeep's float32 is off.
"""

import argparse
import hashlib
import json
import os
import platform
import subprocess
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import csbdeep
import keras
import numpy as np
import tensorflow
import tifffile
from csbdeep.data import PercentileNormalizer
from csbdeep.internals.nets import common_unet
from csbdeep.internals.predict import Tiling
from csbdeep.models import CARE

SAMPLE_3D = {"stack": "media/sample/stack.tif"}
PLANE = {"stack": "media/sample/stack.tif", "plane": 11}
ODD_2D = {"generate": {"seed": 501, "shape": [1, 509, 521], "kind": "mixed"}}
LARGE_2D = {"generate": {"seed": 502, "shape": [1, 1000, 1022], "kind": "mixed"}}
ODD_3D = {"generate": {"seed": 503, "shape": [23, 250, 261], "kind": "mixed"}}
TALL_3D = {"generate": {"seed": 504, "shape": [97, 90, 101], "kind": "mixed"}}
DEFAULT = {"pmin": 2, "pmax": 99.8}

CASES = [
    {"id": "2d-plane", "model": "care2d", "axes": "YX", "input": PLANE, "tiles": [None, [3, 4]]},
    {"id": "2d-odd", "model": "care2d", "axes": "YX", "input": ODD_2D, "tiles": [None, [3, 4], [5, 3]]},
    {"id": "2d-large", "model": "care2d", "axes": "YX", "input": LARGE_2D, "tiles": [None, [3, 4]]},
    {
        "id": "2d-channel-first-percentile-3-99.9", "model": "care2d", "axes": "CYX", "input": PLANE,
        "normalizer": {"pmin": 3, "pmax": 99.9}, "tiles": [[1, 3, 3]],
    },
    {
        "id": "2d-no-normalizer", "model": "care2d", "axes": "YX", "input": {**ODD_2D, "offset": 100, "scale": 0.0078125},
        "normalizer": None, "tiles": [[3, 4]],
    },
    {"id": "3d-stack", "model": "care3d", "axes": "ZYX", "input": SAMPLE_3D, "tiles": [None, [1, 3, 4]]},
    {"id": "3d-odd", "model": "care3d", "axes": "ZYX", "input": ODD_3D, "tiles": [None, [1, 3, 4]]},
    {"id": "3d-tall", "model": "care3d", "axes": "ZYX", "input": TALL_3D, "tiles": [None, [3, 1, 1], [3, 3, 3]]},
]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def load_input(case, make, stack):
    """The input array and the record of where it comes from; hashes are of the uint16 voxels before offset and scale."""
    source = dict(case["input"])
    if "stack" in source:
        data = tifffile.imread(stack)
        if "plane" in source:
            data = data[source["plane"]]
    else:
        wanted = source["generate"]
        with tempfile.TemporaryDirectory() as folder:
            shape = ",".join(map(str, wanted["shape"]))
            command = ["node", make, "--out", folder, "--seed", str(wanted["seed"]), "--shape", shape, "--kind", wanted["kind"]]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            data = np.load(Path(folder) / f"noisy-{wanted['seed']}.npy")
    source["sha256"] = sha256(data.astype("<u2"))
    if "scale" in source:
        data = (data.astype(np.float32) - np.float32(source["offset"])) * np.float32(source["scale"])
    if case["axes"].startswith("C"):
        data = data[np.newaxis]
    return data, source


def normalizer_of(case):
    chosen = case.get("normalizer", DEFAULT)
    return chosen, None if chosen is None else PercentileNormalizer(chosen["pmin"], chosen["pmax"])


def seams(model, shape, axes, tiles):
    """Per image axis the positions where CSBDeep's tiles meet, in pixels of the unpadded image."""
    found = []
    for axis, n, wanted in zip(axes, shape, tiles or [1] * len(shape)):
        block = model._axes_div_by(axis)[0]
        overlap = -(-model._axes_tile_overlap(axis)[0] // block)
        pad = -n % block
        if wanted == 1:
            found.append([])
            continue
        tiling = Tiling.for_n_tiles((n + pad) // block, wanted, overlap)
        found.append([t.write_slice.start * block - pad // 2 for t in tiling.tiles[1:]])
    return found


def crop_origins(shape, size, seam_positions, rng):
    """Corners, one crop across every seam, the first and last crossing of all seams, two inside."""
    top = [n - s for n, s in zip(shape, size)]
    origins = [tuple(0 for _ in shape), tuple(top)]
    origins.append(tuple(0 if i % 2 else t for i, t in enumerate(top)))
    somewhere = lambda: [int(rng.integers(0, t + 1)) for t in top]
    across = lambda axis, position: min(max(0, position - size[axis] // 2), top[axis])
    for axis, positions in enumerate(seam_positions):
        for position in positions:
            origin = somewhere()
            origin[axis] = across(axis, position)
            origins.append(tuple(origin))
    for pick in (0, -1):
        if sum(bool(p) for p in seam_positions) > 1:
            origin = somewhere()
            for axis, positions in enumerate(seam_positions):
                if positions:
                    origin[axis] = across(axis, positions[pick])
            origins.append(tuple(origin))
    origins += [tuple(somewhere()), tuple(somewhere())]
    return [list(o) for o in dict.fromkeys(origins)]


def store(path, result, seam_positions, rng):
    """Writes crops and lattice as raw float32 little endian; returns their description."""
    size = [min(n, s) for n, s in zip(result.shape, [6, 14, 14][-result.ndim:] if result.ndim == 3 and result.shape[0] > 1 else [1, 20, 20][-result.ndim:])]
    crops, chunks, offset = [], [], 0
    for origin in crop_origins(result.shape, size, seam_positions, rng):
        part = result[tuple(slice(o, o + s) for o, s in zip(origin, size))].astype("<f4")
        crops.append({"origin": origin, "shape": list(part.shape), "offset": offset})
        chunks.append(part.tobytes())
        offset += part.nbytes
    step = [1 if n == 1 else 5 if result.ndim == 3 and i == 0 else (17 if result.size > 200_000 else 7) for i, n in enumerate(result.shape)]
    lattice = result[tuple(slice(0, None, s) for s in step)].astype("<f4")
    chunks.append(lattice.tobytes())
    path.write_bytes(b"".join(chunks))
    return {"file": path.name, "crops": crops, "lattice": {"step": step, "shape": list(lattice.shape), "offset": offset}}


def statistics(result):
    p = np.percentile(result.astype(np.float64), [0.1, 2, 50, 99.8, 99.9])
    names = ["p0.1", "p2", "p50", "p99.8", "p99.9"]
    return {"min": float(result.min()), "max": float(result.max()), "mean": float(result.mean(dtype=np.float64)), **dict(zip(names, map(float, p)))}


def double_model(model):
    """The same network with the same weights in float64."""
    config = model.config
    keras.config.set_floatx("float64")
    shape = (None,) * config.n_dim + (1,)
    net = common_unet(config.n_dim, config.unet_n_depth, config.unet_kern_size, config.unet_n_first, 1, config.unet_residual)(shape)
    net.set_weights([w.astype(np.float64) for w in model.keras_model.get_weights()])
    keras.config.set_floatx("float32")
    return net


def double_prediction(net, model, data, axes, chosen):
    """CSBDeep's steps in float64 after its float32 normalisation: pad, network, crop, undo."""
    x = data.astype(np.float32)
    low, high = np.float32(0), np.float32(1)
    if chosen is not None:
        low, high = (np.float32(v) for v in np.percentile(data, (chosen["pmin"], chosen["pmax"])))
        x = (x - low) / (high - low + np.float32(1e-20))
    pads = [(-n % b) for n, b in zip(data.shape, model._axes_div_by(axes))]
    padded = np.pad(x, [(p // 2, p - p // 2) for p in pads], mode="reflect")
    y = np.asarray(net(padded[None, ..., None].astype(np.float64)))[0, ..., 0]
    y = y[tuple(slice(p // 2, p // 2 + n) for p, n in zip(pads, data.shape))]
    return y * np.float64(high - low) + np.float64(low)


def run_case(case, model, net64, arguments):
    data, source = load_input(case, arguments.make, arguments.stack)
    chosen, normalizer = normalizer_of(case)
    calls = []
    original = model.keras_model.predict
    model.keras_model.predict = lambda x, **kw: (calls.append(list(x.shape)), original(x, **kw))[1]
    untiled, records = None, []
    for tiles in case["tiles"]:
        calls.clear()
        result = model.predict(data, case["axes"], normalizer=normalizer, n_tiles=tiles)
        assert result.dtype == np.float32 and result.shape == data.shape
        name = case["id"] + ("" if tiles is None else "-tiles-" + "x".join(map(str, tiles)))
        where = seams(model, data.shape, case["axes"], tiles)
        rng = np.random.default_rng(len(name))
        stats = statistics(result)
        record = {
            "id": name, "model": case["model"], "axes": case["axes"], "shape": list(data.shape), "input": source,
            "normalizer": chosen, "nTiles": tiles, "seams": where, "networkCalls": len(calls), "largestCall": max(calls),
            "output": {"dtype": "float32", "sha256": sha256(result.astype("<f4")), **stats},
            **store(arguments.out / f"{name}.f32", result, where, rng),
        }
        span = stats["p99.9"] - stats["p0.1"]
        if tiles is None:
            untiled = result
            exact = double_prediction(net64, model, data, case["axes"], chosen)
            record["relativeErrorAgainstFloat64"] = float(np.abs(result - exact).max() / span)
        elif untiled is not None:
            record["relativeDifferenceToUntiled"] = float(np.abs(result.astype(np.float64) - untiled).max() / span)
        records.append(record)
        print(name, len(calls), record.get("relativeErrorAgainstFloat64"), record.get("relativeDifferenceToUntiled"), flush=True)
    model.keras_model.predict = original
    return records


def network_only(model, net64, name, shape, out):
    """One call of the bare network on seeded normal noise: input and output whole."""
    x = np.random.default_rng(11).normal(0.3, 0.4, shape).astype("<f4")
    y = model.keras_model.predict(x[None, ..., None], verbose=0)[0, ..., 0].astype("<f4")
    exact = np.asarray(net64(x[None, ..., None].astype(np.float64)))[0, ..., 0]
    (out / f"{name}.f32").write_bytes(x.tobytes() + y.tobytes())
    error = float(np.abs(y - exact).max() / (exact.max() - exact.min()))
    return {"id": name, "shape": list(shape), "file": f"{name}.f32", "inputOffset": 0, "outputOffset": int(x.nbytes), "relativeErrorAgainstFloat64": error}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", required=True, help="the bundled tools/sample/make.ts")
    parser.add_argument("--models", required=True, type=Path)
    parser.add_argument("--stack", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    models = {name: CARE(None, name, basedir=str(arguments.models)) for name in ("care2d", "care3d")}
    doubles = {name: double_model(model) for name, model in models.items()}
    records = []
    for case in CASES:
        records += run_case(case, models[case["model"]], doubles[case["model"]], arguments)
    networks = [
        {"model": "care2d", **network_only(models["care2d"], doubles["care2d"], "network-2d", (20, 28), arguments.out)},
        {"model": "care3d", **network_only(models["care3d"], doubles["care3d"], "network-3d", (8, 12, 16), arguments.out)},
    ]
    weights = {n: hashlib.sha256((arguments.models / n / "weights_best.h5").read_bytes()).hexdigest() for n in models}
    index = {
        "schema": "tilewright-golden-csbdeep/1",
        "about": "CSBDeep predict() on the bundled models; made by tools/sample/golden_csbdeep.py. Files are raw float32, "
        "little endian, C order; offsets in bytes. Seams are positions in the unpadded image. relative… = max |difference| "
        "/ (p99.9 - p0.1 of the output).",
        "versions": {
            "csbdeep": csbdeep.__version__, "tensorflow": tensorflow.__version__, "keras": keras.__version__,
            "numpy": np.__version__, "python": platform.python_version(),
        },
        "weightsSha256": weights, "cases": records, "networks": networks,
    }
    (arguments.out / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
