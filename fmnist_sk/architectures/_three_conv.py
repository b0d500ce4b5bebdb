"""Textbook network of three convolutions without pooling, and two dense layers.

Almost all of its weights are in the first dense layer, which reads every pixel of the
last convolution. Dropout (Srivastava et al., JMLR 15, 2014) regularises this layer.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import padding_of


def _features(x, blocks, parameters, options):
    kernel_size = parameters["kernel_size"]
    for filters in parameters["filters"]:
        padding = padding_of(x, kernel_size)
        x = blocks.conv(x, filters, kernel_size, padding=padding, **options)
    return blocks.flatten(x)


register(
    Architecture(
        name="three_conv",
        defaults={
            "filters": (32, 64, 128),
            "kernel_size": 3,
            "dense_units": (512, 512),
            "dropout": 0.2,
            "activation": "relu",
            "batch_norm": False,
        },
        recipe=Recipe(),
        features=_features,
    )
)
