"""The base of all records."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
