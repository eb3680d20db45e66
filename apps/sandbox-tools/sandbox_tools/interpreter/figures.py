"""A backend of matplotlib: figures become PNGs, to be taken when the code has ended.

``show()`` puts the open figures by and closes them, as a window would be closed; a figure that the
code itself closes is nobody's.
"""

from __future__ import annotations

import base64
import io
from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_MOST_FIGURES = 20
_MOST_PIXELS = 25_000_000
_MOST_BYTES = 5_000_000

_shown: list[dict[str, Any]] = []


class FigureManager(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        _put_by()


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def take_figures() -> list[dict[str, Any]]:
    """Those shown, then those open, which are closed. ``{"png", "width", "height", "alt"}``, with
    ``"error"`` in place of the PNG of one that cannot be drawn."""
    _put_by()
    taken = _shown[:]
    _shown.clear()
    return taken


def _put_by() -> None:
    from matplotlib import pyplot  # noqa: PLC0415 - which imports this

    for number in pyplot.get_fignums():
        if len(_shown) < _MOST_FIGURES:
            _shown.append(_told(pyplot.figure(number)))
        elif len(_shown) == _MOST_FIGURES:
            _shown.append({"alt": "", "error": f"only the first {_MOST_FIGURES} figures are given"})
    pyplot.close("all")


def _told(figure: Figure) -> dict[str, Any]:
    width, height = (round(side) for side in figure.get_size_inches() * figure.dpi)
    told = {"width": width, "height": height, "alt": _alt(figure)}
    if width * height > _MOST_PIXELS:
        return {**told, "error": f"{width} × {height} pixels are more than {_MOST_PIXELS}"}
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format="png", dpi=figure.dpi)
    except Exception as error:  # of a formula in a label, of a drawing function of the code's own
        return {**told, "error": f"{type(error).__name__}: {error}"}
    png = buffer.getvalue()
    if len(png) > _MOST_BYTES:
        return {**told, "error": f"a PNG of {len(png)} bytes, more than {_MOST_BYTES}"}
    # As they are in the file: `savefig.bbox` in the style crops.
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    return {**told, "width": width, "height": height, "png": base64.b64encode(png).decode()}


def _alt(figure: Figure) -> str:
    """What is written on it."""
    parts = [figure.get_suptitle()]
    for axes in figure.get_axes():
        labels = (("", axes.get_title()), ("x: ", axes.get_xlabel()), ("y: ", axes.get_ylabel()))
        parts.append(", ".join(prefix + text for prefix, text in labels if text))
    written = "; ".join(part for part in parts if part)
    return f"Figure: {written}" if written else "Figure without a title"
