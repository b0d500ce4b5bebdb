"""Other tools for the same task, each as a function that returns `fit` and `predict`.

Every function takes training images (rows of uint8), labels and a batch size. It
returns two functions: `fit(epochs)` trains, and `predict(X)` returns the probabilities
of each class. The functions for Keras and PyTorch train the network that is the first
example of most tutorials: two convolutions with 32 and 64 filters of 3 × 3 pixels, each
followed by max-pooling, and a dense layer of 128 units.
"""

import numpy as np

FILTERS, UNITS, CLASSES = (32, 64), 128, 10


def pixels(X):
    """Convert rows to float32 images from 0 to 1 with a channel, as in tutorials."""
    return (X.reshape(-1, 28, 28, 1) / 255.0).astype(np.float32)


def keras_model():
    """Return the Keras network, which returns logits, compiled with Adam."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(FILTERS[0], 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(FILTERS[1], 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(UNITS, activation="relu"),
            layers.Dense(CLASSES),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def scikeras_search_model(filters, dropout):
    """Return the Keras network with two parameters to search over, for SciKeras."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(filters, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(2 * filters, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(UNITS, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def softmax(logits):
    """Convert logits to probabilities."""
    from scipy.special import softmax

    return softmax(np.asarray(logits, dtype=np.float64), axis=1)


def keras_script(X, y, batch_size, seed=0):
    """Prepare a plain Keras script with `model.fit`."""
    import keras

    keras.utils.set_random_seed(seed)
    model, images = keras_model(), pixels(X)

    def fit(epochs):
        model.fit(images, y, epochs=epochs, batch_size=batch_size, verbose=0)

    def predict(X):
        return softmax(model.predict(pixels(X), batch_size=1000, verbose=0))

    return fit, predict


def scikeras(X, y, batch_size, seed=0):
    """Prepare the same Keras network with SciKeras."""
    import keras
    from scikeras.wrappers import KerasClassifier

    keras.utils.set_random_seed(seed)
    clf = KerasClassifier(keras_model, batch_size=batch_size, verbose=0)
    images = pixels(X)

    def fit(epochs):
        clf.set_params(epochs=epochs).fit(images, y)

    def predict(X):
        return softmax(clf.predict_proba(pixels(X)))

    return fit, predict


def keras_wrapper(X, y, batch_size, seed=0):
    """Prepare `keras.wrappers.SKLearnClassifier`, which does not accept a 4-D X."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((784,)), layers.Reshape((28, 28, 1)), *keras_model().layers]
    )
    # The wrapper encodes labels as one-hot vectors.
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    rows = pixels(X).reshape(-1, 784)
    fitted = []

    def fit(epochs):
        clf = keras.wrappers.SKLearnClassifier(
            model,
            fit_kwargs={"epochs": epochs, "batch_size": batch_size, "verbose": 0},
        )
        fitted[:] = [clf.fit(rows, y)]

    def predict(X):
        return softmax(fitted[0].model_.predict(pixels(X).reshape(-1, 784), verbose=0))

    return fit, predict


def torch_model(channels_last=False, autocast=False):
    """Return the PyTorch network, which returns logits."""
    import torch
    from torch import nn

    class Network(nn.Sequential):
        def forward(self, images):
            if channels_last:
                images = images.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                return super().forward(images).float()

    network = Network(
        nn.Conv2d(1, FILTERS[0], 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(FILTERS[0], FILTERS[1], 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(25 * FILTERS[1], UNITS),
        nn.ReLU(),
        nn.Linear(UNITS, CLASSES),
    )
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return network.to(memory_format=layout)


class Batches:
    """Iterator for skorch that slices arrays.

    PyTorch's DataLoader collects the images one by one, which takes longer than
    training on them.
    """

    def __init__(self, dataset, batch_size, shuffle=False):
        import torch

        self.batch_size, self.shuffle = batch_size, shuffle
        self.X = torch.as_tensor(dataset.X)
        self.y = None if dataset.y is None else torch.as_tensor(dataset.y)

    def __iter__(self):
        import torch

        n = len(self.X)
        order = torch.randperm(n) if self.shuffle else torch.arange(n)
        for rows in order.split(self.batch_size):
            yield self.X[rows], torch.zeros(0) if self.y is None else self.y[rows]

    def __len__(self):
        return -(-len(self.X) // self.batch_size)


def _skorch(X, y, batch_size, seed, iterator, **variant):
    import torch
    from skorch import NeuralNetClassifier

    torch.manual_seed(seed)
    iterators = {f"iterator_{use}": iterator for use in ("train", "valid") if iterator}
    net = NeuralNetClassifier(
        torch_model,
        **{f"module__{name}": value for name, value in variant.items()},
        **iterators,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    images, labels = pixels(X).transpose(0, 3, 1, 2).copy(), y.astype(np.int64)

    def fit(epochs):
        net.set_params(max_epochs=epochs).fit(images, labels)

    def predict(X):
        return net.predict_proba(pixels(X).transpose(0, 3, 1, 2).copy())

    return fit, predict


def skorch(X, y, batch_size, seed=0):
    """Prepare skorch and PyTorch with default settings."""
    return _skorch(X, y, batch_size, seed, None)


def skorch_float32(X, y, batch_size, seed=0):
    """Prepare skorch and PyTorch, channels last, with a fast iterator."""
    return _skorch(X, y, batch_size, seed, Batches, channels_last=True)


def skorch_bfloat16(X, y, batch_size, seed=0):
    """Prepare skorch and PyTorch, bfloat16, channels last, with a fast iterator."""
    return _skorch(X, y, batch_size, seed, Batches, channels_last=True, autocast=True)


def mlp(X, y, batch_size, seed=0):
    """Prepare scikit-learn's `MLPClassifier` with one hidden layer of 100 units."""
    from sklearn.neural_network import MLPClassifier

    rows, fitted = pixels(X).reshape(-1, 784), []

    def fit(epochs):
        clf = MLPClassifier(max_iter=epochs, batch_size=batch_size, random_state=seed)
        fitted[:] = [clf.fit(rows, y)]

    def predict(X):
        return fitted[0].predict_proba(pixels(X).reshape(-1, 784))

    return fit, predict


def gradient_boosting(X, y, batch_size, seed=0):
    """Prepare `HistGradientBoostingClassifier`, whose iterations are the epochs."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    fitted = []

    def fit(epochs):
        clf = HistGradientBoostingClassifier(max_iter=epochs, random_state=seed)
        fitted[:] = [clf.fit(X, y)]

    def predict(X):
        return fitted[0].predict_proba(X)

    return fit, predict


def ours(X, y, batch_size="auto", seed=0, **parameters):
    """Prepare `FashionCNNClassifier`. `epochs=None` stands for `"auto"`."""
    import scikeras.wrappers  # noqa: F401  TensorFlow's import, as all peers have it

    from fmnist_sk import FashionCNNClassifier

    clf = FashionCNNClassifier(batch_size=batch_size, random_state=seed, **parameters)

    def fit(epochs=None):
        clf.set_params(epochs=epochs or "auto").fit(X, y)

    return fit, clf.predict_proba
