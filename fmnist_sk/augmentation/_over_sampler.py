"""AugmentedOverSampler: augmented copies of images for imbalanced-learn's pipelines."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import check_random_state

from .._compat import Interval, StrOptions, _fit_context
from .._documentation import DocumentationLinkMixin
from .._validation import all_or_nothing, check_labels, validate_images
from ._augment import augment_images
from ._containers import append_images, read_labels, take_labels
from ._sampler_tags import as_sampler_tags
from ._sampling_strategy import CLASSES_TO_RESAMPLE, resolve_sampling_strategy
from ._spec import check_image_settings


class AugmentedOverSampler(DocumentationLinkMixin, OneToOneFeatureMixin, BaseEstimator):
    """Over-sampler that adds augmented copies of training images.

    Use it before the classifier in a pipeline of imbalanced-learn. Such a pipeline
    calls :meth:`fit_resample` while it is fitted and skips the step when it predicts,
    so cross-validation copies images of the training folds only. A pipeline of
    scikit-learn rejects the step, because such a pipeline cannot change the number of
    samples.

    Parameters
    ----------
    augmentation : {"light", "standard", "strong"} or dict, default="standard"
        Changes to the copies: a preset, or a dict of the settings that
        :func:`~fmnist_sk.augmentation.check_augmentation` lists.

    sampling_strategy : str, float, dict or callable, default="auto"
        Number of images per class after resampling, in the forms of imbalanced-learn:

        - `"auto"` or `"not majority"`: all classes get as many images as the largest
          class.
        - `"minority"`: only the smallest class is enlarged to this size.
        - `"not minority"`: all classes except the smallest class are enlarged to this
          size.
        - `"all"`: the result is that of `"auto"`, but `sampling_strategy_` also lists
          the largest class.
        - float in (0, 1]: for two classes, the size of the smaller class divided by
          the size of the larger class. 1.0 makes them equal.
        - float above 1: factor by which every class is enlarged, for any number of
          classes. imbalanced-learn has no such form.
        - dict of label to int: number of images of these classes. Other classes are
          not changed.
        - callable: function of the labels that returns such a dict.

    image_shape : tuple of int, default=None
        Shape of one image, `(height, width)` or `(height, width, channels)`, if `X` has
        images as rows. By default, a row with a square number of values is a square
        grey image (784 = 28²), and any other row is an image of height 1.

    random_state : int, RandomState instance or None, default=None
        Random generator, or its seed, for choosing the images that are copied and for
        augmenting the copies.

    Attributes
    ----------
    sampling_strategy_ : dict of label to int
        Number of copies of each class that `sampling_strategy` names.

    sample_indices_ : ndarray of shape (n_new,)
        Index in `X` of each image of the result, or of the image that it is a copy of.

    image_shape_ : tuple of int
        Shape of one image, `(height, width, channels)`.

    n_features_in_ : int
        Number of pixel values of one image.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` was a DataFrame with string column names.

    See Also
    --------
    ImageAugmenter : Augment the training images themselves, without adding any.
    imblearn.over_sampling.RandomOverSampler : Copy rows without changing them.

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
            StrOptions(set(CLASSES_TO_RESAMPLE)),
            Interval(Real, 0, None, closed="neither"),
            dict,
            callable,
        ],
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        augmentation: Literal["light", "standard", "strong"]
        | Mapping[str, float] = "standard",
        sampling_strategy: Literal[
            "auto", "minority", "not minority", "not majority", "all"
        ]
        | float
        | Mapping[Any, int]
        | Callable[[NDArray[Any]], Mapping[Any, int]] = "auto",
        image_shape: Sequence[int] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.augmentation = augmentation
        self.sampling_strategy = sampling_strategy
        self.image_shape = image_shape
        self.random_state = random_state

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn the shape of the images and the number of copies per class.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images.
        y : array-like of shape (n,) or (n, n_classes)
            Labels, also one-vs-all encoded.

        Returns
        -------
        self : object
            Fitted sampler.

        Raises
        ------
        ValueError
            If a parameter, `X` or `y` is invalid, or all labels are equal.
        """
        self._count_copies(X, y)
        return self

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """Return the images, followed by augmented copies of some images.

        Parameters
        ----------
        X : array-like of shape (n, pixels), (n, height, width) or \
                (n, height, width, channels)
            Training images, which are not changed.
        y : array-like of shape (n,) or (n, n_classes)
            Labels, also one-vs-all encoded.

        Returns
        -------
        X_resampled : ndarray, DataFrame or list
            All images in the container and dtype of `X`, or in the dtypes of its
            columns. The first `n` are those of `X`, unchanged.
        y_resampled : ndarray, Series, DataFrame or list
            Labels of these images in the container and dtype of `y`.

        Raises
        ------
        ValueError
            If a parameter, `X` or `y` is invalid, or all labels are equal.
        """
        rows, labels = self._count_copies(X, y)
        random_state = check_random_state(self.random_state)
        # Every class draws random numbers, even if it is not copied. So the images of a
        # seed do not depend on the form of `sampling_strategy`.
        chosen = [
            _sample(
                np.flatnonzero(labels == label),
                self.sampling_strategy_.get(label, 0),
                random_state,
            )
            for label in np.unique(labels).tolist()
        ]
        copied = np.concatenate(chosen)
        rng = np.random.default_rng(random_state.randint(2**31 - 1))
        images = rows[copied].reshape(-1, *self.image_shape_)
        copies = augment_images(images, self.augmentation, rng)
        self.sample_indices_ = np.concatenate([np.arange(len(rows)), copied])
        return (
            append_images(X, rows, copies.reshape(len(copied), rows.shape[1])),
            take_labels(y, self.sample_indices_),
        )

    def _count_copies(self, X, y):
        """Check parameters and data, and set `sampling_strategy_`."""
        check_image_settings(self.augmentation)
        rows, labels, _ = validate_images(
            self,
            X,
            read_labels(y),
            reset=True,
            image_shape=self.image_shape,
            single_precision=False,
        )
        check_labels(labels)
        self.sampling_strategy_ = resolve_sampling_strategy(
            self.sampling_strategy, labels
        )
        return rows, labels

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True
        return as_sampler_tags(tags)


def _sample(rows, n_copies, random_state):
    """Draw rows so that the numbers of copies of any two rows differ by at most one."""
    times, rest = divmod(n_copies, len(rows))
    drawn = random_state.permutation(rows)[:rest]
    return np.concatenate([np.tile(rows, times), drawn]).astype(np.intp)
