"""Architecture of one convolution and two stages of two residual units.

Each unit has two convolutions. The architecture follows He et al., "Deep residual
learning for image recognition", arXiv:1512.03385, with fewer and narrower stages.
"""

from ._architecture import Architecture, Recipe, register
from ._sizes import pool_size_of


def _features(x, blocks, parameters, options):
    kernel_size = parameters["kernel_size"]
    linear = {**options, "activation": "linear"}
    stem, *stages = parameters["filters"]
    x = blocks.conv(x, stem, kernel_size, pool_size=pool_size_of(x), **options)
    for stage, filters in enumerate(stages):
        for unit in range(2):
            strides = min(pool_size_of(x)) if stage and not unit else 1
            shortcut = x
            x = blocks.conv(x, filters, kernel_size, strides=strides, **options)
            x = blocks.conv(x, filters, kernel_size, **linear)
            if shortcut.shape[1:] != x.shape[1:]:
                shortcut = blocks.conv(
                    shortcut, filters, (1, 1), strides=strides, **linear
                )
            x = blocks.activated_sum(x, shortcut, options["activation"])
    return blocks.global_average_pool(x)


register(
    Architecture(
        name="resnet",
        defaults={
            "filters": (32, 48, 96),
            "kernel_size": 3,
            "dense_units": (),
            "dropout": 0.3,
            "activation": "relu",
            "batch_norm": True,
        },
        recipe=Recipe(
            epochs=16,
            rate=6.0,
            augmentation={"horizontal_flip": 0.5, "shift": 0.04, "erasing": 0.5},
            tta="flip_shift",
            label_smoothing=0.05,
        ),
        features=_features,
    )
)
