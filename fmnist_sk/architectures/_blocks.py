"""Steps that an architecture is composed of, in several interpretations."""

# Epsilon of every batch normalisation: Keras's default.
BATCH_NORM_EPSILON = 1e-3


class Blocks:
    """Steps that an architecture is composed of.

    `FastBlocks` interprets them for training, `StockBlocks` for ordinary Keras models,
    `FoldedBlocks` for prediction, `OnnxBlocks` for ONNX files, `NumpyBlocks` for
    predictions in NumPy, and `SizeBlocks` to count parameters. A subclass has these
    methods, whose arguments and results `x` are stacks of images, maps or features of
    its own kind, with a `shape` of (n, height, width, channels) or (n, features):

    - `conv(x, filters, kernel_size, *, strides=1, padding="same", pool_size=(1, 1),
      batch_norm, activation)`: convolution, max-pooling, batch normalisation or bias,
      activation;
    - `dense(x, units, *, batch_norm, activation)`: dense layer, batch normalisation or
      bias, activation;
    - `dropout(x, rate)`: dropout, unless the rate is 0;
    - `flatten(x)`: features, one per pixel and map;
    - `global_average_pool(x)`: features, one per map;
    - `activated_sum(x, shortcut, activation)`: activation of the sum of two stacks of
      maps of the same shape;
    - `logits(x, n_classes)`: the output, in float32 in every interpretation;
    - `average(logits)`: the average of the logits of several networks.
    """
