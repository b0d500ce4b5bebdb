"""Explanations: what in an image, and in the network, a prediction rests on."""

from ._features import feature_maps, first_layer_filters
from ._grad_cam import grad_cam
from ._occlusion import occlusion_sensitivity

__all__ = [
    "feature_maps",
    "first_layer_filters",
    "grad_cam",
    "occlusion_sensitivity",
]
