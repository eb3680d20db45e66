"""Makes network inputs of images: resized, normalised, channels first."""

from typing import TypedDict

import numpy as np

from tech_renaissance import command, serve

# Of ImageNet's red, green and blue: what torchvision's models were trained with.
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)


class Failure(TypedDict):
    index: int
    message: str


class Batch(TypedDict):
    pixels: np.ndarray
    indices: list[int]
    failures: list[Failure]


@command
def preprocess(images: list[np.ndarray], size: int = 224) -> Batch:
    """uint8 images (height, width, 3) to one float32 array (images, 3, size, size).

    An image that cannot be used is in `failures` instead; `indices` are those of the others.
    """
    pixels: list[np.ndarray] = []
    indices: list[int] = []
    failures: list[Failure] = []
    for index, image in enumerate(images):
        try:
            check(image)
            normal = (resize(image, size) / 255 - MEAN) / STD
        except Exception as error:  # whatever is wrong with this one, the others go on
            failures.append({"index": index, "message": f"{type(error).__name__}: {error}"})
        else:
            pixels.append(normal)
            indices.append(index)
    batch = np.stack(pixels) if pixels else np.empty((0, size, size, 3), dtype=np.float32)
    # NHWC to NCHW
    channels_first = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
    return {"pixels": channels_first, "indices": indices, "failures": failures}


def check(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected uint8 (height, width, 3), found {image.dtype} {image.shape}")
    if image.size == 0:
        raise ValueError(f"the image has no pixels: {image.shape}")


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Bilinear, pixel centres at halves, as torch's interpolate without align_corners."""
    top, bottom, down = neighbours(image.shape[0], size)
    left, right, across = neighbours(image.shape[1], size)
    pixels = image.astype(np.float32)
    down = down[:, None, None]
    rows = pixels[top] * (1 - down) + pixels[bottom] * down
    across = across[None, :, None]
    return rows[:, left] * (1 - across) + rows[:, right] * across


def neighbours(length: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new pixel the two old ones beside it, and its way from the first to the second."""
    place = (np.arange(size, dtype=np.float64) + 0.5) * length / size - 0.5
    place = place.clip(0, length - 1)
    first = place.astype(np.intp)
    second = np.minimum(first + 1, length - 1)
    return first, second, (place - first).astype(np.float32)


if __name__ == "__main__":
    serve()
