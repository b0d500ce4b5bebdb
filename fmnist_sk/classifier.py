"""FashionCNNClassifier: parameters, validation, attributes."""

import copy
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
)
from sklearn.utils.validation import check_is_fitted

from . import _engine
from ._inference import predictor_of
from ._training import (
    OPTIMIZERS,
    SCHEDULES,
    Normalisation,
    Run,
    Validation,
    resolve_length,
    resolve_optimizer,
    train,
)
from ._validation import (
    encode_labels,
    total_weights,
    unchanged_on_failure,
    validate_images,
)
from .architectures import (
    ACTIVATIONS,
    ARCHITECTURES,
    NETWORK_PARAMETERS,
    describe_network,
)
from .augmentation import check_augmentation

_POSITIVE = Interval(Integral, 1, None, closed="left")
_FRACTION = Interval(Real, 0, 1, closed="left")


class FashionCNNClassifier(ClassifierMixin, BaseEstimator):
    """Convolutional neural network for small images.

    DOC
    """

    _parameter_constraints = {
        "architecture": [StrOptions(set(ARCHITECTURES)), callable],
        "filters": [_POSITIVE, tuple, list, None],
        "kernel_size": [_POSITIVE, tuple, list, None],
        "dense_units": [Interval(Integral, 0, None, closed="left"), tuple, list, None],
        "dropout": [_FRACTION, None],
        "activation": [StrOptions(set(ACTIVATIONS)), None],
        "batch_norm": ["boolean", None],
        "image_shape": [tuple, list, None],
        "epochs": [_POSITIVE, StrOptions({"auto"})],
        "batch_size": [_POSITIVE, StrOptions({"auto"})],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "lr_schedule": [StrOptions(set(SCHEDULES))],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "label_smoothing": [_FRACTION],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "augmentation": [str, dict, None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_POSITIVE],
        "tol": [Interval(Real, 0, None, closed="left")],
        "tta": [StrOptions({"flip", "flip_shift"}), None],
        "warm_start": ["boolean"],
        "callbacks": "no_validation",
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        architecture="standard",
        filters=None,
        kernel_size=None,
        dense_units=None,
        dropout=None,
        activation=None,
        batch_norm=None,
        image_shape=None,
        epochs="auto",
        batch_size="auto",
        optimizer="adamw",
        learning_rate=None,
        lr_schedule="one_cycle",
        weight_decay=1e-4,
        label_smoothing=0.0,
        class_weight=None,
        augmentation=None,
        precision="auto",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        tol=1e-4,
        tta=None,
        warm_start=False,
        callbacks=None,
        random_state=None,
        verbose=0,
    ):
        self.architecture = architecture
        self.filters = filters
        self.kernel_size = kernel_size
        self.dense_units = dense_units
        self.dropout = dropout
        self.activation = activation
        self.batch_norm = batch_norm
        self.image_shape = image_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.augmentation = augmentation
        self.precision = precision
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.tta = tta
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """DOC."""
        with unchanged_on_failure(self):
            goes_on = self.warm_start and hasattr(self, "classes_")
            X, y = self._validate(X, y, reset=not goes_on)
            check_classification_targets(y)
            if not goes_on:
                self.classes_ = np.unique(y)
                self._check_n_classes(y)
            weights = total_weights(self, sample_weight, y, X)
            codes = encode_labels(self, y, self.classes_)
            rows = np.flatnonzero(weights)
            random_state = check_random_state(self.random_state)
            seed = random_state.randint(np.iinfo(np.int32).max)
            validation = self._validate_held_out(X_val, y_val, sample_weight_val)
            if self.early_stopping and validation is None:
                rows, held_out = train_test_split(
                    rows,
                    test_size=self.validation_fraction,
                    stratify=codes[rows],
                    random_state=random_state,
                )
                validation = Validation(X, codes, weights.astype(np.float32), held_out)
            epochs, batch_size = resolve_length(
                len(rows), self.epochs, self.batch_size
            )
            result = self._train(
                X,
                codes,
                weights,
                rows,
                fresh=not goes_on,
                seed=seed,
                schedule=self.lr_schedule,
                validation=validation,
                epochs=epochs,
                batch_size=batch_size,
            )
            self.history_ = result.history
            self.n_iter_ = len(result.history["loss"])
            self.best_epoch_ = result.best_epoch
            self._seed, self._optimizer_state = seed, None
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """DOC."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True.")
        with unchanged_on_failure(self):
            first = _check_partial_fit_first_call(self, classes)
            X, y = self._validate(X, y, reset=first)
            if first:
                self._check_n_classes(y)
                random_state = check_random_state(self.random_state)
                self._seed = random_state.randint(np.iinfo(np.int32).max)
                self.n_iter_, self.history_, self._optimizer_state = 0, {}, None
            weights = total_weights(self, sample_weight, y, X)
            codes = encode_labels(self, y, self.classes_)
            rows = np.flatnonzero(weights)
            state = self._optimizer_state
            _, batch_size = resolve_length(len(rows), 1, self.batch_size)
            result = self._train(
                X,
                codes,
                weights,
                rows,
                fresh=first,
                seed=self._seed,
                schedule="constant",
                optimizer_state=(
                    state["variables"]
                    if state and state["optimizer"] == self.optimizer
                    else None
                ),
                epochs=self.n_iter_ + 1,
                initial_epoch=self.n_iter_,
                batch_size=batch_size,
            )
            self.history_ = {
                key: [*self.history_.get(key, []), *values]
                for key, values in result.history.items()
            }
            self.n_iter_ += 1
            self.best_epoch_ = self.n_iter_
            self._optimizer_state = {
                "optimizer": self.optimizer,
                "variables": result.optimizer_state,
            }
        return self

    def _validate(self, X, y, *, reset):
        X, y, _ = validate_images(
            self, X, y, reset=reset, image_shape=self.image_shape
        )
        return X, y

    def _check_n_classes(self, y):
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes in the "
                f"data, but the data contains only one class: {self.classes_[0]!r}."
            )

    def _validate_held_out(self, X_val, y_val, sample_weight_val):
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("X_val and y_val must be given together.")
        X_val, y_val = self._validate(X_val, y_val, reset=False)
        codes = encode_labels(self, y_val, self.classes_)
        weights = total_weights(self, sample_weight_val, y_val, X_val)
        rows = np.flatnonzero(weights)
        return Validation(X_val, codes, weights.astype(np.float32), rows)

    def _train(
        self, X, codes, weights, rows, *, fresh, seed, schedule, validation=None,
        optimizer_state=None, **lengths,
    ):
        """Train on some rows and take over the weights."""
        if fresh:
            self._network = describe_network(
                self.architecture,
                self.image_shape_,
                len(self.classes_),
                {name: getattr(self, name) for name in NETWORK_PARAMETERS},
            )
            self._normalisation = Normalisation.learn(X, rows, self.image_shape_)
        optimizer = resolve_optimizer(
            self.optimizer, self.learning_rate, self.weight_decay, schedule
        )
        run = Run(
            rows=rows,
            sample_weight=(weights / weights[rows].mean()).astype(np.float32),
            image_shape=self.image_shape_,
            normalisation=self._normalisation,
            schedule=schedule,
            learning_rate=optimizer["learning_rate"],
            seed=seed,
            augmentation=check_augmentation(self.augmentation),
            validation=validation,
            patience=self.n_iter_no_change if self.early_stopping else None,
            tol=self.tol,
            weights=None if fresh else self._weights,
            optimizer_state=optimizer_state,
        )
        result = train(
            self._network,
            X,
            codes,
            run,
            optimizer=optimizer,
            label_smoothing=self.label_smoothing,
            precision=self.precision,
            callbacks=copy.deepcopy(self.callbacks),
            verbose=int(self.verbose),
            **lengths,
        )
        self._weights = result.weights
        self.n_parameters_ = sum(w.size for w in self._weights)
        return result

    # What _check_partial_fit_first_call leaves on a failed first call is no fit.
    def __sklearn_is_fitted__(self):
        return hasattr(self, "_weights")

    def decision_function(self, X):
        """DOC."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X):
        """DOC."""
        return softmax(self._logits(X), axis=1)

    def predict_log_proba(self, X):
        """DOC."""
        return log_softmax(self._logits(X), axis=1)

    def predict(self, X):
        """DOC."""
        logits = self._logits(X)
        return self.classes_[logits.argmax(axis=1)]

    def to_keras(self):
        """DOC."""
        check_is_fitted(self)
        _engine.start()
        from .architectures._network import to_keras

        return to_keras(self._network, self._weights, self._normalisation)

    def _logits(self, X):
        check_is_fitted(self)
        X, *_ = validate_images(self, X, reset=False)
        predict = predictor_of(
            self, self._network, self._weights, self._normalisation
        )
        return predict(X, self.tta)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
