"""Weight formats of checkpoints by their bits, and as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.model import WeightFormat

FORMAT_NAMES: dict[WeightFormat, str] = {
    "bf16": "BF16",
    "fp8": "FP8 (channel)",
    "fp8_block": "FP8 (block)",
    "int8": "INT8",
    "w4a16": "W4A16",
    "mxfp4": "MXFP4",
}
"""What each is called alone; who says FP8 means either."""
FP8: tuple[WeightFormat, ...] = ("fp8", "fp8_block")
BITS: dict[int, tuple[WeightFormat, ...]] = {16: ("bf16",), 8: (*FP8, "int8"), 4: ("w4a16", "mxfp4")}
"""The formats of so many bits a weight; no checkpoint of the catalogue has any other number."""


def formats_in_words(formats: Sequence[str]) -> str:
    """All formats of so many bits as one: “8-bit (FP8, INT8)”."""
    found = []
    for bits, of_them in BITS.items():
        meant = [name for name in of_them if name in formats]
        both = [name for name in FP8 if name in meant] == list(FP8)
        called = ["FP8"] * both + [FORMAT_NAMES[name] for name in meant if not (both and name in FP8)]
        whole = len(of_them) > 1 and len(meant) == len(of_them)
        found += [f"{bits}-bit ({', '.join(called)})"] if whole else called
    return ", ".join(found)
