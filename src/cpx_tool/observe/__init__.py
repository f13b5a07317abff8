"""The walk over the outside world, through ports only. What it brings back is an Observation."""
