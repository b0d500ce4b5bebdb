"""Shapes of data that are probably not what the user meant."""

import math

# Tables with up to this many features are common. Rows of so few pixels that are not
# square are rare: scikit-learn's digits, the smallest images in common use, have 8 × 8
# = 64 pixels, and would have 192 values in colour.
_MOST_FEATURES_OF_A_TABLE = 100
# Grey, grey with alpha, colour, colour with alpha.
_MOST_CHANNELS = 4
_SURPLUS = "have a column too many, such as an index or a label", "Remove"
_LACK = "lack a column, for example a pixel that was read as the index", "Restore"


def explain_doubtful_shape(X_shape):
    """Return why the image shape inferred from data is doubtful, and what to do.

    Parameters
    ----------
    X_shape : tuple of int
        Shape of the data, whose image shape `infer_image_shape` has to infer.

    Returns
    -------
    message : str or None
        Text of a warning, or None if the shape is plausible. It does not depend on the
        number of images, so the warnings of the folds of a cross-validation are equal.
    """
    if len(X_shape) == 2:
        return _explain_row(X_shape[1])
    if len(X_shape) == 4:
        return _explain_channels(X_shape[1:])
    return None


def _explain_row(n_features):
    # A row of n × n pixels with four channels cannot be told from a square grey image
    # of 2n × 2n pixels.
    if n_features <= _MOST_FEATURES_OF_A_TABLE or _side(n_features):
        return None
    return (
        f"X has {n_features} features, which do not form a square, so each row is "
        f"treated as an image of height 1 and width {n_features}. "
        f"{_advise_on_row(n_features)} If the rows are not images, set "
        f"image_shape=(1, {n_features}) to suppress this warning."
    )


def _advise_on_row(n_features):
    side = _side(n_features, 3)
    if side:
        return (
            f"If the rows are colour images, set image_shape=({side}, {side}, 3). If, "
            "as in the files of CIFAR-10, the rows contain one channel after the "
            f"other, pass np.moveaxis(X.reshape(-1, 3, {side}, {side}), 1, -1) instead."
        )
    for channels, kind in (1, "Grey"), (3, "Colour"):
        for surplus in 1, -1:
            side = _side(n_features - surplus, channels)
            if side:
                cause, remedy = _SURPLUS if surplus == 1 else _LACK
                return (
                    f"{kind} images of {side} × {side} pixels have "
                    f"{n_features - surplus} features, so X may {cause}. {remedy} this "
                    "column, or set image_shape=(height, width) if the images are "
                    "oblong."
                )
    return (
        "If the rows are images, set image_shape=(height, width) or (height, width, "
        "channels)."
    )


def _explain_channels(image_shape):
    height, width, channels = image_shape
    if channels <= _MOST_CHANNELS:
        return None
    advice = (
        "If the channels come first, pass np.moveaxis(X, 1, -1)."
        if height <= _MOST_CHANNELS
        else "Grey images have one channel, and colour images have three."
    )
    return (
        f"X contains images of shape {image_shape}, which are treated as images of "
        f"height {height} and width {width} with {channels} channels. {advice} If the "
        f"shape is correct, set image_shape={image_shape} to suppress this warning."
    )


def _side(n_features, channels=1):
    """Return the side of square images with so many features, or 0."""
    side = math.isqrt(n_features // channels)
    return side if side * side * channels == n_features else 0
