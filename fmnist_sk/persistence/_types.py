"""Types that a model file may contain, in addition to those that skops trusts."""

#: Types of this package that a file may contain. skops already trusts scikit-learn's
#: estimators, NumPy's arrays and Python's own plain types.
OWN_TYPES = (
    "fmnist_sk._inference.FittedNetwork",
    "fmnist_sk._training.Normalisation",
    "fmnist_sk._training.TrainingState",
    "fmnist_sk.architectures.Ensemble",
    "fmnist_sk.architectures.NetworkDescription",
    "fmnist_sk.augmentation._augmenter.ImageAugmenter",
    "fmnist_sk.augmentation._over_sampler.AugmentedOverSampler",
    "fmnist_sk.classifier.FashionCNNClassifier",
    "fmnist_sk.encoder.ImageEncoder",
    "fmnist_sk.novelty.NoveltyDetector",
    "fmnist_sk.preprocessing.ImageNormalizer",
    "fmnist_sk.preprocessing.ImageReshaper",
    "fmnist_sk.preprocessing.PhotoConverter",
)
#: Types that searches, calibration and ensembles keep: splitters, scorers with the
#: metrics they call, and containers. Creating an object of these types has no side
#: effects.
SKLEARN_TYPES = tuple(
    f"sklearn.{module}.{name}"
    for module, names in {
        "calibration": (
            "_CalibratedClassifier",
            "_SigmoidCalibration",
            "_TemperatureScaling",
        ),
        "metrics._classification": (
            "accuracy_score",
            "balanced_accuracy_score",
            "brier_score_loss",
            "f1_score",
            "log_loss",
            "matthews_corrcoef",
            "precision_score",
            "recall_score",
        ),
        "metrics._ranking": (
            "average_precision_score",
            "roc_auc_score",
            "top_k_accuracy_score",
        ),
        "metrics._scorer": ("_CurveScorer", "_PassthroughScorer", "_Scorer"),
        "model_selection._search_successive_halving": (
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
        ),
        "model_selection._split": (
            "KFold",
            "RepeatedStratifiedKFold",
            "ShuffleSplit",
            "StratifiedKFold",
            "StratifiedShuffleSplit",
        ),
        "utils._bunch": ("Bunch",),
        "utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
    }.items()
    for name in names
)
