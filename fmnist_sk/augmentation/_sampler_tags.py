"""Estimator tags of scikit-learn, with the fields that imbalanced-learn adds.

The checks of imbalanced-learn read these fields by name. Its own classes are not used
here, because it is not a dependency of this package.
"""

from dataclasses import dataclass, fields

from sklearn.utils import InputTags, Tags


@dataclass(slots=True)
class SamplerTags:
    """Tags of a sampler that the checks of imbalanced-learn read.

    Attributes
    ----------
    sample_indices : bool, default=False
        Whether the fitted sampler has the attribute `sample_indices_`.
    """

    sample_indices: bool = False


@dataclass(slots=True)
class _SamplerInputTags(InputTags):
    dataframe: bool = False


@dataclass(slots=True)
class _TagsOfSampler(Tags):
    sampler_tags: SamplerTags | None = None


def as_sampler_tags(tags: Tags) -> Tags:
    """Return the tags of a sampler.

    Parameters
    ----------
    tags : Tags
        Tags of an estimator of scikit-learn.

    Returns
    -------
    tags : Tags
        Tags with the same values, except that `estimator_type` is "sampler" and that
        they have the fields `sampler_tags` and `input_tags.dataframe`.
    """
    inputs = _SamplerInputTags(**_values(tags.input_tags), dataframe=True)
    kept = {
        **_values(tags),
        "estimator_type": "sampler",
        "input_tags": inputs,
    }
    return _TagsOfSampler(**kept, sampler_tags=SamplerTags(sample_indices=True))


def _values(tags):
    return {field.name: getattr(tags, field.name) for field in fields(tags)}
