//! `az plan`.

use std::sync::Arc;

use super::{
    Outcome,
    arguments::{Output, Plan, Request},
    printer::Printer,
};
use crate::sys::System;

/// Runs `az plan`.
pub(super) fn plan(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Plan) -> Outcome {
    plan_request(system, printer, output, &words.request)
}

/// Shows what a request would run.
pub(super) fn plan_request(_s: &Arc<dyn System>, _p: &Printer, _o: &Output, _w: &Request) -> Outcome {
    Ok(0)
}
