//! The stand-in CLI: a real subprocess that plays a scene in the vendors' formats.
