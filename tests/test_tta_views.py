"""Views of images that are averaged at test time."""

import numpy as np
import pytest
from _augmented import make_images
from numpy.testing import assert_array_equal

from fmnist_sk._images import translate
from fmnist_sk.augmentation import VIEWS, mirrors_images, tta_views


def test_views_at_test_time():
    images = make_images((2, 4, 5, 3))
    assert tta_views(images, None)[0] is images
    upright, mirrored = tta_views(images, "flip")
    assert upright is images
    assert_array_equal(mirrored, images[:, :, ::-1])
    assert np.shares_memory(mirrored, images)

    views = tta_views(images, "shift")
    one, none = np.ones(2, int), np.zeros(2, int)
    for view, by in zip(views, [none, -one, one], strict=True):
        assert_array_equal(view, translate(images, by, by))
    both = tta_views(images, "flip_shift")
    for upright, mirrored, view in zip(both[::2], both[1::2], views, strict=True):
        assert_array_equal(upright, view)
        assert_array_equal(mirrored, view[:, :, ::-1])


@pytest.mark.parametrize("tta", ["shifted", "", 1, True, ["flip"]])
def test_unknown_views_raise(tta):
    with pytest.raises(ValueError, match="The 'tta' parameter must be"):
        tta_views(make_images(), tta)


@pytest.mark.parametrize("tta", [None, *VIEWS])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(2, 4, 5, 3), (2, 1, 7, 1), (0, 4, 4, 1)])
def test_views_of_tensors_are_those_of_arrays(tta, dtype, shape):
    import keras

    images = make_images(shape, dtype)
    expected = tta_views(images, tta)
    tensors = tta_views(keras.ops.convert_to_tensor(images), tta, xp=keras.ops)
    assert len(tensors) == len(expected)
    for tensor, view in zip(tensors, expected, strict=True):
        assert_array_equal(keras.ops.convert_to_numpy(tensor), view)


def test_views_are_layers_of_a_keras_model():
    import keras

    inputs = keras.Input((4, 5, 1))
    model = keras.Model(inputs, tta_views(inputs, "flip_shift", xp=keras.ops))
    images = make_images((3, 4, 5, 1), np.float32)
    outputs = model(images)
    for output, view in zip(outputs, tta_views(images, "flip_shift"), strict=True):
        assert_array_equal(output, view)


def test_new_views_are_one_entry(monkeypatch):
    monkeypatch.setitem(VIEWS, "upside_down", lambda x, xp: [x, xp.flip(x, axis=1)])
    images = make_images()
    assert_array_equal(tta_views(images, "upside_down")[1], images[:, ::-1])
    with pytest.raises(ValueError, match="'upside_down'"):
        tta_views(images, "sideways")


@pytest.mark.parametrize(
    ("spec", "mirrors"),
    [
        (None, False),
        ("light", True),
        ({"shift": 0.1}, False),
        ({"horizontal_flip": 0}, False),
        ({"horizontal_flip": 0.1}, True),
        ({"alternating_flip": 1}, True),
    ],
)
def test_mirroring_is_known_of_every_specification(spec, mirrors):
    assert mirrors_images(spec) is mirrors
