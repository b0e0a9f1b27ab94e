//! From a file to a playbook.

use std::sync::Arc;

use super::{Playbook, detect::detect, root};
use crate::{
    diag::Source,
    model::decode::{self, LeftOut, Reading, Value},
    text::document::Format,
};

/// Reads a playbook of any format az knows, with all its faults.
///
/// Total: any text gives a reading. The tree is there for the places of later faults.
pub fn read(source: &Arc<Source>, format: Format) -> Reading<Playbook> {
    decode::read(source, format, |value| root::decode(value, detect(value)?))
}

/// Reads a playbook like [`read`], with the fields that are in no value.
pub(super) fn read_all(source: &Arc<Source>, format: Format) -> (Reading<Playbook>, Vec<LeftOut>) {
    decode::read_all(source, format, |value| root::decode(value, detect(value)?), true)
}

/// Returns the name a playbook has by its file: `ci` for `playbooks/ci.json`.
pub(super) fn file_stem(root: Value<'_>) -> String {
    let path = &root.context().source().name;
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
}
