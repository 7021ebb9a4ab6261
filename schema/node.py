"""Relay's Node: whatever has an id of its own."""

import strawberry


@strawberry.interface(description="Whatever has an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, and stable as long as the thing is there.")
