"""Heat map and scatter plot of the scores of a search."""

from numbers import Real

import numpy as np

from . import _panels
from ._score_table import sorted_unique

# Grey stands for scores that cannot be compared with the others.
_GREY = "0.92"


def draw_heat_map(ax, display, cmap, values_format):
    """Draw a cell for each pair of values.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw in.
    display : SearchResultsDisplay
        Display with tables of scores.
    cmap, values_format : str
        Colour map and format of the scores.

    Returns
    -------
    image : matplotlib AxesImage
        Heat map.
    texts : ndarray of matplotlib Text
        Text of each cell.
    """
    from matplotlib.patches import Rectangle

    scores = np.asarray(display.scores, dtype=float)
    final = _final(scores, display.resources)
    image = ax.imshow(np.ma.masked_array(scores, ~final), cmap=cmap, aspect="auto")
    ax.set_facecolor(_GREY)
    texts = np.empty(scores.shape, dtype=object)
    for cell in np.ndindex(scores.shape):
        lines, color = ["–"], "0.3"
        if not np.isnan(scores[cell]):
            lines = [format(scores[cell], values_format)]
            if display.deviations is not None:
                spread = float(np.asarray(display.deviations)[cell])
                lines.append(f"± {spread:{values_format}}")
            if not final[cell]:
                resource = np.asarray(display.resources)[cell]
                lines.append(f"{display.resource_name} {resource:g}")
            elif image.norm(scores[cell]) < 0.5:
                color = "white"
            else:
                color = "black"
        row, column = cell
        texts[cell] = ax.text(
            column,
            row,
            "\n".join(lines),
            ha="center",
            va="center",
            fontsize=9,
            color=color,
        )
    best = _best(display.best, scores, final)
    if best is not None:
        row, column = best
        frame = (column - 0.47, row - 0.47)
        ax.add_patch(Rectangle(frame, 0.94, 0.94, fill=False, ec=_panels.WRONG, lw=2.5))
    ax.set_xticks(np.arange(len(display.column_values)), _texts(display.column_values))
    ax.set_yticks(np.arange(len(display.row_values)), _texts(display.row_values))
    ax.set(xlabel=display.column_name, ylabel=display.row_name)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _explain_grey(ax, scores, final)
    return image, texts


def draw_points(ax, display, cmap):
    """Draw a point for each candidate.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw in.
    display : SearchResultsDisplay
        Display with the scores and the values of each candidate.
    cmap : str
        Colour map of the scores.

    Returns
    -------
    points : matplotlib PathCollection
        Points of the candidates that reached the last round.
    """
    scores = np.asarray(display.scores, dtype=float)
    final = _final(scores, display.resources)
    x = _place(ax, "x", display.column_values)
    style = {"cmap": cmap, "c": scores[final]}
    if display.row_name:
        y = _place(ax, "y", display.row_values)
    else:
        y, style = scores, {"color": _panels.RIGHT}
        if display.deviations is not None:
            spread = np.asarray(display.deviations, dtype=float)
            ax.errorbar(
                x[final], y[final], spread[final], ls="none", color="0.7", zorder=1
            )
    others = ~final & ~np.isnan(y)
    ax.scatter(x[others], y[others], marker="x", s=30, color="0.6", zorder=2)
    points = ax.scatter(x[final], y[final], s=55, edgecolors="0.3", zorder=3, **style)
    best = _best(display.best, scores, final)
    if best is not None:
        ring = {"facecolors": "none", "edgecolors": _panels.WRONG, "linewidths": 2.5}
        ax.scatter(x[best], y[best], s=170, zorder=4, **ring)
    ax.set(xlabel=display.column_name, ylabel=display.row_name or display._score_label)
    _explain_grey(ax, scores, final)
    return points


def _final(scores, resources):
    """Return a mask of the scores measured with the resources of the last round."""
    final = ~np.isnan(scores)
    if resources is not None and final.any():
        resources = np.asarray(resources, dtype=float)
        final &= resources == np.nanmax(resources)
    return final


def _best(given, scores, final):
    """Return the given position, or else that of the largest final score."""
    if given is not None or not final.any():
        return given
    return np.unravel_index(np.where(final, scores, -np.inf).argmax(), scores.shape)


def _explain_grey(ax, scores, final):
    if (~final & ~np.isnan(scores)).any():
        note = "grey: eliminated in an earlier round"
    elif np.ndim(scores) == 1 and not final.all():
        note = "grey: pruned or failed"
    else:
        return
    ax.set_title(note, fontsize=9, loc="left", color="0.3")


def _texts(values):
    """Return values as texts. Numbers drawn at random have too many digits to show."""
    texts = [str(value) for value in values]
    short = [
        format(value, ".4g") if isinstance(value, float) and len(text) > 6 else text
        for value, text in zip(values, texts, strict=True)
    ]
    return short if len({*short}) == len(short) else texts


def _place(ax, direction, values):
    """Return the places of values on the x or y axis, and set its scale or ticks."""
    known = sorted_unique(values)
    numeric = all(isinstance(v, Real) and not isinstance(v, bool) for v in known)
    # A few numbers are labelled one by one, like categories.
    if numeric and len(known) > 5:
        places = np.array(values, dtype=float)
        # Over two decades, most values would be crowded at one end of a linear scale.
        if known[0] > 0 and known[-1] / known[0] >= 100:
            ax.set(**{f"{direction}scale": "log"})
        return places
    ax.set(**{f"{direction}lim": (-0.5, len(known) - 0.5)})
    ax.set(
        **{
            f"{direction}ticks": range(len(known)),
            f"{direction}ticklabels": _texts(known),
        }
    )
    return np.array([known.index(value) for value in values], dtype=float)
