"""What is put on a board: the firmware compiled for its chip, its board.py and main.py, by their place there."""

from boardpulse_tools.image.build import Image, ImageError, build_image

__all__ = ["Image", "ImageError", "build_image"]
