"""The architectures themselves, as functions that stack blocks on an image tensor."""

import keras

from . import Ensemble
from ._layers import BATCH_NORM_EPSILON, ConvBlock, DenseBlock, Dropout

# Pixels a map must have in a direction to be pooled along it; 8 × 8 digits are pooled
# once, 28 × 28 clothes are not concerned.
SMALLEST_POOLED = 8


class FastBlocks:
    """Blocks of one layer each, computing in `dtype`.

    `layers` are those with weights in the order in which they were made, which is the
    order of a network's weights whatever its blocks are made of.
    """

    def __init__(self, dtype="float32"):
        self.dtype = dtype
        self.layers = []

    def add(self, x, layer):
        """Apply a layer with weights."""
        self.layers.append(layer)
        return layer(x)

    def conv(self, x, units, kernel_size, *, strides=1, **options):
        """Convolution, pooling, normalisation or bias, activation."""
        x, strides = take_pixels(x, kernel_size, strides, self.dtype)
        block = ConvBlock(
            units, kernel_size, strides=strides, dtype=self.dtype, **options
        )
        return self.add(x, block)

    def dense(self, x, units, **options):
        """Dense layer, normalisation or bias, activation."""
        return self.add(x, DenseBlock(units, dtype=self.dtype, **options))

    def dropout(self, x, rate):
        """Dropout, unless the rate is 0."""
        return Dropout(rate, dtype=self.dtype)(x) if rate else x

    def logits(self, x, n_classes):
        """The last layer, which computes in float32 always."""
        layer = keras.layers.Dense(
            n_classes,
            kernel_initializer="zeros",
            dtype="float32",
            name=self._name_of_logits(),
        )
        return self.add(x, layer)

    def _name_of_logits(self):
        """A name that says which layers are the last: ensembles have several."""
        n_before = sum(layer.name.startswith("logits") for layer in self.layers)
        return f"logits_{n_before}" if n_before else "logits"


class StockBlocks(FastBlocks):
    """The same blocks from stock Keras layers, with the same weights in order."""

    def conv(
        self,
        x,
        units,
        kernel_size,
        *,
        strides=1,
        padding="same",
        pool=(1, 1),
        batch_norm,
        activation,
    ):
        """Convolution, pooling, normalisation or bias, activation."""
        x, strides = take_pixels(x, kernel_size, strides, self.dtype)
        layer = keras.layers.Conv2D(
            units,
            kernel_size,
            strides=strides,
            padding=padding,
            use_bias=not batch_norm,
            activation=None if batch_norm else activation,
        )
        x = self.add(x, layer)
        if pool != (1, 1):
            x = keras.layers.MaxPooling2D(pool)(x)
        return self._normalise(x, activation) if batch_norm else x

    def dense(self, x, units, *, batch_norm, activation):
        """Dense layer, normalisation or bias, activation."""
        layer = keras.layers.Dense(
            units,
            use_bias=not batch_norm,
            activation=None if batch_norm else activation,
        )
        x = self.add(x, layer)
        return self._normalise(x, activation) if batch_norm else x

    def dropout(self, x, rate):
        """Dropout, unless the rate is 0."""
        return keras.layers.Dropout(rate)(x) if rate else x

    def logits(self, x, n_classes):
        """The last layer."""
        return self.add(x, keras.layers.Dense(n_classes, name=self._name_of_logits()))

    def _normalise(self, x, activation):
        layer = keras.layers.BatchNormalization(scale=False, epsilon=BATCH_NORM_EPSILON)
        x = self.add(x, layer)
        return keras.layers.Activation(activation)(x)


def take_pixels(x, kernel_size, strides, dtype):
    """Take the strides out of a convolution of single pixels.

    It is the same, and TensorFlow 2.21's gradient of the strided one writes beyond its
    memory for some numbers of filters and images (8 filters, 15 images).
    """
    if kernel_size != (1, 1) or strides == 1:
        return x, strides
    pixels = keras.layers.MaxPooling2D(1, strides=strides, padding="same", dtype=dtype)
    return pixels(x), 1


