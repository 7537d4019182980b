"""The demonstration: a real catalogue, sample organisations, a round with real-shaped demand."""
