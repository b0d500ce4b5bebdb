"""Sizes that depend on the image, so that every architecture accepts small images."""

# Smallest height or width that is pooled. Digits of 8 × 8 pixels are pooled once, and
# clothes of 28 × 28 pixels are not affected.
_SMALLEST_POOLED = 8


def pool_size_of(x):
    """Return a pool size that halves a height and a width of at least 8 pixels."""
    return tuple(2 if size >= _SMALLEST_POOLED else 1 for size in x.shape[1:3])


def padding_of(x, kernel_size):
    """Return "valid", or "same" if "valid" would leave no pixel of the image."""
    fits = all(
        size >= kernel for size, kernel in zip(x.shape[1:3], kernel_size, strict=True)
    )
    return "valid" if fits else "same"


def same_padding(size, window, strides):
    """Return the numbers of pixels that "same" adds before and after an axis.

    TensorFlow adds one more pixel after the axis if the sum of both is odd.
    """
    total = max(0, (-(-size // strides) - 1) * strides + window - size)
    return total // 2, total - total // 2
