//! `az` alone, and `az help`.

use std::sync::Arc;

use clap::CommandFactory;

use super::{Outcome, arguments::Arguments, printer::Printer, usage};
use crate::{
    base::nearest,
    diag::Code,
    diag::{CodeInfo, all_codes},
    sys::System,
};

/// Shows what is here and what to type next.
pub(super) fn overview(_system: &Arc<dyn System>, printer: &Printer) -> Outcome {
    printer.data(&Arguments::command().render_help().to_string());
    Ok(0)
}

/// Shows the text of a code, or the options of a verb.
pub(super) fn help(printer: &Printer, topic: Option<&str>) -> Outcome {
    let Some(topic) = topic else {
        printer.data(&Arguments::command().render_help().to_string());
        return Ok(0);
    };
    if let Some(code) = Code::parse(topic) {
        let info = all_codes().find(|info| info.code == code);
        let info = info.ok_or_else(|| {
            usage(
                format!("there is no code {code}"),
                "codes stand in the messages of az, as in error[AZ0104]",
            )
        })?;
        printer.data(&code_text(info));
        return Ok(0);
    }
    let mut command = Arguments::command();
    let names: Vec<String> = command
        .get_subcommands()
        .flat_map(|verb| {
            std::iter::once(verb.get_name())
                .chain(verb.get_visible_aliases())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    match command.find_subcommand_mut(topic) {
        Some(verb) => {
            let text = verb.render_long_help().to_string();
            printer.data(&text);
            Ok(0)
        }
        None => Err(usage(
            format!("there is no help on `{topic}`"),
            match nearest(topic, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `az help {near}`?"),
                None => "give a verb, or a code such as AZ0104".to_owned(),
            },
        )),
    }
}

fn code_text(info: &CodeInfo) -> String {
    format!("{}: {}\n\n{}\n", info.code, info.title, info.text)
}
