"""Tests of each augmentation operation by itself."""

import numpy as np
import pytest
from _augmented import augment, make_images
from numpy.testing import assert_allclose, assert_array_equal

from fmnist_sk._images import inverse_affine, translate, warp
from fmnist_sk.augmentation import augment_images, check_augmentation, mix_images

# Flips ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_two_flips_give_the_original(dtype):
    images = make_images((5, 6, 7, 3), dtype)
    mirrored = augment(images, {"horizontal_flip": 1})
    assert_array_equal(mirrored, images[:, :, ::-1])
    assert_array_equal(augment(mirrored, {"horizontal_flip": 1}), images)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_the_share_of_flips_is_the_probability(probability):
    images = np.tile(np.arange(3.0).reshape(1, 1, 3, 1), (5000, 1, 1, 1))
    flipped = augment(images, {"horizontal_flip": probability})[:, 0, 0, 0] == 2
    # Within four standard deviations.
    assert abs(flipped.mean() - probability) < 4 * 0.5 / np.sqrt(5000)


# Alternating flips ------------------------------------------------------------


def test_alternating_flips_mirror_those_with_an_odd_turn():
    images = make_images((6, 4, 4, 1))
    turns = np.array([0, 1, 2, 3, 4, 5])
    flipped = augment_images(
        images, {"alternating_flip": 1}, np.random.default_rng(0), turns=turns
    )
    assert_array_equal(flipped[::2], images[::2])
    assert_array_equal(flipped[1::2], images[1::2, :, ::-1])


# Shifts -----------------------------------------------------------------------


@pytest.mark.parametrize("others", [{}, {"rotation": 1e-6}], ids=["moved", "warped"])
def test_shifts_reach_their_limits_equally_often_and_never_pass_them(others):
    images = np.zeros((5000, 10, 20, 1), dtype=np.uint8)
    images[:, 5, 9] = 255
    shifted = augment(images, {"shift": 0.1, **others})
    down, right = np.argwhere(shifted == 255)[:, 1:3].T - np.array([[5], [9]])
    assert len(down) == 5000
    for shift, limit in [(down, 1), (right, 2)]:
        values, counts = np.unique(shift, return_counts=True)
        assert_array_equal(values, np.arange(-limit, limit + 1))
        assert_allclose(counts / 5000, 1 / len(values), atol=0.03)
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.06


def test_a_shift_is_rounded_to_whole_pixels():
    images = make_images((50, 8, 8, 1))
    assert_array_equal(augment(images, {"shift": 0.04}), images)
    assert (augment(images, {"shift": 0.1}) != images).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_what_comes_into_view_repeats_the_border(channels):
    image = np.repeat(np.arange(9).reshape(1, 3, 3, 1), channels, axis=3)
    shifted = translate(image, np.array([1]), np.array([-2]))
    for channel in np.moveaxis(shifted[0], 2, 0):
        assert_array_equal(channel, [[2, 2, 2], [2, 2, 2], [5, 5, 5]])


# The warp ---------------------------------------------------------------------


