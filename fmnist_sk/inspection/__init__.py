"""Explanations of predictions by parts of the image and of the network."""

from ._classes import target_codes as target_codes
from ._features import feature_maps, first_layer_filters
from ._grad_cam import grad_cam
from ._layer_outputs import check_is_network as check_is_network
from ._layer_outputs import layer_outputs as layer_outputs
from ._layer_outputs import network_and_images as network_and_images
from ._occlusion import occlusion_sensitivity

__all__ = [
    "feature_maps",
    "first_layer_filters",
    "grad_cam",
    "occlusion_sensitivity",
]
