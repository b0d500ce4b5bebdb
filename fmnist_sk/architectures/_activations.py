"""Names of the activations that a block can have."""

#: Activations for which max-pooling can come before the activation. Max-pooling
#: commutes with any monotonic function, and pooling first leaves a quarter of the
#: pixels.
MONOTONIC_ACTIVATIONS = frozenset(
    {"relu", "elu", "selu", "leaky_relu", "tanh", "sigmoid", "softplus", "linear"}
)

#: All activations, by Keras's names.
ACTIVATIONS = MONOTONIC_ACTIVATIONS | {"gelu", "silu", "swish", "mish"}