def warp_one(image, degrees=0.0, zoom=1.0, down=0, right=0):
    height, width = image.shape
    parameters = (np.deg2rad([degrees]), np.array([zoom]), [down], [right])
    matrix = inverse_affine(*map(np.asarray, parameters), height, width)
    return warp(image[None, :, :, None], matrix)[0, :, :, 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("size", [6, 7])
def test_a_quarter_turn_is_exact(size, dtype):
    image = make_images((size, size), dtype)
    assert_allclose(warp_one(image, degrees=90), np.rot90(image, -1), rtol=1e-5)
    assert_allclose(warp_one(image, degrees=-90), np.rot90(image), rtol=1e-5)
    assert_allclose(warp_one(image, degrees=180), image[::-1, ::-1], rtol=1e-5)


@pytest.mark.parametrize(("down", "right"), [(1, 0), (0, -1), (-2, 3)])
def test_a_warped_shift_is_the_exact_shift(down, right):
    image = make_images((7, 9))
    expected = translate(image[None, ..., None], np.array([down]), np.array([right]))
    warped = warp_one(image, down=down, right=right)
    assert_array_equal(warped, expected[0, ..., 0])


def test_a_zoom_enlarges_about_the_centre():
    ramp = np.tile(np.arange(9, dtype=np.float64), (9, 1))
    assert_allclose(warp_one(ramp, zoom=2)[0], np.linspace(2, 6, 9))
    assert_allclose(warp_one(ramp, zoom=0.5)[0], [0, 0, 0, 2, 4, 6, 8, 8, 8])


def test_integers_are_rounded_not_cut_off():
    images = make_images((50, 28, 28, 1))
    moves = {"horizontal_flip": 0.5, "rotation": 30, "zoom": 0.2, "shear": 10}
    exact = augment(images.astype(np.float64), moves)
    warped = augment(images, moves).astype(np.float64)
    assert_allclose(warped, exact, atol=0.5001)
    assert abs((warped - exact).mean()) < 0.01


def test_angles_and_sizes_reach_their_limits_and_never_pass_them():
    # The slopes of a warped ramp show its rotation and zoom.
    ramp = np.tile(np.arange(28, dtype=np.float64), (2000, 28, 1))[..., None]
    warped = augment(ramp, {"rotation": 10, "zoom": 0.2})[..., 0]
    by_x = (warped[:, 14, 18] - warped[:, 14, 10]) / 8
    by_y = (warped[:, 18, 14] - warped[:, 10, 14]) / 8
    angle = np.rad2deg(np.arctan2(by_y, by_x))
    zoom = 1 / np.hypot(by_x, by_y)
    for values, low, high in [(angle, -10, 10), (zoom, 0.8, 1.2)]:
        spread = high - low
        assert low - 1e-4 < values.min() < low + spread / 100
        assert high - spread / 100 < values.max() < high + 1e-4
        quartiles = [low + spread * part for part in (0.25, 0.5, 0.75)]
        assert_allclose(
            np.quantile(values, [0.25, 0.5, 0.75]), quartiles, atol=spread / 25
        )


# Brightness and contrast ------------------------------------------------------


@pytest.mark.parametrize("scale", [(1, 0), (1 / 255, 0), (0.02, -1.3)])
def test_shades_do_not_depend_on_the_scale_of_the_pixels(scale):
    images = make_images((30, 6, 6, 1), float) * 2.5
    factor, offset = scale
    spec = {"brightness": 0.3, "contrast": 0.5}
    assert_allclose(
        augment(images * factor + offset, spec),
        augment(images, spec) * factor + offset,
        atol=1e-4,
    )


def test_brightness_adds_and_contrast_stretches_about_the_mean():
    image = np.array([0.0, 40, 60, 100]).reshape(1, 2, 2, 1)
    images = np.repeat(image, 2000, axis=0)
    inner = augment(images, {"brightness": 0.2}).reshape(-1, 4)[:, 1:3]
    assert_allclose(inner[:, 1] - inner[:, 0], 20, atol=1e-3)
    added = inner[:, 0] - 40
    assert added.min() == pytest.approx(-20, abs=0.1)
    assert added.max() == pytest.approx(20, abs=0.1)
    inner = augment(images, {"contrast": 0.5}).reshape(-1, 4)[:, 1:3]
    assert_allclose(inner.sum(axis=1), 100, atol=1e-3)
    stretched = (inner[:, 1] - inner[:, 0]) / 20
    assert stretched.min() == pytest.approx(0.5, abs=0.01)
    assert stretched.max() == pytest.approx(1.5, abs=0.01)


# Erasing ----------------------------------------------------------------------


def test_erased_rectangles_have_their_size_and_reach_everywhere():
    images = np.zeros((4000, 10, 20, 2))
    images[:, ::2] = [1.0, 3.0]  # the means are 0.5 and 1.5
    erased = augment(images, {"erasing": 0.5, "erasing_size": 0.3})
    changed = (erased != images).any(axis=3)
    assert_allclose(changed.any(axis=(1, 2)).mean(), 0.5, atol=0.03)
    assert_allclose(erased[changed], np.tile([0.5, 1.5], (changed.sum(), 1)))
    heights, widths = changed.any(axis=2).sum(axis=1), changed.any(axis=1).sum(axis=1)
    # 3 of 10 rows and 6 of 20 columns, fewer if the centre is near the border.
    assert set(heights) == {0, 2, 3}
    assert set(widths) == {0, 3, 4, 5, 6}
    assert changed.any(axis=0).all()
    full = changed.sum(axis=(1, 2)) == 18
    assert full.mean() > 0.25


def test_an_erased_integer_image_gets_its_rounded_mean():
    image = np.array([1, 2, 2, 1], dtype=np.uint8).reshape(1, 2, 2, 1)
    erased = augment(image, {"erasing": 1.0, "erasing_size": 1.0})
    assert_array_equal(np.setdiff1d(erased, image), [])
    image = np.array([0, 0, 0, 100], dtype=np.uint8).reshape(1, 2, 2, 1)
    erased = augment(image, {"erasing": 1.0, "erasing_size": 1.0})
    assert set(np.unique(erased)) <= {0, 25, 100}
    assert 25 in erased


# Mixing -----------------------------------------------------------------------


def test_mixup_is_a_weighted_mean():
    images = make_images((500, 5, 5, 2), float)
    settings = check_augmentation({"mixup": 0.5, "mixup_alpha": 1.0})
    mixed, partners, own = mix_images(images, settings, np.random.default_rng(0))
    weight = own[:, None, None, None]
    assert_allclose(mixed, weight * images + (1 - weight) * images[partners], atol=1e-4)
    assert_allclose((own == 1).mean(), 0.5, atol=0.06)
    # Beta(1, 1) is uniform.
    quarters = [0.25, 0.5, 0.75]
    assert_allclose(np.quantile(own[own < 1], quarters), quarters, atol=0.1)


def test_cutmix_pastes_a_rectangle_of_the_share_that_is_not_its_own():
    images = np.repeat(np.arange(400.0), 80).reshape(400, 8, 10, 1)
    settings = check_augmentation({"cutmix": 1.0})
    mixed, partners, own = mix_images(images, settings, np.random.default_rng(0))
    foreign = mixed[..., 0] != images[..., 0]
    others = partners != np.arange(400)
    assert_allclose(foreign.mean(axis=(1, 2))[others], 1 - own[others], atol=1e-6)
    assert_array_equal(
        mixed[..., 0][foreign],
        images[partners, :, :, 0][foreign],
    )
    for rows, columns in zip(foreign.any(axis=2), foreign.any(axis=1), strict=True):
        for inside in (rows, columns):  # without gaps
            assert np.diff(np.flatnonzero(inside)).max(initial=1) == 1
    assert 0.3 < own.mean() < 0.8


def test_an_image_has_one_mixture_at_most():
    images = make_images((300, 6, 6, 1), float)
    settings = check_augmentation({"mixup": 0.6, "cutmix": 0.6})
    mixed, partners, own = mix_images(images, settings, np.random.default_rng(0))
    assert (own < 1).mean() > 0.9
    weight = own[:, None, None, None]
    blended = np.isclose(mixed, weight * images + (1 - weight) * images[partners])
    pasted = (mixed == images) | (mixed == images[partners])
    assert (blended.all(axis=(1, 2, 3)) | pasted.all(axis=(1, 2, 3))).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_mixed_images_keep_their_dtype_and_the_input(dtype):
    images = make_images((50, 4, 4, 1), dtype)
    before = images.copy()
    settings = check_augmentation({"mixup": 0.5, "cutmix": 0.5})
    mixed, _, own = mix_images(images, settings, np.random.default_rng(0))
    assert mixed.dtype == dtype
    assert own.dtype == np.float32
    assert_array_equal(images, before)


def test_labels_cannot_be_mixed_outside_of_a_training():
    with pytest.raises(ValueError, match="also mix labels"):
        augment(make_images(), {"mixup": 0.5})
