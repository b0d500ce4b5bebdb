"""Specification of an augmentation, and properties of all operations."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from _augmented import EVERYTHING, augment, make_images
from numpy.testing import assert_allclose, assert_array_equal

from fmnist_sk._images import PIXEL_DTYPES, _geometry
from fmnist_sk.augmentation import PRESETS, check_augmentation

# The specification ------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (None, {}),
        ({}, {}),
        ({"rotation": 0, "zoom": 0.0}, {}),
        ({"shift": 0, "rotation": np.int64(180)}, {"rotation": 180.0}),
        ({"horizontal_flip": 1}, {"horizontal_flip": 1.0}),
        ({"erasing": 0.5}, {"erasing": 0.5, "erasing_size": 0.33}),
        ({"erasing": 0, "erasing_size": 0.5}, {}),
        ({"mixup": 0.5}, {"mixup": 0.5, "mixup_alpha": 0.2}),
        ({"cutmix": 1, "cutmix_alpha": 2}, {"cutmix": 1.0, "cutmix_alpha": 2.0}),
        ("light", PRESETS["light"]),
        ("standard", PRESETS["standard"]),
        ("strong", PRESETS["strong"]),
    ],
)
def test_a_valid_specification_gives_its_settings(spec, settings):
    checked = check_augmentation(spec)
    assert checked == settings
    assert all(type(value) is float for value in checked.values())


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_cannot_be_changed_through_a_result(name):
    preset = dict(PRESETS[name])
    assert check_augmentation(preset) == preset
    check_augmentation(name)["horizontal_flip"] = 0.9
    assert PRESETS[name] == preset


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("Light", "must be a str among"),
        (0.5, "must be a str among"),
        (["light"], "must be a str among"),
        ({"flip": 0.5}, r"Unknown augmentation settings \['flip'\]"),
        ({"horizontal_flip": 1.1}, r"'horizontal_flip' must be .* \[0.0, 1.0\]"),
        ({"horizontal_flip": True}, "'horizontal_flip' must be"),
        ({"rotation": -1}, "'rotation' must be .* Got -1 instead"),
        ({"rotation": 181}, "'rotation' must be"),
        ({"rotation": np.nan}, "'rotation' must be"),
        ({"zoom": 1.0}, r"'zoom' must be .* \[0.0, 1.0\)"),
        ({"shift": "0.1"}, "'shift' must be"),
        ({"shift": (0.1, 0.1)}, "'shift' must be"),
        ({"shift": None}, "'shift' must be"),
        ({"erasing": 2}, "'erasing' must be"),
        ({"alternating_flip": 0.5}, "'alternating_flip' must be"),
        ({"shear": 90}, "'shear' must be"),
        ({"brightness": -0.1}, "'brightness' must be"),
        ({"mixup": 0.5, "mixup_alpha": 0}, "'mixup_alpha' must be"),
        ({"erasing": 0.5, "erasing_size": 0}, "'erasing_size' must be"),
    ],
)
@pytest.mark.parametrize("error", [ValueError, TypeError])
def test_an_invalid_specification_raises(spec, message, error):
    with pytest.raises(error, match=message):
        check_augmentation(spec)
    with pytest.raises(error, match=message):
        augment(make_images(), spec)


# Images in general ------------------------------------------------------------


@pytest.mark.parametrize("spec", [*PRESETS, EVERYTHING, {"shift": 0.9}])
@pytest.mark.parametrize("dtype", [*PIXEL_DTYPES, bool, np.int64])
def test_dtype_and_shape_stay_and_the_input_is_not_changed(spec, dtype):
    images = make_images((40, 28, 28, 1), dtype)
    original = images.copy()
    images.flags.writeable = False
    augmented = augment(images, spec)
    assert augmented.dtype == dtype
    assert augmented.shape == images.shape
    assert_array_equal(images, original)
    assert (augmented != images).any()
    assert augmented.min() >= images.min()
    assert augmented.max() <= images.max()


@pytest.mark.parametrize(
    "shape", [(0, 6, 6, 1), (1, 6, 6, 1), (3, 1, 13, 1), (3, 13, 1, 1), (3, 1, 1, 2)]
)
@pytest.mark.parametrize("spec", ["light", EVERYTHING])
def test_odd_shapes(shape, spec):
    assert augment(make_images(shape), spec).shape == shape


@pytest.mark.parametrize("spec", [None, {}, {"rotation": 0}])
def test_nothing_to_do_gives_the_images_themselves(spec):
    images = make_images()
    assert augment(images, spec) is images


def test_rows_are_no_images():
    with pytest.raises(ValueError, match=r"Got \(7, 36\) instead"):
        augment(make_images((7, 36)), "light")


@pytest.mark.parametrize("spec", ["light", EVERYTHING])
def test_channels_move_together(spec):
    grey = make_images((20, 9, 7, 1))
    colour = augment(np.repeat(grey, 3, axis=3), spec)
    assert_array_equal(colour, np.repeat(augment(grey, spec), 3, axis=3))


def test_a_constant_image_stays_constant():
    # No pixels are filled with other values, whatever the scale of the data.
    images = np.full((50, 8, 8, 1), -1.5, dtype=np.float32)
    assert_allclose(augment(images, EVERYTHING), images, rtol=1e-6)


@pytest.mark.parametrize("spec", ["light", EVERYTHING])
def test_the_same_seed_gives_the_same_images_in_every_thread(spec):
    images = make_images((300, 28, 28, 1))
    expected = augment(images, spec)
    with ThreadPoolExecutor(4) as pool:
        for augmented in pool.map(lambda _: augment(images, spec), range(8)):
            assert_array_equal(augmented, expected)
    assert (augment(images, spec, seed=1) != expected).any()


def test_images_do_not_depend_on_the_chunks(monkeypatch):
    images = make_images((23, 6, 6, 1), np.float32)
    whole = augment(images, EVERYTHING)
    monkeypatch.setattr(_geometry, "_CHUNK_VALUES", 5 * 36)
    assert_array_equal(augment(images, EVERYTHING), whole)


def test_flips_and_shifts_alone_do_not_start_tensorflow():
    code = (
        "import sys, numpy as np\n"
        "from fmnist_sk import ImageAugmenter\n"
        "ImageAugmenter(rotation=0, zoom=0).fit_transform(np.eye(9))\n"
        "assert 'fmnist_sk.augmentation' in sys.modules\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
