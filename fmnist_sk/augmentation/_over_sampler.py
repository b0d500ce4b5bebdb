"""AugmentedOverSampler: more training images, for imbalanced-learn's pipelines."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets

from .._compat import _fit_context
from .._validation import encode_labels, validate_images
from ._operations import augment_images
from ._spec import check_augmentation


class AugmentedOverSampler(BaseEstimator):
    """Add augmented copies of training images, to balance or to enlarge the classes.

    It resamples: it belongs before the classifier in a pipeline of imbalanced-learn,
    which calls :meth:`fit_resample` while it is fitted and leaves out the step when it
    predicts. So in cross-validation only images of the training folds are copied.
    scikit-learn's own Pipeline takes no such step.

    Parameters
    ----------
    augmentation : {"light", "standard", "strong"} or dict, default="standard"
        How the copies are changed: a preset, or the settings of
        :class:`ImageAugmenter` as a dict.

    sampling_strategy : "auto", float or dict, default="auto"
        How many images each class has afterwards. `"auto"` is as many as the largest; a
        number of at least 1 enlarges every class so many times; a dict gives the
        numbers by label, and leaves other classes as they are.

    image_shape : tuple of int, default=None
        `(height, width)` or `(height, width, channels)` of the images in `X` where `X`
        is rows. By default rows of 784 columns are images of 28 × 28, and so on for
        every square; columns that form no square are images of height 1.

    random_state : int, RandomState instance or None, default=None
        Determines which images are copied, and how they are changed.

    Attributes
    ----------
    sampling_strategy_ : dict of label to int
        How many copies each class got.

    sample_indices_ : ndarray of shape (n_new,)
        For each image of the result the row of X it is, or is a copy of.

    image_shape_ : tuple of int
        `(height, width, channels)` of one image.

    n_features_in_ : int
        Number of pixel values of one image.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageAugmenter : Changes the training images themselves and adds none.
    imblearn.over_sampling.RandomOverSampler : Copies rows as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from fmnist_sk import AugmentedOverSampler, load_fashion_mnist_sample
    >>> X, y = load_fashion_mnist_sample(return_X_y=True)
    >>> few = (y < 2) & ((y == 0) | (np.arange(len(y)) % 10 == 0))
    >>> np.bincount(y[few])
    array([300,  22])
    >>> sampler = AugmentedOverSampler(random_state=0)
    >>> X_more, y_more = sampler.fit_resample(X[few], y[few])
    >>> np.bincount(y_more)
    array([300, 300])
    >>> X_more.shape
    (600, 784)
    """

    sampling_strategy_: dict[Any, int]
    sample_indices_: NDArray[np.intp]
    image_shape_: tuple[int, int, int]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _parameter_constraints: ClassVar[dict] = {
        "augmentation": [str, dict],
        "sampling_strategy": [
            StrOptions({"auto"}),
            Interval(Real, 1, None, closed="left"),
            dict,
        ],
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        augmentation: Literal["light", "standard", "strong"]
        | Mapping[str, float] = "standard",
        sampling_strategy: Literal["auto"] | float | Mapping[Any, int] = "auto",
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.augmentation = augmentation
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn the shape of the images and how many copies each class needs.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The training images.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        self : object
            The fitted sampler.

        Raises
        ------
        ValueError
            If a parameter, `X` or `y` is invalid.
        """
        self._count(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(
        self, X: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the images and, after them, augmented copies of some.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            The training images; never changed.
        y : array-like of shape (n,)
            Their labels.

        Returns
        -------
        X_resampled : ndarray or DataFrame
            All images, in the form and dtype of `X`.
        y_resampled : ndarray or Series
            Their labels, in the form of `y`.

        Raises
        ------
        ValueError
            If a parameter, `X` or `y` is invalid.
        """
        rows, labels, shape = self._count(X, y)
        random_state = check_random_state(self.random_state)
        chosen = [
            _sample(np.flatnonzero(labels == label), n_copies, random_state)
            for label, n_copies in self.sampling_strategy_.items()
        ]
        copied = np.concatenate([np.empty(0, dtype=np.intp), *chosen])
        rng = np.random.default_rng(random_state.randint(2**31 - 1))
        images = rows[copied].reshape(-1, *self.image_shape_)
        copies = augment_images(images, self.augmentation, rng)
        self.sample_indices_ = np.concatenate([np.arange(len(rows)), copied])
        more = np.concatenate([rows, copies.reshape(len(copied), rows.shape[1])])
        return (
            _in_form_of(X, more.reshape(-1, *shape[1:])),
            _in_form_of(y, labels[self.sample_indices_]),
        )

    def _count(self, X, y):
        """Check all that is given, and count the copies."""
        check_augmentation(self.augmentation)
        rows, labels, shape = validate_images(
            self, X, y, reset=True, image_shape=self.image_shape
        )
        check_classification_targets(labels)
        classes, counts = np.unique(labels, return_counts=True)
        self.sampling_strategy_ = dict(
            zip(classes.tolist(), self._copies(classes, counts), strict=True)
        )
        return rows, labels, shape

    def _copies(self, classes, counts):
        strategy = self.sampling_strategy
        if isinstance(strategy, str):
            wanted = np.full(len(counts), counts.max())
        elif isinstance(strategy, Mapping):
            wanted = counts.copy()
            codes = encode_labels(list(strategy), classes, name="sampling_strategy")
            wanted[codes] = list(strategy.values())
            if (wanted < counts).any():
                there = dict(zip(classes.tolist(), counts.tolist(), strict=True))
                raise ValueError(
                    "sampling_strategy must give every class at least as many images "
                    f"as there are, {there}. Got {strategy!r} instead."
                )
        else:
            wanted = np.rint(counts * strategy).astype(int)
        return (wanted - counts).tolist()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        return tags


def _sample(rows, n_copies, random_state):
    """Draw rows: each as often as any other, give or take one."""
    times, rest = divmod(n_copies, len(rows))
    drawn = random_state.permutation(rows)[:rest]
    return np.concatenate([np.tile(rows, times), drawn]).astype(np.intp)


def _in_form_of(given, values):
    """Give values as a DataFrame or Series where the caller gave one."""
    if hasattr(given, "columns"):
        return type(given)(values, columns=given.columns)
    if hasattr(given, "to_frame"):
        return type(given)(values, name=given.name)
    return values
