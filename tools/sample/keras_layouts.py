"""Tiny models with the same random weights in each layout in which Keras writes weights: test/golden/keras-layouts/.

    TF_USE_LEGACY_KERAS=1 python tools/sample/keras_layouts.py --out test/golden/keras-layouts   # Keras 2 (tf_keras)
    python tools/sample/keras_layouts.py --out test/golden/keras-layouts                         # Keras 3

Run the Keras 3 command last: it writes input and output, and compares them with what the Keras 2 command left.
keras2: names end in ":0". keras3: what CSBDeep >= 0.8 writes under Keras 3 (legacy groups, names without ":0").
keras3-native: Keras 3's own .weights.h5 layout (layers/NAME/vars/0).
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
LEGACY = os.environ.get("TF_USE_LEGACY_KERAS") == "1"

import numpy as np
from csbdeep.internals.nets import custom_unet
from csbdeep.models import CARE, Config

# Each layout once with plain layers; the larger batch-norm model where CSBDeep writes it.
MODELS = {
    "care2d": dict(layouts=("keras2", "keras3", "keras3-native"), axes="YXC", channels=1, kind="care", probabilistic=False, residual=True, filters=3, batch_norm=False, shape=(12, 14)),
    "care3d-probabilistic": dict(layouts=("keras2",), axes="ZYXC", channels=1, kind="care", probabilistic=True, residual=False, filters=2, batch_norm=False, shape=(6, 8, 10)),
    "n2v2d-batch-norm": dict(layouts=("keras2", "keras3"), axes="YXC", channels=2, kind="n2v", probabilistic=False, residual=False, filters=2, batch_norm=True, shape=(12, 14)),
}


def config_of(recipe):
    return Config(
        recipe["axes"], recipe["channels"], recipe["channels"], probabilistic=recipe["probabilistic"], unet_n_depth=1,
        unet_kern_size=3, unet_n_first=recipe["filters"], unet_residual=recipe["residual"], train_tensorboard=False,
    )


def network(recipe):
    """The Keras model, through CARE (which brings CSBDeep's own way of saving) with the body swapped for batch norm."""
    body = lambda self: custom_unet(
        (None,) * self.config.n_dim + (recipe["channels"],), "linear", 1, recipe["filters"], (3,) * self.config.n_dim,
        pool_size=(2,) * self.config.n_dim, n_channel_out=recipe["channels"], residual=recipe["residual"],
        prob_out=recipe["probabilistic"], batch_norm=recipe["batch_norm"],
    )
    care = type("TinyModel", (CARE,), {"_build": body})
    return care(config_of(recipe), "tiny", basedir=None)


def random_weights(model, rng):
    """Seeded values for every weight by its meaning; variances positive, so that batch norm is well defined."""
    values = []
    for weight in model.weights:
        name = getattr(weight, "path", weight.name)
        value = rng.normal(0, 0.35, tuple(weight.shape))
        if "variance" in name:
            value = 0.5 + np.abs(value)
        elif "gamma" in name:
            value = 1 + value
        values.append(value.astype(np.float32))
    return values


def config_json(recipe, model):
    config = dict(vars(model.config))
    if recipe["kind"] == "n2v":
        # The keys by which a Noise2Void folder differs from a CARE folder (names and types: N2VConfig of juglab/n2v).
        config.update(
            means=["98.5", "310.25"], stds=["21.75", "40.5"], batch_norm=True, n2v_perc_pix=1.5, n2v_patch_shape=[64, 64],
            n2v_manipulator="uniform_withCP", n2v_neighborhood_radius=5, single_net_per_channel=False, structN2Vmask=None,
        )
    return json.dumps(config)


def save(model, recipe, folder):
    """config.json and weights_best.h5; Keras chooses its native layout by the suffix .weights.h5, which CSBDeep does not use."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / ("weights_best.weights.h5" if folder.name == "keras3-native" else "weights_best.h5")
    model.keras_model.save_weights(str(written))
    written.rename(folder / "weights_best.h5")
    (folder / "config.json").write_text(config_json(recipe, model) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for index, (name, recipe) in enumerate(MODELS.items()):
        rng = np.random.default_rng(40 + index)
        model = network(recipe)
        model.keras_model.set_weights(random_weights(model.keras_model, rng))
        for layout in recipe["layouts"]:
            if (layout == "keras2") == LEGACY:
                save(model, recipe, arguments.out / name / layout)
        x = rng.normal(0.5, 0.5, recipe["shape"] + (recipe["channels"],)).astype(np.float32)
        y = np.asarray(model.keras_model.predict(x[None], verbose=0))[0]
        if LEGACY:
            np.save(arguments.out / name / "output-keras2.npy", y)
            continue
        np.save(arguments.out / name / "input.npy", x)
        np.save(arguments.out / name / "output.npy", y)
        other = arguments.out / name / "output-keras2.npy"
        difference = np.abs(np.load(other) - y).max() / (y.max() - y.min())
        assert difference < 1e-6, f"{name}: Keras 2 and Keras 3 differ by {difference}"
        other.unlink()
        print(name, "range", float(y.min()), float(y.max()), "Keras 2 against Keras 3", float(difference))


if __name__ == "__main__":
    main()
