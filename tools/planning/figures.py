"""What the figures of a plan can be at least: whoever sends one back to us can't
have it divide by nothing.
"""

from typing import Annotated

from pydantic import Field

AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
