"""Textbook network of two convolutions with max-pooling, and a dense layer.

It follows LeCun et al., "Gradient-based learning applied to document recognition"
(1998), with the rectified units and the widths of today's tutorials.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import padding_of


def _features(x, blocks, parameters, options):
    kernel_size = parameters["kernel_size"]
    for filters in parameters["filters"]:
        padding = padding_of(x, kernel_size)
        lost = 0 if padding == "same" else 1
        pool_size = tuple(
            min(2, size - lost * (kernel - 1))
            for size, kernel in zip(x.shape[1:3], kernel_size, strict=True)
        )
        x = blocks.conv(
            x, filters, kernel_size, padding=padding, pool_size=pool_size, **options
        )
    return blocks.flatten(x)


register(
    Architecture(
        name="two_conv",
        defaults={
            "filters": (32, 64),
            "kernel_size": 3,
            "dense_units": (128,),
            "dropout": 0.0,
            "activation": "relu",
            "batch_norm": False,
        },
        recipe=Recipe(),
        features=_features,
    )
)
