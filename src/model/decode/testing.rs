//! Faults as lines, for the tests of the whole model.

use crate::diag::Diagnostic;

/// Writes each fault as `code severity <text at label | ...> message => help`.
pub(in crate::model) fn told(faults: &[Diagnostic]) -> String {
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(fault: &Diagnostic) -> String {
    let text = fault.source.as_ref().map_or("", |source| &source.text);
    let labels: Vec<_> = fault.labels.iter().map(|label| label.span.of(text)).collect();
    let (severity, labels) = (fault.severity.as_str(), labels.join(" | "));
    format!(
        "{} {severity} <{labels}> {} => {}",
        fault.code,
        fault.message,
        fault.help.as_deref().unwrap_or("NO HELP")
    )
}
