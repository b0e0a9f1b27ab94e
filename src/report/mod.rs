//! Folds of the event stream for people and programs: the view of a run, its lines, its explanation, its result.
//!
//! Knows events and nothing else. Every text is a function of [`RunView`]; nothing here can make a run fail.

mod explain;
mod lines;
mod result;
mod view;

pub use explain::{explain, explain_node};
pub use lines::{Lines, Verbosity, summary_line, summary_of};
pub use result::result_json;
pub use view::{Ending, NodeView, RunView};
