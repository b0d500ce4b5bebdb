"""Novelty: whether an image is unlike the training images."""


class NoveltyDetector:
    """Detector for the images of a model of Fashion-MNIST.

    Parameters
    ----------
    detector : estimator
        Fitted outlier detector with `score_samples` and `offset_`.
    """

    def __init__(self, detector):
        self._detector = detector

    @classmethod
    def load(cls, model):
        """Load the detector that ships with the package.

        Parameters
        ----------
        model : ServedModel
            Model.

        Returns
        -------
        detector : NoveltyDetector or None
            Detector, or None if there is none for the model's images and classes.
        """
        if not model.is_fashion_mnist:
            return None
        try:
            from ..novelty import load_novelty_detector  # type: ignore[import-not-found,unused-ignore]
        except ImportError:  # TODO: remove when the room `novelty` exists
            return None
        return cls(load_novelty_detector())

    def judge(self, images):
        """Score images.

        Parameters
        ----------
        images : ndarray of shape (n, 28, 28), dtype uint8
            Images.

        Returns
        -------
        novelty : list of dict
            Content of `Novelty` for each image.
        """
        images = images.reshape(len(images), 28, 28)
        scores = self._detector.score_samples(images)
        return [
            {"score": float(score), "is_novel": bool(score < self._detector.offset_)}
            for score in scores
        ]
