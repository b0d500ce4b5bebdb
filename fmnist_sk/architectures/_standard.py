"""Architecture of two convolutions with batch normalisation, and a dense layer.

It is the textbook network of `two_conv` with batch normalisation (Ioffe and Szegedy,
"Batch normalization", arXiv:1502.03167) and dropout, which allow ten times the learning
rate.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import pool_size_of


def _features(x, blocks, parameters, options):
    for filters in parameters["filters"]:
        x = blocks.conv(
            x,
            filters,
            parameters["kernel_size"],
            pool_size=pool_size_of(x),
            **options,
        )
    return blocks.flatten(x)


register(
    Architecture(
        name="standard",
        defaults={
            "filters": (32, 64),
            "kernel_size": 3,
            "dense_units": (128,),
            "dropout": 0.1,
            "activation": "relu",
            "batch_norm": True,
        },
        # 0.04 of 28 pixels is a shift by one pixel, which suits any small image.
        recipe=Recipe(epochs=6, rate=10.0, augmentation={"shift": 0.04}, tta="shift"),
        features=_features,
    )
)
