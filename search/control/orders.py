"""What can be asked of a running sweep, and what it answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

OrderKind = Literal["stop", "pause", "unpause", "prune", "kill", "enqueue", "limit", "budget", "repeat"]


class Order(BaseModel):
    """One order. `values` by kind:

    enqueue   {"like": number or null, "values": {dotted path: value}}
    limit     {"concurrent": number or null}
    budget    any of trials, hours, gpu_hours, stagnation; null lifts it
    repeat    {"top": k, "seeds": n, "test": path of a .beton or null}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: OrderKind
    trials: tuple[int, ...] = ()
    """Empty: pause and unpause mean the whole sweep."""
    values: dict[str, Any] = {}
    who: str
    """user@host"""
    when: datetime
    why: str = ""


class Answer(BaseModel):
    """What became of an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    done: bool
    """False: it was refused."""
    text: str
    """In one line, what was done or why not."""
    when: datetime
