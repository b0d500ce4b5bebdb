"""Warning about images on another scale than the training images."""

import math

import numpy as np

from .._warnings import warn_user

# The check reads at most this many rows, from all parts of X, and about this many
# values. That takes 5 µs for one image of 28 × 28 pixels and 0.1 ms for many images.
_MAX_ROWS, _MAX_VALUES = 32, 2**16
# A few values, as in a row of a table, may all be close to zero by chance.
_MIN_VALUES = 64
# Images of 0 to 1 instead of 0 to 255 have a 255th of the standard deviation. Images
# that were standardised have a 40th to a 110th, because the standard deviation of most
# data sets of 0 to 255 is 40 to 110. On the right scale, even white images are at most
# 32 standard deviations from the mean if a thousandth of the training pixels is white.
_RATIO = 40
# Dark and dull images also have a small standard deviation. In addition, the values of
# another scale are therefore required to be close to zero: below this fraction of the
# standard deviation of the training images. Values of 0 to 1 are below 0.04, and
# standardised values, which may be negative, below 0.1.
_NEAR_ZERO, _NEAR_ZERO_SIGNED = 0.04, 0.1
# Images of one colour differ by rounding errors only.
_CONSTANT = 1e-6


def warn_of_other_scale(X, normalisation, *, name="X"):
    """Warn if images are on another scale than the training images.

    The limits follow from the mean and the standard deviation of the training images.
    Images are on another scale if they lie far outside the range of the training
    images, or if all of them look like the same, nearly constant image.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
        Checked images as rows.
    normalisation : object
        Object with the attributes `mean` and `scale` of the training images, ndarrays
        of shape (channels,).
    name : str, default="X"
        Name of the images in the warning.
    """
    n_rows = min(_MAX_ROWS, max(1, _MAX_VALUES // X.shape[1]))
    rows = X[:: math.ceil(len(X) / n_rows)]
    if rows.size < _MIN_VALUES:
        return
    mean, deviation = _mean_and_deviation(normalisation)
    offsets = np.subtract(rows, mean, dtype=np.float64).ravel()
    # These sums take 1 µs. `mean` and `std` take 20 µs, which is 4 % of the time of
    # one prediction.
    squares = offsets.dot(offsets) / offsets.size
    variance = squares - (np.add.reduce(offsets) / offsets.size) ** 2
    far, flat = (_RATIO * deviation) ** 2, (deviation / _RATIO) ** 2
    if squares <= far and variance >= flat:
        return
    # Quantiles, because a few values, such as those of dead pixels, are no scale.
    low, high = np.quantile(offsets, (0.01, 0.99)) + mean
    if max(high - mean, mean - low) > _RATIO * deviation:
        is_larger = True
    elif (
        variance < flat
        and _are_near_zero(low, high, deviation)
        and not _is_dark_photograph(rows, deviation)
    ):
        is_larger = False
    else:
        return
    warn_user(
        f"{name} contains values from {rows.min():.3g} to {rows.max():.3g}, but the "
        f"training images have a mean of {mean:.3g} and a standard deviation of "
        f"{deviation:.3g}. The network only recognises images on the scale of the "
        f"training images. {_advice(name, low, high, mean, is_larger)}"
    )


def _mean_and_deviation(normalisation):
    """Return mean and standard deviation of all values, whatever their channel."""
    means, scales = normalisation.mean.tolist(), normalisation.scale.tolist()
    mean = sum(means) / len(means)
    parts = zip(means, scales, strict=True)
    variance = sum(scale**2 + (each - mean) ** 2 for each, scale in parts) / len(means)
    return mean, math.sqrt(variance)


def _are_near_zero(low, high, deviation):
    if high - low <= _CONSTANT * deviation:
        return False
    limit = _NEAR_ZERO if low >= 0 else _NEAR_ZERO_SIGNED
    return max(high, -low) < limit * deviation


def _is_dark_photograph(rows, deviation):
    """Return whether images of 8 bits have a few of the darkest of 256 grey levels.

    Whole numbers above 1 are not values of 0 to 1.
    """
    whole = rows.dtype.kind in "iu" or np.array_equal(rows, np.rint(rows))
    return whole and rows.max() > 1 and deviation < 128


def _advice(name, low, high, mean, is_larger):
    """Return what to do about images on another scale."""
    if is_larger and low >= 0 and high <= 255 and 0 <= mean <= 1:
        return f"If these have values from 0 to 1, pass {name} / 255."
    if not is_larger and low >= 0 and high <= 1 < mean <= 255:
        return f"If these have values from 0 to 255, pass {name} * 255."
    return f"Scale {name} in the same way as the training images."
