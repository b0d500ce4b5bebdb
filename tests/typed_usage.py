"""Calls of the public names, for `mypy --strict`: no name may lack its types.

`nox -s lint` checks this file as it would check a user's file. It is never run.
"""

import numpy as np

import fmnist_sk
from fmnist_sk import inspection, plotting
from fmnist_sk.architectures import Ensemble
from fmnist_sk.metrics import expected_calibration_error
from fmnist_sk.model_selection import tidy_cv_results


def use_classifiers(X: np.ndarray, y: np.ndarray) -> float:
    """Use every method of the classifiers."""
    classifier = fmnist_sk.FashionCNNClassifier(architecture=Ensemble("vgg", "compact"))
    classifier.set_params(epochs=2).get_params()
    classifier.fit(X, y, X_val=X, y_val=y).partial_fit(X, y)
    classifier.to_keras()
    fmnist_sk.save_model(classifier, "model.skops")
    fmnist_sk.load_model("model.skops")
    fmnist_sk.export_onnx(classifier, "model.onnx")
    exported = fmnist_sk.OnnxClassifier("model.onnx").fit(X, y)
    for each in classifier, fmnist_sk.load_pretrained(), exported:
        each.predict(X)
        each.predict_log_proba(X)
        each.decision_function(X)
        each.score(X, y)
        _ = each.classes_, each.image_shape_, each.n_features_in_
    return expected_calibration_error(y, exported.predict_proba(X))


def use_transformers(X: np.ndarray, y: np.ndarray) -> None:
    """Use every transformer, sampler and detector."""
    for transformer in (
        fmnist_sk.ImageReshaper(),
        fmnist_sk.ImageNormalizer(),
        fmnist_sk.ImageAugmenter(),
        fmnist_sk.PhotoConverter(),
        fmnist_sk.ImageEncoder("fashion-mnist-compact"),
    ):
        transformer.fit(X, y).transform(X)
        transformer.fit_transform(X, y)
    fmnist_sk.ImageNormalizer().fit(X).inverse_transform(X)
    fmnist_sk.AugmentedOverSampler().fit_resample(X, y)
    for detector in fmnist_sk.NoveltyDetector(), fmnist_sk.load_novelty_detector():
        detector.fit(X).predict(X)
        detector.score_samples(X)
        detector.decision_function(X)


def use_data_and_displays(X: np.ndarray, y: np.ndarray) -> None:
    """Use the loaders, the displays and the explanations."""
    fmnist_sk.fetch_fashion_mnist()
    fmnist_sk.load_fashion_mnist_sample()
    fmnist_sk.load_image_folder("images")
    classifier = fmnist_sk.load_pretrained()
    plotting.TrainingHistoryDisplay.from_estimator(classifier).plot()
    plotting.MisclassifiedImagesDisplay.from_estimator(classifier, X, y).plot()
    plotting.PredictionDisplay.from_estimator(classifier, X).plot()
    plotting.GradCAMDisplay.from_estimator(classifier, X).plot()
    inspection.grad_cam(classifier, X)
    inspection.occlusion_sensitivity(classifier, X)
    inspection.feature_maps(classifier, X)
    inspection.first_layer_filters(classifier)
    tidy_cv_results({})
