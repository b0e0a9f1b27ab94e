//! What the tracer sees of real programs.

mod cases;
mod gaps;
mod harness;
mod obstacles;
mod programs;
mod refusals;
mod sequences;
