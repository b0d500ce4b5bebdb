"""Presets: specifications with a name."""

# The presets suit clothes of 28 × 28 pixels, where a shift of 0.04 is one pixel.
PRESETS = {
    "light": {"horizontal_flip": 0.5, "shift": 0.04},
    "standard": {"horizontal_flip": 0.5, "rotation": 5.0, "zoom": 0.05, "shift": 0.04},
    "strong": {"horizontal_flip": 0.5, "rotation": 15.0, "zoom": 0.15, "shift": 0.1},
}
