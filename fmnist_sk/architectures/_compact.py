"""Architecture of three convolutions with few filters and no dense layer.

Strides take the place of pooling after the first convolution (Springenberg et al.,
"Striving for simplicity: the all convolutional net", arXiv:1412.6806). A strided
convolution takes a quarter of the work of a pooled convolution.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import pool_size_of


def _features(x, blocks, parameters, options):
    kernel_size = parameters["kernel_size"]
    first, *deeper = parameters["filters"]
    x = blocks.conv(x, first, kernel_size, pool_size=pool_size_of(x), **options)
    for filters in deeper:
        x = blocks.conv(x, filters, kernel_size, strides=2, **options)
    return blocks.flatten(x)


register(
    Architecture(
        name="compact",
        defaults={
            "filters": (16, 32, 48),
            "kernel_size": 3,
            "dense_units": (),
            "dropout": 0.0,
            "activation": "relu",
            "batch_norm": True,
        },
        recipe=Recipe(epochs=5, rate=10.0),
        features=_features,
    )
)
