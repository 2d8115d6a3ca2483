"""LIMINAL v1 to v6, the source system's versions, which read a sentence as one pooled vector; v7 is in core/text."""
