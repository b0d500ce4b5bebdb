"""scikit-learn's estimator tags with the fields that imbalanced-learn adds.

imbalanced-learn reads these fields by name. Its own classes are not used here, because
it is not a dependency of this package.
"""

from dataclasses import dataclass, fields

from sklearn.utils import InputTags, Tags


@dataclass(slots=True)
class SamplerTags:
    """What imbalanced-learn's checks ask of a sampler.

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
        scikit-learn's tags of an estimator.

    Returns
    -------
    tags : Tags
        The same tags with `estimator_type` "sampler", and with the fields
        `sampler_tags` and `input_tags.dataframe`.
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
