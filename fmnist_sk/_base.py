"""The part of the estimator that users do not see: training and prediction."""

import copy
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
)
from sklearn.utils.validation import check_is_fitted

from ._compat import CallbackSupportMixin
from ._inference import Predictor, predictor_of
from ._tasks import begin_task
from ._training import (
    Normalisation,
    Run,
    Validation,
    fit_temperature,
    recipe_of,
    resolve_augmentation,
    resolve_learning_rate,
    resolve_length,
    resolve_tta,
    resolve_weight_decay,
    train,
    train_once,
)
from ._validation import encode_labels, total_weights, validate_images
from .architectures import NETWORK_PARAMETERS, describe_network
from .augmentation import check_augmentation


class NetworkClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """A classifier whose fitted state is a network's description and its arrays.

    Subclasses have the parameters of `FashionCNNClassifier`. The fitted state is
    `_network`, what the network is built from; `_normalisation`, mean and scale of the
    training images; and `_weights`, a list of arrays. After `partial_fit` there is
    `_optimizer_state`, too. Nothing of it is Keras's.
    """

    def _fit(self, X, y, sample_weight, held_out):
        """Do what `fit` is for; `held_out` are X_val, y_val and their weights."""
        given = X, y, sample_weight
        fresh = not (self.warm_start and hasattr(self, "classes_"))
        X, y = self._validate(X, y, reset=fresh)
        if fresh:
            self.classes_ = np.unique(y)
            self._check_n_classes()
        codes = encode_labels(y, self.classes_, name="y")
        class_weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=y
        )
        weights = total_weights(sample_weight, class_weights, codes, X)
        rows = np.flatnonzero(weights)
        validation = self._validate_held_out(*held_out, class_weights)
        network = self._describe_network(fresh)
        random_state = check_random_state(self.random_state)
        self._seed = random_state.randint(np.iinfo(np.int32).max)
        kept = rows
        if self.early_stopping and validation is None:
            kept, held_out = train_test_split(
                rows,
                test_size=self.validation_fraction,
                stratify=codes[rows],
                random_state=random_state,
            )
            validation = Validation(X, codes, _relative(weights, held_out), held_out)
        if self.temperature == "auto" and validation is None:
            raise ValueError(
                "temperature='auto' needs held-out images: set early_stopping=True, or "
                "pass X_val and y_val."
            )
        training = {"fresh": fresh, "schedule": self.lr_schedule}
        epochs, training["batch_size"] = resolve_length(
            recipe_of(network), len(kept), self.epochs, self.batch_size
        )

        def fitted(result):
            temperature = self._find_temperature(network, result, validation)
            # The optimizer's slots are twice the size of the weights; after a whole
            # schedule nothing needs them.
            return _fitted(network, result) | {
                "temperature_": temperature,
                "_optimizer_state": None,
            }

        refits = self.refit and kept is not rows
        task = begin_task(self, "fit", given, n_parts=2 if refits else epochs)
        part = task.begin_part("find-epochs", kept, n_parts=epochs) if refits else task
        training["memory"] = self._memory_of(task)
        result = self._train(
            *(network, X, codes, weights, kept),
            validation=validation,
            epochs=epochs,
            task=part,
            fitted=fitted,
            **training,
        )
        attributes = fitted(result)
        if refits and not part.end(lambda: attributes):
            found = {
                name: attributes[name]
                for name in ("history_", "best_epoch_", "temperature_")
            }

            def refitted(result):
                return _fitted(network, result) | {"_optimizer_state": None} | found

            epochs = result.best_epoch
            part = task.begin_part("refit", rows, n_parts=epochs)
            result = self._train(
                *(network, X, codes, weights, rows),
                epochs=epochs,
                task=part,
                fitted=refitted,
                **training,
            )
            attributes = refitted(result)
            part.end(lambda: attributes)
        self._take_over(attributes)
        task.end()

    def _fit_epoch(self, X, y, classes, sample_weight):
        """Do what `partial_fit` is for."""
        if self.temperature == "auto":
            raise ValueError(
                "temperature='auto' is not supported by partial_fit, which holds out "
                "nothing: give a number."
            )
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported by partial_fit, which sees a "
                "part of the data: give the weights as a dict."
            )
        given = X, y, sample_weight
        first = _check_partial_fit_first_call(self, classes)
        X, y = self._validate(X, y, reset=first)
        if first:
            self._check_n_classes()
        class_weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_
        )
        codes = encode_labels(y, self.classes_, name="y")
        weights = total_weights(sample_weight, class_weights, codes, X)
        rows = np.flatnonzero(weights)
        network = self._describe_network(first)
        if first:
            random_state = check_random_state(self.random_state)
            self._seed = random_state.randint(np.iinfo(np.int32).max)
            self.n_iter_, self.history_, self._optimizer_state = 0, {}, None
        state = self._optimizer_state
        same = state is not None and state["optimizer"] == self.optimizer
        _, batch_size = resolve_length(
            recipe_of(network), len(rows), 1, self.batch_size
        )

        def fitted(result):
            return _fitted(network, result) | {
                "history_": {
                    key: [*self.history_.get(key, []), *values]
                    for key, values in result.history.items()
                },
                "temperature_": float(self.temperature or 1),
                "_optimizer_state": {
                    "optimizer": self.optimizer,
                    "variables": result.optimizer_state,
                },
            }

        task = begin_task(self, "partial-fit", given, n_parts=1)
        result = self._train(
            *(network, X, codes, weights, rows),
            fresh=first,
            schedule="constant",
            optimizer_state=state["variables"] if same else None,
            epochs=self.n_iter_ + 1,
            initial_epoch=self.n_iter_,
            batch_size=batch_size,
            task=task,
            fitted=fitted,
        )
        self._take_over(fitted(result))
        task.end()

    def _validate(self, X, y, *, reset):
        X, y, _ = validate_images(self, X, y, reset=reset, image_shape=self.image_shape)
        check_classification_targets(y)
        return X, y

    def _check_n_classes(self):
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes in the "
                f"data, but the data contains only one class: {self.classes_[0]!r}."
            )

    def _validate_held_out(self, X_val, y_val, sample_weight_val, class_weights):
        if X_val is None and y_val is None and sample_weight_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError(
                "X_val and y_val must be given together, and sample_weight_val only "
                "with them."
            )
        X_val, y_val = self._validate(X_val, y_val, reset=False)
        codes = encode_labels(y_val, self.classes_, name="y_val")
        weights = total_weights(sample_weight_val, class_weights, codes, X_val)
        rows = np.flatnonzero(weights)
        return Validation(X_val, codes, _relative(weights, rows), rows)

    def _describe_network(self, fresh):
        network = describe_network(
            self.architecture,
            self.image_shape_,
            len(self.classes_),
            {name: getattr(self, name) for name in NETWORK_PARAMETERS},
        )
        if not fresh and network.with_dropout(0) != self._network.with_dropout(0):
            raise ValueError(
                "Training cannot go on: the parameters of the network are not those it "
                "was built from. Set them back, or fit with warm_start=False."
            )
        return network

    def _train(
        self,
        network,
        X,
        codes,
        weights,
        rows,
        *,
        fresh,
        schedule,
        memory=None,
        validation=None,
        optimizer_state=None,
        **fit_parameters,
    ):
        """Train on some rows; nothing of the estimator changes."""
        normalisation = (
            Normalisation.learn(X, rows, self.image_shape_)
            if fresh
            else self._normalisation
        )
        recipe = recipe_of(network)
        stops_early = self.early_stopping and validation is not None
        run = Run(
            rows=rows,
            sample_weight=_relative(weights, rows),
            image_shape=self.image_shape_,
            normalisation=normalisation,
            schedule=schedule,
            learning_rate=resolve_learning_rate(
                recipe, self.optimizer, self.learning_rate, schedule
            ),
            seed=self._seed,
            weight_decay=resolve_weight_decay(self.optimizer, self.weight_decay),
            label_smoothing=recipe.label_smoothing
            if self.label_smoothing is None
            else self.label_smoothing,
            dropout=network.dropout,
            augmentation=self._resolve_augmentation(recipe),
            validation=validation,
            patience=self.n_iter_no_change if stops_early else None,
            tol=self.tol,
            weights=None if fresh else self._weights,
            optimizer_state=optimizer_state,
        )
        do = train if memory is None else partial(train_once, memory, train)
        return do(
            network,
            X,
            codes,
            run,
            optimizer=self.optimizer,
            precision=self.precision,
            callbacks=copy.deepcopy(self.callbacks),
            verbose=int(self.verbose),
            **fit_parameters,
        )

    def _memory_of(self, task):
        """Give `memory`, unless a training cannot happen again or is watched."""
        repeatable = self.random_state is not None and self.callbacks is None
        return self.memory if repeatable and not task.watched else None

    def _resolve_augmentation(self, recipe):
        augmentation = resolve_augmentation(
            recipe, self.augmentation, self.image_shape_
        )
        return check_augmentation(augmentation)

    def _find_temperature(self, network, result, validation):
        if self.temperature != "auto":
            return float(self.temperature or 1)
        predict = Predictor(network, result.weights, result.normalisation)
        rows = validation.rows
        return fit_temperature(
            predict(validation.X[rows], self._resolve_tta(network)),
            validation.y[rows],
            validation.sample_weight[rows],
        )

    def _resolve_tta(self, network):
        recipe = recipe_of(network)
        return resolve_tta(recipe, self.tta, self._resolve_augmentation(recipe))

    def _take_over(self, attributes):
        # All at once and last: others may be predicting.
        vars(self).update(attributes)

    def _logits(self, X):
        check_is_fitted(self)
        X, *_ = validate_images(self, X, reset=False)
        return self._logits_of_rows(X)

    def _logits_of_rows(self, X):
        """Predict from what `validate_images` gives."""
        predict = predictor_of(self, self._network, self._weights, self._normalisation)
        return predict(X, self._resolve_tta(self._network)) / self.temperature_

    def __sklearn_is_fitted__(self):
        # `classes_` alone is what a first call of partial_fit starts with.
        return hasattr(self, "_weights")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _fitted(network, result):
    """What a training makes of the estimator, so far as the training alone says."""
    return {
        "_network": network,
        "_normalisation": result.normalisation,
        "_weights": result.weights,
        "n_parameters_": sum(w.size for w in result.weights),
        "history_": result.history,
        "n_iter_": result.last_epoch,
        "best_epoch_": result.best_epoch,
    }


def _relative(weights, rows):
    """Weights of mean 1 over some rows."""
    return (weights / weights[rows].mean()).astype(np.float32)
