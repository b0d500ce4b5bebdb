"""Learning-rate schedules, as arrays of one rate a step."""

import numpy as np

SCHEDULES = ("one_cycle", "cosine", "constant")

# The shape of the one-cycle schedule (Smith and Topin, arXiv 1708.07120, sec. 3).
WARM_UP = 0.25
START_FRACTION = 0.1
END_FRACTION = 0.001


def learning_rates(schedule, peak, n_steps):
    """Give the learning rate of every step.

    Parameters
    ----------
    schedule : {"one_cycle", "cosine", "constant"}
        How the rate moves: up linearly over the first quarter and down along a
        half cosine, down along the half cosine alone, or not at all.
    peak : float
        The largest rate.
    n_steps : int
        Steps in the whole training.

    Returns
    -------
    rates : ndarray of shape (n_steps,), dtype float32
        The rates.
    """
    if schedule == "constant":
        return np.full(n_steps, peak, dtype=np.float32)
    warm_up = round(WARM_UP * n_steps) if schedule == "one_cycle" else 0
    rising = np.linspace(START_FRACTION, 1, warm_up, endpoint=False)
    progress = np.arange(n_steps - warm_up) / max(1, n_steps - warm_up)
    falling = END_FRACTION + (1 - END_FRACTION) * (1 + np.cos(np.pi * progress)) / 2
    return (peak * np.concatenate([rising, falling])).astype(np.float32)
