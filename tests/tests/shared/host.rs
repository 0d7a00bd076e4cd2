//! Shared windows in the engine.
