"""Architecture of one convolution and two stages of two convolutions.

Each stage ends with max-pooling. The architecture follows Simonyan and Zisserman, "Very
deep convolutional networks for large-scale image recognition", arXiv:1409.1556, with
batch normalisation and without dense layers.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import pool_size_of


def _features(x, blocks, parameters, options):
    kernel_size = parameters["kernel_size"]
    first, *deeper = parameters["filters"]
    x = blocks.conv(x, first, kernel_size, pool_size=pool_size_of(x), **options)
    for filters in deeper:
        x = blocks.conv(x, filters, kernel_size, **options)
        x = blocks.conv(x, filters, kernel_size, pool_size=pool_size_of(x), **options)
    return blocks.flatten(x)


register(
    Architecture(
        name="vgg",
        defaults={
            "filters": (32, 64, 128),
            "kernel_size": 3,
            "dense_units": (),
            "dropout": 0.3,
            "activation": "relu",
            "batch_norm": True,
        },
        recipe=Recipe(
            epochs=20,
            rate=6.0,
            augmentation={"horizontal_flip": 0.5, "shift": 0.04, "erasing": 0.5},
            tta="flip_shift",
            label_smoothing=0.05,
        ),
        features=_features,
    )
)
