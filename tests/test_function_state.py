"""Digest of the values that a function reads, which identifies its network."""

import functools

import numpy as np
import pytest

from fmnist_sk.architectures._function_state import state_of

SETTINGS = {"scale": 1.0, "sizes": (8, 4)}
UNITS = 8
CALLS: list = []


class Layer:
    rate = 0.5

    def call(self, x):
        return x * self.rate


def helper(n):
    return n * UNITS


def build(image_shape, n_classes, width=3):
    CALLS.append(1)
    layers = [Layer(), lambda x: np.clip(x, 0, SETTINGS["scale"])]
    return layers, helper(n_classes), width


CHANGES = {
    "a dict of settings": lambda patch: patch.setitem(SETTINGS, "scale", 1.01),
    "a tuple in it": lambda patch: patch.setitem(SETTINGS, "sizes", (8, 5)),
    "a global of a helper": lambda patch: patch.setitem(globals(), "UNITS", 9),
    "an attribute of a class": lambda patch: patch.setattr(Layer, "rate", 0.6),
    "a method": lambda patch: patch.setattr(Layer, "call", lambda self, x: x),
    "a default": lambda patch: patch.setattr(build, "__defaults__", (4,)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_read_is_in_the_digest(monkeypatch, change):
    before = state_of(build)
    with monkeypatch.context() as patch:
        CHANGES[change](patch)
        assert state_of(build) != before
    build((1, 1), 2)  # the function counts its calls
    assert state_of(build) == before


def test_every_kind_of_callable():
    class Network:
        def __init__(self, width):
            self.width = width

        def __call__(self, image_shape, n_classes):
            return self.width

        def method(self, image_shape, n_classes):
            return self.width

    def closing_over(width):
        return lambda image_shape, n_classes: width

    for make in (
        Network,
        lambda width: Network(width).method,
        closing_over,
        lambda width: functools.partial(build, width=width),
        lambda width: functools.partial(functools.partial(build), width=width),
    ):
        assert state_of(make(3)) == state_of(make(3))
        assert state_of(make(3)) != state_of(make(4))


def test_libraries_are_not_followed():
    import keras
    import pandas as pd

    frame = pd.DataFrame(np.zeros((3, 3)))

    def reading(image_shape, n_classes):
        return keras, frame, keras.ops.clip

    before = state_of(reading)
    frame.iloc[0, 0] = 1
    assert state_of(reading) == before
