"""Operations of the package. Importing the file of an operation registers it.

The operations are applied to images in this order, and they draw random numbers in this
order. Inserting a line between two others therefore changes the images of a seed.
"""

# isort: off
from . import _horizontal_flip as _horizontal_flip
from . import _alternating_flip as _alternating_flip
from . import _move as _move
from . import _shade as _shade
from . import _erasing as _erasing
from . import _mixup as _mixup
from . import _cutmix as _cutmix
