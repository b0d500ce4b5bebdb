"""Return value of the loaders."""

import numpy as np
from sklearn.utils import Bunch

from .._images import IMAGE_SHAPE_ATTRIBUTE


def make_bunch(
    data,
    target,
    *,
    shape,
    target_names,
    description,
    return_X_y,
    as_frame,
    **attributes,
):
    """Return images and labels in the form that the user has chosen.

    Parameters
    ----------
    data : ndarray of shape (n_images, n_pixels)
        Images as rows.
    target : ndarray of shape (n_images,)
        Labels.
    shape : (height, width) or (height, width, channels)
        Shape of one image in the stack of images.
    target_names : sequence of str
        Names of the classes, in the order of their labels.
    description : str
        Description of the data set.
    return_X_y, as_frame : bool
        Form of the result, as in :func:`fetch_fashion_mnist`.
    **attributes : dict
        Further attributes of the Bunch.

    Returns
    -------
    dataset : Bunch or tuple
        Images and labels in the form that :func:`fetch_fashion_mnist` describes.
    """
    if return_X_y and not as_frame:
        return data, target
    images = data.reshape(-1, *shape)
    feature_names = [
        "_".join(map(str, ("pixel", *position))) for position in np.ndindex(*shape)
    ]
    frame = None
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, columns=feature_names, copy=False)
        if len(shape) == 3 or shape[0] != shape[1]:
            # The classifier cannot infer this shape from the number of pixels.
            data.attrs[IMAGE_SHAPE_ATTRIBUTE] = (*shape, 1)[:3]
        target = pd.Series(target, name="target", copy=False)
        if return_X_y:
            return data, target
        frame = pd.concat([data, target], axis=1)
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        images=images,
        feature_names=feature_names,
        target_names=np.array(target_names),
        DESCR=description,
        **attributes,
    )
