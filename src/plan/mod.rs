//! What a run will do, frozen before the first call.
