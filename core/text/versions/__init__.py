"""LIMINAL v1 to v6, the versions of the source system, which pool a sentence into one vector; v7 is in core/text."""
