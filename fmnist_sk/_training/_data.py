"""Images with labels and weights, the input of training and evaluation."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.model_selection import train_test_split

from ..augmentation import MIXING, augment_images, mix_images, takes_turns
from ._group_split import hold_out_groups


@dataclass(frozen=True)
class LabelledImages:
    """Images, their labels and weights, and the rows in use.

    Attributes
    ----------
    images : ndarray of shape (n_samples, n_features)
        All images as rows, including rows that are not in use.
    codes : ndarray of shape (n_samples,), dtype int32
        Labels, encoded as positions in `classes_`.
    weights : ndarray of shape (n_samples,), dtype float64
        Sample weights multiplied by class weights.
    rows : ndarray of int
        Rows in use.
    image_shape : tuple of int
        `(height, width, channels)`.
    groups : ndarray of shape (n_samples,), dtype int, or None
        Group of each row. Images of a group stay together in a split.
    """

    images: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    image_shape: tuple[int, int, int]
    groups: np.ndarray | None = None

    def __len__(self):
        return len(self.rows)

    @property
    def content(self):
        """All arrays that training reads, for keys and digests."""
        return self.images, self.codes, self.weights, self.rows

    @cached_property
    def sample_weight(self):
        """Float32 weights with a mean of 1 over the rows in use; 0 for other rows."""
        relative = np.zeros(len(self.weights), np.float32)
        in_use = self.weights[self.rows]
        relative[self.rows] = in_use / in_use.mean()
        return relative

    def split(self, fraction, random_state):
        """Split the rows at random into training and held-out rows, stratified.

        If each row is a group of its own, the split is the same as without groups.

        Parameters
        ----------
        fraction : float
            Fraction of the rows that is held out.
        random_state : RandomState
            Random generator.

        Returns
        -------
        training, held_out : LabelledImages
            Both parts, which share the memory of the images.

        Raises
        ------
        ValueError
            If a class has only one image, or the images of a class cannot be divided
            without dividing a group.
        """
        if self.groups is not None:
            in_use = self.groups[self.rows]
            if len(np.unique(in_use)) < len(in_use):
                training, held_out = hold_out_groups(
                    self.rows, self.codes, self.groups, fraction, random_state
                )
                return replace(self, rows=training), replace(self, rows=held_out)
        codes = self.codes[self.rows]
        n_classes, n_images = len(np.unique(codes)), len(self)
        n_held_out = int(np.ceil(fraction * n_images))
        size = fraction
        if not n_classes <= n_held_out <= n_images - n_classes:
            # Small data: both parts get at least one image of each class.
            n_held_out = min(max(n_held_out, n_classes), n_images - n_classes)
            size = max(n_held_out, 1)
        training, held_out = train_test_split(
            self.rows, test_size=size, stratify=codes, random_state=random_state
        )
        return replace(self, rows=training), replace(self, rows=held_out)

    def augmented(self, rows, plan, normalisation, epoch, rng):
        """Return images of an epoch after augmentation.

        Parameters
        ----------
        rows : ndarray of int
            Rows of the images.
        plan : Plan
            Plan of the run, for `augmentation` and `seed`.
        normalisation : Normalisation
            Normalisation of the training images.
        epoch : int
            Number of the epoch, counted from 0.
        rng : numpy.random.Generator
            Random generator of the epoch.

        Returns
        -------
        images : ndarray of shape (len(rows), height, width, channels)
            Images in the form of `Normalisation.take`.
        codes : ndarray of shape (len(rows),), dtype int32
            Class of each image.
        weights : ndarray of shape (len(rows),), dtype float32
            Weight of each image.
        partner_codes : ndarray of shape (len(rows),), dtype int32
            Class of the mixing partner, if images are mixed.
        partner_weights : ndarray of shape (len(rows),), dtype float32
            Weight of the mixing partner, if images are mixed.
        shares : ndarray of shape (len(rows),), dtype float32
            Share of the image's own label, if images are mixed.
        """
        images = normalisation.take(self.images, rows, self.image_shape)
        codes, weights = self.codes[rows], self.sample_weight[rows]
        settings = plan.augmentation
        moves = {name: value for name, value in settings.items() if name not in MIXING}
        turns = None
        if takes_turns(moves):
            # The same half of the images is mirrored in every other epoch of a run.
            half = np.random.default_rng(plan.seed).integers(2, size=len(self.images))
            turns = half[rows] + epoch
        images = augment_images(images, moves, rng, turns=turns)
        if moves == settings:
            return images, codes, weights
        images, partners, shares = mix_images(images, settings, rng)
        return images, codes, weights, codes[partners], weights[partners], shares
