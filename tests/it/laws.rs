//! The scenarios that break simpler rules, with declared inputs and outputs and the real binary.
//!
//! Each test is named after its law. What needs to be seen by tracing is not claimed here.

mod during;
mod environment;
mod failure;
mod gate;
mod order;
mod outputs;
mod person;
mod planning;
mod random;
mod repair;

/// Returns the text of a script that declares what it reads and writes.
fn declared(inputs: &str, outputs: &str, body: &str) -> String {
    format!("# Inputs: {inputs}\n# Outputs: {outputs}\n{body}")
}
