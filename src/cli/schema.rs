//! `az schema`.

use super::{Outcome, printer::Printer, usage};
use crate::{
    base::{nearest, quoted_list},
    engine::{self, SchemaOf},
};

/// Prints a schema: data for editors, in whatever form the rest is asked for.
pub(super) fn schema(printer: &Printer, of: Option<&str>) -> Outcome {
    let wanted = of.unwrap_or(SchemaOf::Playbook.as_str());
    let found = SchemaOf::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(wanted));
    let Some((_, what)) = found else {
        let words = || SchemaOf::WORDS.iter().map(|(word, _)| *word);
        let help = match nearest(wanted, words()) {
            Some(near) => format!("did you mean `az schema {near}`?"),
            None => format!("write one of {}", quoted_list(words())),
        };
        return Err(usage(format!("there is no schema of `{wanted}`"), help));
    };
    printer.data(&format!("{:#}\n", engine::schema(*what)));
    Ok(0)
}
