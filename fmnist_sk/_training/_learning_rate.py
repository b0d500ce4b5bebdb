"""Learning rates: the schedule, and its changes by callbacks."""

import numpy as np

SCHEDULES = ("one_cycle", "cosine", "constant")

# Shape of the one-cycle schedule (Smith and Topin, arXiv:1708.07120, sec. 3).
WARM_UP = 0.25
START_FRACTION = 0.1
END_FRACTION = 0.001


def learning_rates(schedule, peak, n_steps):
    """Compute the learning rate of every step.

    Parameters
    ----------
    schedule : {"one_cycle", "cosine", "constant"}
        Schedule: linear warm-up over the first quarter followed by cosine decay,
        cosine decay alone, or a constant rate.
    peak : float
        Largest rate.
    n_steps : int
        Number of steps in the whole run.

    Returns
    -------
    rates : ndarray of shape (n_steps,), dtype float32
        Learning rates.
    """
    if peak > float(np.finfo(np.float32).max):
        peak = np.inf  # training diverges, without a warning about the conversion
    if schedule == "constant":
        return np.full(n_steps, peak, dtype=np.float32)
    warm_up = round(WARM_UP * n_steps) if schedule == "one_cycle" else 0
    rising = np.linspace(START_FRACTION, 1, warm_up, endpoint=False)
    progress = np.arange(n_steps - warm_up) / max(1, n_steps - warm_up)
    falling = END_FRACTION + (1 - END_FRACTION) * (1 + np.cos(np.pi * progress)) / 2
    return (peak * np.concatenate([rising, falling])).astype(np.float32)


class LearningRate:
    """Schedule of a run, with the changes that callbacks make.

    A rate that is set when an epoch or a batch begins, as by `LearningRateScheduler`,
    holds for that epoch or batch. A rate that is changed when an epoch or a batch ends,
    as by `ReduceLROnPlateau`, scales the rest of the schedule by the same factor. A
    rate that is set for an epoch also scales the schedule after that epoch, and a rate
    that is set before the first epoch scales the whole schedule.

    Parameters
    ----------
    variable : keras.Variable
        Learning rate of the optimizer, which callbacks read and set.
    planned : ndarray of shape (n_epochs, n_steps), dtype float32
        Scheduled rates.

    Attributes
    ----------
    factor : float
        Factor by which callbacks have changed the rest of the schedule.
    rates : ndarray of shape (n_steps,), dtype float32
        Rate of each step of the present epoch.
    """

    def __init__(self, variable, planned):
        self._variable, self._planned, self.factor = variable, planned, 1.0

    def announce_epoch(self, index):
        """Show callbacks the rate that an epoch will begin with."""
        self._epoch = self._planned[index]
        self._announce(self._epoch[0] * self.factor)

    def begin_run(self):
        """Scale the schedule if callbacks have changed the announced rate."""
        rate = self._rate_set_by_callback()
        if rate is not None:
            self.factor = float(rate / self._epoch[0])

    def begin_epoch(self):
        """Adopt a rate that callbacks have set since the epoch was announced."""
        rate = self._rate_set_by_callback()
        if rate is None:
            self.rates = self._epoch * self.factor
        else:
            self.factor = float(rate / self._epoch[0])
            self.rates = np.full(len(self._epoch), rate)

    def announce_step(self, step):
        """Show callbacks the rate of the next step."""
        self._announce(self.rates[step])

    def begin_step(self, step):
        """Adopt a rate that callbacks have set since the step was announced."""
        rate = self._rate_set_by_callback()
        if rate is not None:
            self.rates[step] = rate

    def end_step(self, step):
        """Adopt a rate that callbacks have set since the step was done."""
        used, rate = self.rates[step], np.float32(self._variable.numpy())
        if rate == used:
            return
        if used > 0:
            change = float(rate / used)
            self.factor *= change
            self.rates = self.rates * change
        else:
            self.factor = float(rate / self._epoch[step])
            self.rates = self._epoch * self.factor
        self.rates[step] = rate

    def _announce(self, rate):
        # The next larger float32 distinguishes a callback that sets exactly the
        # scheduled rate from a callback that sets nothing.
        self._announced = np.nextafter(np.float32(rate), np.float32(np.inf))
        self._variable.assign(self._announced)

    def _rate_set_by_callback(self):
        rate = np.float32(self._variable.numpy())
        return None if rate == self._announced else rate
