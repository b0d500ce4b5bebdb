"""FashionCNNClassifier: its parameters, their validation, its attributes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call

from . import _engine, architectures
from ._compat import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
)
from ._documentation import DocumentationLinkMixin
from ._images import warn_of_other_scale
from ._inference import predictor_of
from ._learning import (
    adopt,
    describe,
    fitted_attributes,
    label,
    label_held_out,
    starting_point,
    undo_on_error,
    views_to_average,
)
from ._logits import LogitsMixin
from ._training import (
    OPTIMIZERS,
    SCHEDULES,
    draw_seed,
    fit_task,
    remembered,
    resolve_partial_plan,
    resolve_plan,
    train,
)
from ._validation import validate_images
from .architectures import ACTIVATIONS, ARCHITECTURES, Ensemble
from .augmentation import VIEWS

if TYPE_CHECKING:
    import keras
    from joblib import Memory
    from keras.callbacks import Callback

_Optimizer = Literal["adamw", "adam", "nadam", "rmsprop", "lion", "sgd", "nesterov"]
_Sizes = int | Sequence[int]

_POSITIVE = Interval(Integral, 1, None, closed="left")
_FRACTION = Interval(Real, 0, 1, closed="left")


def _needs_no_held_out_images(estimator):
    """Return whether `partial_fit`, which holds out no images, is available."""
    return estimator.temperature != "auto"


class FashionCNNClassifier(
    LogitsMixin,
    DocumentationLinkMixin,
    CallbackSupportMixin,
    ClassifierMixin,
    BaseEstimator,
):
    """Convolutional neural network for small images.

    The classifier trains a Keras network and has scikit-learn's interface. It takes
    images as rows, as 2-D grey images or with channels, and standardises them by the
    mean and scale of the training images. A fitted classifier keeps its network as
    NumPy arrays only, so it can be cloned, pickled and searched over like any other
    estimator. TensorFlow starts with the first `fit` or prediction.

    The parameters come in six groups:

    - Network: `architecture`, `filters`, `kernel_size`, `dense_units`, `dropout`,
      `activation`, `batch_norm`, `image_shape`
    - Optimisation: `epochs`, `batch_size`, `optimizer`, `learning_rate`, `lr_schedule`,
      `weight_decay`
    - Augmentation and loss: `augmentation`, `label_smoothing`, `class_weight`
    - Early stopping: `early_stopping`, `validation_fraction`, `n_iter_no_change`,
      `tol`, `refit`
    - Prediction: `tta`, `temperature`
    - Running a fit: `warm_start`, `callbacks`, `memory`, `precision`, `random_state`,
      `verbose`

    Parameters
    ----------
    architecture : {"standard", "compact", "two_conv", "three_conv", "vgg", "resnet"} \
            , Ensemble or callable, default="standard"
        Network to train:

        - `"standard"` has two convolutions with batch normalisation and max-pooling,
          and a dense layer.
        - `"compact"` has three convolutions with few filters. The network has 27
          thousand weights in all.
        - `"two_conv"` and `"three_conv"` are textbook networks without normalisation.
        - `"vgg"` and `"resnet"` are deeper and slower.
        - An :class:`~fmnist_sk.architectures.Ensemble` combines several of the networks
          above.
        - A callable `(image_shape, n_classes, **network_parameters) -> keras.Model`
          builds a network of your own. It gets those of the next six parameters that
          are not None. Its model maps standardised float32 images to logits, or to
          probabilities if it ends in a softmax.

    filters : int or sequence of int, default=None
        Number of filters: an integer for the first convolution, from which the others
        follow, or a sequence with one number per stage of convolutions. None stands for
        the architecture's own value, here and in the next five parameters.

    kernel_size : int or (int, int), default=None
        Height and width of the convolutions' kernels in pixels.

    dense_units : int or sequence of int, default=None
        Number of units of each dense layer before the output. 0 stands for no such
        layer.

    dropout : float in [0, 1), default=None
        Fraction of the features that are dropped during training, after each dense
        layer, or before the output if there is none.

    activation : str, default=None
        Name of the activation in Keras: `"relu"`, `"elu"`, `"gelu"`, `"leaky_relu"`,
        `"linear"`, `"mish"`, `"selu"`, `"sigmoid"`, `"silu"`, `"softplus"`, `"swish"`
        or `"tanh"`.

    batch_norm : bool, default=None
        Whether to apply batch normalisation after each convolution and dense layer.

    image_shape : (height, width) or (height, width, channels), default=None
        Shape of one image. It is required if X has rows of colour or oblong images.
        With None, images in a 3-D or 4-D X keep their shape, a row with a square number
        of values is a square grey image, and any other row is an image of height 1. A
        warning appears if this is probably wrong.

    epochs : int or "auto", default="auto"
        Number of passes over the training images. `"auto"` stands for the number that
        the architecture needs on large data, and for more passes on small data.

    batch_size : int or "auto", default="auto"
        Largest number of images per optimizer step. `"auto"` stands for a 64th of the
        training images, but at least 16 and at most 128.

    optimizer : {"adamw", "adam", "nadam", "rmsprop", "lion", "sgd", "nesterov"}, \
            default="adamw"
        Optimizer. `"nesterov"` is `"sgd"` with Nesterov momentum 0.9.

    learning_rate : float, default=None
        Largest learning rate. None stands for a rate that suits the optimizer and the
        network. For Adam and its variants it is 0.001 if the schedule is constant, and
        3 to 10 times as much if the schedule decays.

    lr_schedule : {"one_cycle", "cosine", "constant"}, default="one_cycle"
        Schedule of the learning rate from step to step. `"one_cycle"` raises it
        linearly for a quarter of the training run and then lowers it along a half
        cosine [1]_. `"cosine"` only lowers it, and `"constant"` does not change it.

    weight_decay : float, default=None
        Decoupled weight decay of the kernels [2]_, multiplied by the learning rate.
        None stands for 0.05 for `"adamw"`, 0.2 for `"lion"`, 0.0005 for `"sgd"` and
        `"nesterov"`, and 0 for the other optimizers.

    augmentation : {"auto", "light", "standard", "strong"}, dict or None, \
            default="auto"
        Random changes to the training images, drawn anew in every epoch: the name of a
        preset, a dict of the settings that
        :func:`~fmnist_sk.augmentation.check_augmentation` lists, or None for no
        changes. `"auto"` stands for the architecture's own augmentation. The
        architecture `"standard"` shifts images by up to 4 % of the shorter side, which
        is one pixel of 28. `"vgg"` and `"resnet"` also mirror half of the images, and
        erase a part of half of them. Set `augmentation` if left and right differ, as in
        digits. Images of height 1 are not augmented.

    label_smoothing : float in [0, 1), default=None
        Share of the target that is spread evenly over all classes. It makes predictions
        less confident. None stands for 0.05 for `"vgg"` and `"resnet"`, and 0 for the
        other architectures.

    class_weight : dict or "balanced", default=None
        Weights of the classes by label, finite and non-negative. `"balanced"` gives all
        classes the same total weight.

    early_stopping : bool, default=False
        Whether to stop when the loss on held-out images stops falling, and to restore
        the weights of the best epoch. The held-out images are `X_val` if it is passed
        to `fit`, and otherwise a stratified random part of X. Pass `groups` to `fit` to
        keep photographs of one object together in one part.

    validation_fraction : float in (0, 1), default=0.1
        Fraction of X that is held out if `early_stopping` is True and `X_val` is not
        passed. At least one image of each class is held out, and at least one is used
        for training. With `groups`, whole groups are held out, so that the fraction is
        approximate.

    n_iter_no_change : int, default=5
        Number of epochs without improvement after which training stops early.

    tol : float, default=1e-4
        Smallest decrease of the validation loss that counts as an improvement.

    refit : bool, default=False
        Whether to train again on all of X, for the best number of epochs, once early
        stopping has found this number on a part held out from X.

    tta : {"auto", "flip", "shift", "flip_shift"} or None, default="auto"
        Test-time augmentation. If the network is unsure of an image, predictions
        average the logits of the image and of other views of it: its mirror image
        (`"flip"`), the image shifted by one pixel to the upper left and to the lower
        right (`"shift"`), or all of these (`"flip_shift"`). The network is unsure if,
        for the image itself, the most probable class is less than 20 times as probable
        as the next. `"auto"` is resolved by `fit`: it stands for the views of the
        architecture's recipe, as far as `augmentation` mirrors and shifts images. Any
        other value is read at prediction time, so it can be changed after `fit`. The
        metrics in `history_` are those of the images themselves.

    temperature : float or "auto", default=None
        Divisor of the logits, at least 1e-30. A temperature above 1 makes probabilities
        less confident, and a temperature below 1 makes them more confident. `"auto"`
        fits the temperature on the held-out images [3]_ (`X_val`, or those of
        `early_stopping`). With few held-out images, it stays near 1. `partial_fit` is
        not available with `"auto"`. None stands for 1.

    warm_start : bool, default=False
        Whether `fit` continues from the weights of the last `fit`, with its labels and
        its network.

    callbacks : keras.callbacks.Callback or list of them, default=None
        Keras callbacks, copied for each `fit`. A learning rate that a callback sets
        when an epoch begins holds for that epoch. A rate that it changes when an epoch
        ends scales the rest of the schedule. With `keras.callbacks.BackupAndRestore`,
        an interrupted `fit` resumes after its last epoch. To set scikit-learn's
        callbacks, available from version 1.9 on, use `set_callbacks` instead.

    memory : str or object with the interface of joblib.Memory, default=None
        Folder in which the training runs of `fit` are cached, so that an interrupted
        search resumes where it stopped. A run is trained again if its images, labels,
        parameters or seed differ, or if anything else differs that changes the bits of
        the result: the versions of fmnist_sk, TensorFlow and Keras, the kind of
        processor, or the number of threads of an operation (1 by default). Runs with
        callbacks or `random_state=None` are not cached.

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Number format in which the layers of a named architecture compute during
        training. `"auto"` stands for bfloat16 on processors that multiply it in
        hardware. Weights are always kept in float32, and predictions are always
        computed in float32.

    random_state : int, RandomState instance or None, default=None
        Random generator, or its seed, for initial weights, hold-out, shuffling, dropout
        and augmentation. With an int, `fit` yields bitwise the same model every time on
        the same kind of processor, for any number of threads, processes and `n_jobs`.

    verbose : int, default=0
        Verbosity: 0 is silent, 1 shows a progress bar for each epoch, and 2 prints one
        line per epoch. If the output is not a terminal or a notebook, 1 also prints
        lines.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels.

    n_features_in_ : int
        Number of values per image: height × width × channels.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X, if X is a DataFrame whose column names are strings.

    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.

    n_iter_ : int
        Number of epochs trained. With `refit`, the number trained on all of X.

    best_epoch_ : int
        Number, counted from 1, of the epoch whose weights were kept. With `refit`, the
        best epoch of the training run that was stopped early.

    history_ : dict of list of float
        Values of `loss`, `accuracy` and the last `learning_rate` of each epoch, and of
        `val_loss` and `val_accuracy` if there are held-out images. With `refit`, these
        are the values of the training run that was stopped early.

    n_parameters_ : int
        Number of parameters of the network, including the moving statistics of batch
        normalisation.

    temperature_ : float
        Divisor of the logits.

    See Also
    --------
    ImageAugmenter : The augmentation as a transformer.
    sklearn.neural_network.MLPClassifier : A network without convolutions.

    Notes
    -----
    Sample weights scale each image's loss. They have no effect on the statistics of
    batch normalisation. Images with a weight of 0 are not used at all.

    References
    ----------
    .. [1] L. N. Smith and N. Topin, "Super-convergence: very fast training of neural
       networks using large learning rates", arXiv:1708.07120, section 3.
    .. [2] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization",
       arXiv:1711.05101, section 2.
    .. [3] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern
       neural networks", arXiv:1706.04599, section 4.2.

    Examples
    --------
    >>> from fmnist_sk import FashionCNNClassifier, load_fashion_mnist_sample
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> X_test, y_test = load_fashion_mnist_sample(subset="test", return_X_y=True)
    >>> clf = FashionCNNClassifier(random_state=0).fit(X, y)
    >>> clf.predict_proba(X_test[:1]).shape
    (1, 10)
    >>> clf.score(X_test, y_test) > 0.85
    True
    """

    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    image_shape_: tuple[int, int, int]
    n_iter_: int
    best_epoch_: int
    history_: dict[str, list[float]]
    n_parameters_: int
    temperature_: float

    _parameter_constraints: ClassVar[dict] = {
        "architecture": [StrOptions(ARCHITECTURES.keys()), Ensemble, callable],
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
        "weight_decay": [Interval(Real, 0, None, closed="left"), None],
        "augmentation": [str, dict, None],
        "label_smoothing": [_FRACTION, None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_POSITIVE],
        "tol": [Interval(Real, 0, None, closed="left")],
        "refit": ["boolean"],
        "tta": [StrOptions({"auto", *VIEWS}), None],
        "temperature": [
            # A smaller divisor could make logits infinite.
            Interval(Real, 1e-30, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "warm_start": ["boolean"],
        "callbacks": "no_validation",
        "memory": [str, HasMethods(["cache"]), None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        architecture: str | Ensemble | Callable[..., keras.Model] = "standard",
        filters: _Sizes | None = None,
        kernel_size: _Sizes | None = None,
        dense_units: _Sizes | None = None,
        dropout: float | None = None,
        activation: str | None = None,
        batch_norm: bool | None = None,
        image_shape: Sequence[int] | None = None,
        epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        optimizer: _Optimizer = "adamw",
        learning_rate: float | None = None,
        lr_schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle",
        weight_decay: float | None = None,
        augmentation: dict
        | Literal["auto", "light", "standard", "strong"]
        | None = "auto",
        label_smoothing: float | None = None,
        class_weight: dict | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-4,
        refit: bool = False,
        tta: Literal["auto", "flip", "shift", "flip_shift"] | None = "auto",
        temperature: float | Literal["auto"] | None = None,
        warm_start: bool = False,
        callbacks: Callback | Sequence[Callback] | None = None,
        memory: str | Memory | None = None,
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
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
        self.augmentation = augmentation
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.refit = refit
        self.tta = tta
        self.temperature = temperature
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.memory = memory
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    @undo_on_error
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the network, from scratch unless `warm_start` is True.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Training images of any scale: uint8, other integers or floats. A
            memory-mapped array of uint8 or floats is read in parts and never copied as
            a whole.

        y : array-like of shape (n_samples,)
            Labels of any kind.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative. None stands for equal weights.

        X_val : array-like, default=None
            Held-out images, in the same form and on the same scale as X. The network is
            evaluated on these images after each epoch, and is not trained on them.

        y_val : array-like of shape (n_val_samples,), default=None
            Labels of the held-out images.

        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Sample weights of the held-out images.

        groups : array-like of shape (n_samples,), default=None
            Group of each image, such as the object that it shows: labels of any kind.
            `early_stopping` then holds out whole groups, so that no group is in both
            parts. Groups have no effect if `early_stopping` is False or `X_val` is
            passed.

        Returns
        -------
        self : FashionCNNClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter is invalid, which is checked before training, if
            the network or the training run would be absurdly large, or if the loss
            becomes infinite or NaN. After this or any other error, or Ctrl-C, the
            estimator is as it was before.
        TypeError
            If X is sparse, labels are not uniformly strings or numbers, a callback is
            not a Keras callback, or `architecture` returns no Keras model.
        """
        # A copy is trained, so that `self` predicts as before until the end, also in
        # other threads.
        learner = copy.copy(self)
        fresh = not (learner.warm_start and learner.__sklearn_is_fitted__())
        data, class_weights = label(learner, X, y, sample_weight, groups, reset=fresh)
        held_out = label_held_out(
            learner, X_val, y_val, sample_weight_val, class_weights, data
        )
        description, start = describe(learner, fresh), starting_point(learner, fresh)
        random_state = check_random_state(learner.random_state)
        seed, training = draw_seed(random_state), data
        if learner.early_stopping and held_out is None:
            training, held_out = data.split(learner.validation_fraction, random_state)
        plan = resolve_plan(
            *(learner, description, training, held_out),
            seed=seed,
            refit=learner.refit and training is not data,
        )
        learnt = partial(fitted_attributes, learner, plan, held_out)
        n_parts = 2 if plan.refit else plan.epochs
        with fit_task(self, "fit", (X, y, sample_weight), learnt, n_parts) as task:
            run = remembered(train, plan, task)
            search = (
                task.begin_part("find-epochs", training, plan) if plan.refit else task
            )
            result = run(training, held_out, plan, start, search, name="training")
            attributes = learnt(result)
            if plan.refit and not search.end(lambda: result):
                plan = plan.for_refit(result.best_epoch, attributes["temperature_"])
                learnt = partial(fitted_attributes, learner, plan, None, found=result)
                refit = task.begin_part("refit", data, plan, attributes=learnt)
                result = run(data, None, plan, start, refit, name="refit")
                attributes = learnt(result)
                refit.end(lambda: result)
            adopt(self, attributes)
        return self

    @available_if(_needs_no_held_out_images)
    @undo_on_error
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Continue training for one epoch, at a constant learning rate.

        The first call determines the mean and scale of the images. Shuffling, dropout
        and the optimizer continue as in one long training run: k calls yield bitwise
        the same model as `fit` with `epochs=k` and `lr_schedule="constant"`.
        `early_stopping` has no effect, so the caller decides when to stop. Sample
        weights are relative to each other within one call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels), (n_samples, height, width) or \
                (n_samples, height, width, channels)
            Training images.

        y : array-like of shape (n_samples,)
            Labels.

        classes : array-like of shape (n_classes,), default=None
            All labels that any call will contain. Required at the first call.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative. None stands for equal weights.

        Returns
        -------
        self : FashionCNNClassifier
            The fitted estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, because "
                "each call sees only a part of the data. Pass the weights as a dict."
            )
        learner = copy.copy(self)
        first = _check_partial_fit_first_call(learner, classes)
        known = learner.classes_
        data, _ = label(learner, X, y, sample_weight, reset=first, classes=known)
        description = describe(learner, first)
        start = starting_point(learner, first, with_optimizer=True)
        if first:
            seed, n_epochs = draw_seed(check_random_state(learner.random_state)), 0
        else:
            seed, n_epochs = learner._training_state.seed, learner.n_iter_
        plan = resolve_partial_plan(
            learner, description, data, seed=seed, n_epochs=n_epochs
        )
        before = {} if first else learner.history_
        learnt = partial(fitted_attributes, learner, plan, None, before=before)
        with fit_task(self, "partial-fit", (X, y, sample_weight), learnt, 1) as task:
            adopt(self, learnt(train(data, None, plan, start, task)))
        return self

    def to_keras(self) -> keras.Model:
        """Return the network as an ordinary Keras model.

        Returns
        -------
        model : keras.Model
            New model of stock Keras layers, not compiled. It maps images of shape
            `image_shape_` with the same range of values as the training images to the
            probabilities that `predict_proba` returns, including test-time
            augmentation, for which it computes all views of all images.
        """
        fitted = self._as_fitted()
        network = fitted._fitted
        _engine.start()
        return architectures.to_keras(
            network.description,
            network.weights,
            network.normalisation,
            tta=views_to_average(fitted, network),
            temperature=fitted.temperature_,
        )

    def _logits(self, X):
        return self._logits_of_rows(self._rows_of(X))

    def _rows_of(self, X):
        """Check images that the fitted network is applied to, and return their rows."""
        rows, *_ = validate_images(self, X, reset=False)
        warn_of_other_scale(rows, self._fitted.normalisation)
        return rows

    def _logits_of_rows(self, X):
        """Compute the logits of rows from `_rows_of`."""
        views = views_to_average(self, self._fitted)
        return predictor_of(self._fitted)(X, views) / self.temperature_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
