"""Warnings name the line of the user's code, whatever lies between."""

import inspect

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.pipeline import FeatureUnion, make_pipeline

from fmnist_sk import ImageAugmenter, ImageNormalizer, ImageReshaper

X = np.zeros((6, 785), dtype=np.uint8)


class Subclass(ImageReshaper):
    """Estimator of the user, whose own line calls this package."""

    def fit(self, X, y=None):
        """Fit."""
        return super().fit(X)


# Each call is on the line that its warning has to name.
CALLS = {
    "fit": lambda: ImageReshaper().fit(X),
    "fit_transform": lambda: ImageAugmenter().fit_transform(X),
    "a pipeline": lambda: make_pipeline(ImageNormalizer(), ImageReshaper()).fit(X),
    "a union": lambda: FeatureUnion([("a", ImageReshaper())]).fit(X),
    "a pipeline of pipelines": lambda: make_pipeline(
        make_pipeline(ImageReshaper()), ImageNormalizer()
    ).fit_transform(X),
    "joblib": lambda: Parallel(n_jobs=1)([delayed(ImageReshaper().fit)(X)]),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_warning_names_the_line_of_the_call(call):
    with pytest.warns(UserWarning, match="X has 785 features") as caught:
        CALLS[call]()
    (warning,) = caught
    lines, first = inspect.getsourcelines(CALLS[call])
    assert warning.filename == __file__
    assert first <= warning.lineno < first + len(lines)


def test_a_subclass_of_the_user_is_the_users_code():
    with pytest.warns(UserWarning, match="X has 785 features") as caught:
        Subclass().fit(X)
    lines, first = inspect.getsourcelines(Subclass)
    assert first <= caught[0].lineno < first + len(lines)


def test_all_steps_use_the_same_words_for_the_same_problem():
    steps = ImageReshaper(), ImageAugmenter(), ImageNormalizer(per="channel")
    with pytest.warns(UserWarning, match="X has 785 features") as caught:
        make_pipeline(*steps).fit(X)
    assert len(caught) == 3
    assert len({(str(each.message), each.lineno) for each in caught}) == 1