def build_logits(x, architecture, n_classes, blocks, parameters):
    """Stack the layers of a named architecture on an image tensor.

    Parameters
    ----------
    x : keras tensor of shape (None, height, width, channels)
        Normalised images.
    architecture : str or Ensemble
        Name in the registry, or several.
    n_classes : int
        Number of logits.
    blocks : FastBlocks, StockBlocks or FoldedBlocks
        What the layers are made of.
    parameters : dict
        Every network parameter, resolved.

    Returns
    -------
    logits : keras tensor of shape (None, n_classes)
        The output, float32.
    """
    if isinstance(architecture, Ensemble):
        dropout = {"dropout": parameters["dropout"]}
        logits = [
            build_logits(x, name, n_classes, blocks, dict(member) | dropout)
            for name, member in parameters["members"]
        ]
        return keras.layers.Average(dtype="float32")(logits)
    options = {key: parameters[key] for key in ("batch_norm", "activation")}
    features = _FEATURES[architecture](x, blocks, parameters, options)
    rate = parameters["dropout"]
    if not parameters["dense_units"]:
        features = blocks.dropout(features, rate)
    for units in parameters["dense_units"]:
        features = blocks.dense(features, units, **options)
        features = blocks.dropout(features, rate)
    return blocks.logits(features, n_classes)


def _pool(x):
    """Halve height and width, but no map so small that each pixel of it counts."""
    return tuple(2 if size >= SMALLEST_POOLED else 1 for size in x.shape[1:3])


def _valid(x, kernel):
    """Shrink by the kernel as the textbook networks do, unless nothing would be left.

    The name of the padding: "valid" or "same".
    """
    fits = all(size >= k for size, k in zip(x.shape[1:3], kernel, strict=True))
    return "valid" if fits else "same"


def _standard(x, blocks, parameters, options):
    kernel = parameters["kernel_size"]
    for units in parameters["filters"]:
        x = blocks.conv(x, units, kernel, pool=_pool(x), **options)
    return keras.layers.Flatten()(x)


def _compact(x, blocks, parameters, options):
    kernel = parameters["kernel_size"]
    for i, units in enumerate(parameters["filters"]):
        # A strided convolution is a quarter of the work of a pooled one.
        how = {"strides": 2} if i else {"pool": _pool(x)}
        x = blocks.conv(x, units, kernel, **how, **options)
    return keras.layers.Flatten()(x)


def _two_conv(x, blocks, parameters, options):
    kernel = parameters["kernel_size"]
    for units in parameters["filters"]:
        padding = _valid(x, kernel)
        shrink = 0 if padding == "same" else 1
        pool = tuple(
            min(2, size - shrink * (k - 1))
            for size, k in zip(x.shape[1:3], kernel, strict=True)
        )
        x = blocks.conv(x, units, kernel, padding=padding, pool=pool, **options)
    return keras.layers.Flatten()(x)


def _three_conv(x, blocks, parameters, options):
    kernel = parameters["kernel_size"]
    for units in parameters["filters"]:
        x = blocks.conv(x, units, kernel, padding=_valid(x, kernel), **options)
    return keras.layers.Flatten()(x)


def _vgg(x, blocks, parameters, options):
    kernel = parameters["kernel_size"]
    first, *deeper = parameters["filters"]
    x = blocks.conv(x, first, kernel, pool=_pool(x), **options)
    for units in deeper:
        x = blocks.conv(x, units, kernel, **options)
        x = blocks.conv(x, units, kernel, pool=_pool(x), **options)
    return keras.layers.Flatten()(x)


def _resnet(x, blocks, parameters, options):
    """Two stages of two units of two convolutions (He et al., arXiv 1512.03385)."""
    kernel = parameters["kernel_size"]
    linear = {**options, "activation": "linear"}
    stem, *stages = parameters["filters"]
    x = blocks.conv(x, stem, kernel, pool=_pool(x), **options)
    for stage, units in enumerate(stages):
        for unit in range(2):
            strides = min(_pool(x)) if stage and not unit else 1
            shortcut = x
            x = blocks.conv(x, units, kernel, strides=strides, **options)
            x = blocks.conv(x, units, kernel, **linear)
            if shortcut.shape[1:] != x.shape[1:]:
                shortcut = blocks.conv(
                    shortcut, units, (1, 1), strides=strides, **linear
                )
            x = keras.layers.Add(dtype=blocks.dtype)([x, shortcut])
            x = keras.layers.Activation(options["activation"], dtype=blocks.dtype)(x)
    return keras.layers.GlobalAveragePooling2D(dtype=blocks.dtype)(x)


_FEATURES = {
    "standard": _standard,
    "compact": _compact,
    "two_conv": _two_conv,
    "three_conv": _three_conv,
    "vgg": _vgg,
    "resnet": _resnet,
}
