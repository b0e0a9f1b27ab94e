//! Folds of the event stream for people and programs: the view of a run, its lines, its explanation, its result; and
//! diagnostics in the forms of other programs.
//!
//! Knows events and diagnostics, and nothing else. Every text about a run is a function of [`RunView`]; nothing here
//! can make a run fail.

mod annotations;
mod diff;
mod explain;
mod lines;
mod result;
mod sarif;
mod view;

pub use annotations::{annotations, workflow_command};
pub use diff::unified_diff;
pub use explain::{explain, explain_node};
pub use lines::{Lines, Verbosity, help_line, summary_line, summary_of};
pub use result::{RunResult, result_json};
pub use sarif::{Finding, sarif};
pub use view::{Ending, NodeView, RunView};
