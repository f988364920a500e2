"""Trains the two bundled models with CSBDeep on generator data and measures them on a held-out seed.

    python tools/sample/train_care.py --make make.cjs --work FOLDER --out media/sample/models [--only 2d|3d]

`make.cjs` is the bundled tools/sample/make.ts. Training seeds start at 1000 (2-D) and 3000 (3-D), validation seeds
follow them, and the held-out stack is HELD_OUT_SEED, the seed of the bundled sample. Both the noisy source and the clean target are
normalised with the percentiles of the *source*, because CSBDeep's predict() undoes the normalisation with those of its
input: so the prediction comes out in camera counts and can be compared with the truth by plain PSNR.
"""

import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from csbdeep.data import PercentileNormalizer
from csbdeep.models import CARE, Config
from csbdeep.utils import normalize_mi_ma

HELD_OUT_SEED = 2026
HELD_OUT_SHAPE = (24, 256, 256)

RECIPES = {
    "2d": dict(
        name="care2d", axes="YXC", filters=16, shape=(1, 384, 384), seed=1000, stacks=48, validation=6,
        patch=(96, 96), patches_per_stack=40, batch=8, steps=100, epochs=36, rate=0.0015,
    ),
    "3d": dict(
        name="care3d", axes="ZYXC", filters=8, shape=(24, 256, 256), seed=3000, stacks=16, validation=2,
        patch=(16, 64, 64), patches_per_stack=40, batch=2, steps=100, epochs=30, rate=0.0015,
    ),
}


def generate(make, folder, seed, count, shape):
    """Runs the generator and yields (noisy, clean) pairs, both float32 in camera counts."""
    subprocess.run(
        ["node", make, "--out", str(folder), "--seed", str(seed), "--count", str(count), "--shape", ",".join(map(str, shape))],
        check=True, stderr=subprocess.DEVNULL,
    )
    for s in range(seed, seed + count):
        yield np.load(folder / f"noisy-{s}.npy").astype(np.float32), np.load(folder / f"clean-{s}.npy")


def patches(pairs, patch, per_stack, rng):
    """Random patches, normalised with the source's 2nd and 99.8th percentile; half of them chosen for content."""
    sources, targets = [], []
    for noisy, clean in pairs:
        low, high = np.percentile(noisy, (2, 99.8))
        source = normalize_mi_ma(noisy, low, high)
        target = normalize_mi_ma(clean, low, high)
        for i in range(per_stack):
            candidates = []
            for _ in range(3 if i % 2 else 1):
                at = [rng.integers(0, n - p + 1) for n, p in zip(noisy.shape, patch)]
                candidates.append(tuple(slice(a, a + p) for a, p in zip(at, patch)))
            best = max(candidates, key=lambda where: target[where].std())
            sources.append(source[best])
            targets.append(target[best])
    return np.stack(sources)[..., None], np.stack(targets)[..., None]


def augmenter(rng):
    """Flips of every spatial axis and quarter turns in the plane."""

    def augment(x, y):
        for axis in range(x.ndim - 1):
            if rng.random() < 0.5:
                x, y = np.flip(x, axis), np.flip(y, axis)
        turns = int(rng.integers(0, 4))
        plane = (x.ndim - 3, x.ndim - 2)
        return np.rot90(x, turns, plane), np.rot90(y, turns, plane)

    return augment


def psnr(a, truth):
    """20 log10(range of the truth / root mean square error)."""
    error = np.sqrt(np.mean((a.astype(np.float64) - truth) ** 2))
    return float(20 * np.log10((float(truth.max()) - float(truth.min())) / error))


def train(kind, make, work, out):
    recipe = RECIPES[kind]
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    data = work / f"data-{kind}"
    pairs = generate(make, data, recipe["seed"], recipe["stacks"], recipe["shape"])
    x, y = patches(pairs, recipe["patch"], recipe["patches_per_stack"], rng)
    held = generate(make, data, recipe["seed"] + recipe["stacks"], recipe["validation"], recipe["shape"])
    xv, yv = patches(held, recipe["patch"], 20, rng)
    config = Config(
        recipe["axes"], 1, 1,
        unet_n_depth=2, unet_kern_size=3, unet_n_first=recipe["filters"], unet_residual=True,
        train_loss="mae", train_epochs=recipe["epochs"], train_steps_per_epoch=recipe["steps"],
        train_learning_rate=recipe["rate"], train_batch_size=recipe["batch"], train_tensorboard=False,
        train_reduce_lr={"factor": 0.5, "patience": 4, "min_delta": 0},
    )
    model = CARE(config, recipe["name"], basedir=str(work))
    started = time.time()
    history = model.train(x, y, validation_data=(xv, yv), augmenter=augmenter(rng))
    seconds = time.time() - started
    model.load_weights("weights_best.h5")
    target = out / recipe["name"]
    target.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "weights_best.h5"):
        shutil.copyfile(work / recipe["name"] / name, target / name)
    return model, {
        "patches": int(len(x)), "trainingSeconds": round(seconds),
        "bestValidationLoss": round(float(min(history.history["val_loss"])), 6),
        "parameters": int(model.keras_model.count_params()),
        "bytes": {p.name: p.stat().st_size for p in sorted(target.iterdir())},
    }


def held_out(model, make, work):
    """PSNR before and after CSBDeep's predict() on the held-out stack; the 2-D model takes it plane by plane."""
    ((noisy, clean),) = generate(make, work / "held-out", HELD_OUT_SEED, 1, HELD_OUT_SHAPE)
    if model.config.n_dim == 3:
        restored = model.predict(noisy, "ZYX", normalizer=PercentileNormalizer(2, 99.8))
    else:
        restored = np.stack([model.predict(plane, "YX", normalizer=PercentileNormalizer(2, 99.8)) for plane in noisy])
    before, after = psnr(noisy, clean), psnr(restored, clean)
    return {"psnrBefore": round(before, 2), "psnrAfter": round(after, 2), "gain": round(after - before, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", required=True, help="the bundled tools/sample/make.ts")
    parser.add_argument("--work", required=True, type=Path, help="folder for data and checkpoints")
    parser.add_argument("--out", required=True, type=Path, help="folder that receives care2d/ and care3d/")
    parser.add_argument("--only", choices=list(RECIPES))
    parser.add_argument("--epochs", type=int, help="train shorter, to try the script")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    for kind in [arguments.only] if arguments.only else list(RECIPES):
        if arguments.epochs:
            RECIPES[kind]["epochs"] = arguments.epochs
        model, figures = train(kind, arguments.make, arguments.work, arguments.out)
        figures.update(held_out(model, arguments.make, arguments.work))
        print(kind, json.dumps(figures))


if __name__ == "__main__":
    main()
