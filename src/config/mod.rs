//! Settings in layers, with the provenance of each value.
