//! What the tracer sees of real programs.

mod cases;
mod gaps;
mod go;
mod harness;
mod ladder;
mod obstacles;
mod programs;
mod refusals;
mod sequences;
