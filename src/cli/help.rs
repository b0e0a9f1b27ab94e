//! `az help`: verbs, codes and topics.

use clap::CommandFactory;

use super::{Outcome, arguments::Arguments, printer::Printer, table::indented, topics::TOPICS, usage};
use crate::{
    base::{list, nearest},
    diag::{Code, CodeInfo, all_codes},
};

/// Shows the text of a code, or the options of a verb.
pub(super) fn help(printer: &Printer, topic: Option<&str>) -> Outcome {
    let Some(topic) = topic else {
        let topics = TOPICS.iter().map(|topic| vec![topic.name.to_owned(), topic.about.to_owned()]);
        let topics = indented(&topics.collect::<Vec<_>>());
        let verbs = Arguments::command().render_help();
        printer.data(&format!("{verbs}\nTopics of az help:\n{topics}"));
        return Ok(0);
    };
    if let Some(found) = TOPICS.iter().find(|known| known.name.eq_ignore_ascii_case(topic)) {
        printer.data(found.text);
        return Ok(0);
    }
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
        .chain(TOPICS.iter().map(|topic| topic.name.to_owned()))
        .collect();
    match command.find_subcommand_mut(topic) {
        Some(verb) => {
            let text = verb.render_help().to_string();
            printer.data(&text);
            Ok(0)
        }
        None => Err(usage(
            format!("there is no help on `{topic}`"),
            match nearest(topic, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `az help {near}`?"),
                None => format!(
                    "give a verb, a code such as AZ0104, or one of {}",
                    list(TOPICS.iter().map(|t| t.name))
                ),
            },
        )),
    }
}

fn code_text(info: &CodeInfo) -> String {
    format!("{}: {}\n\n{}\n", info.code, info.title, info.text)
}
