//! What an attempt hands on: where its step writes that, what came of it, and what of it nobody must see.
//!
//! Knows the step's own folder and its log. Does not know the form of the files (that is `text::handed`), nor which step
//! is given what another hands on.
//!
//! Each step has files of its own, in its folder for temporary files, whatever az itself was given under these names: az
//! may run in a job of GitHub, whose files are not the step's. The folder is emptied before each attempt, so that what an
//! earlier one wrote does not count.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{
    ending::Meaning,
    job::{Attempt, Before, Shared},
    witness::{PreImages, has_any},
};
use crate::{
    base::looks_secret,
    cache::Capture,
    diag::code,
    execute::scheduler::Ending,
    secret::{MASKED, Patterns, Screen, asked_masks, is_maskable, mask_file},
    sys::{self, FileKind, System},
    text::handed::{Fault, Handed, HandedFile, MOST_BYTES, value_has_text},
};

/// What an attempt handed on, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct HandedOn {
    pub(super) handed: Handed,
    /// What of it could not be read.
    faults: Vec<Fault>,
    /// The step asked that something be masked.
    has_masked: bool,
    /// Something is to be hidden that was not known when the step began.
    has_news: bool,
}

impl Shared {
    /// Returns all that must not be seen of what a step prints, starts and hands on.
    pub(super) fn hidden(&self, index: usize) -> Arc<Patterns> {
        self.masks.with(self.nodes.get(index).secrets())
    }

    /// Returns what of that is long enough to be known by wherever it stands, so that it must not get into the cache.
    pub(super) fn secrets(&self, index: usize) -> Vec<Vec<u8>> {
        self.hidden(index).sure_forms()
    }

    /// Returns the outputs of a step as they may be shown.
    pub(super) fn shown_outputs(&self, index: usize, handed: &Handed) -> BTreeMap<String, Value> {
        let hidden = self.hidden(index);
        let is_hidden = |text: &str| hidden.is_in(text.as_bytes());
        let shown = handed.outputs.iter().map(|(name, value)| {
            let is_secret = looks_secret(name) || value_has_text(value, &is_hidden);
            let name = if is_hidden(name) { MASKED } else { name };
            (name.to_owned(), if is_secret { Value::from(MASKED) } else { value.clone() })
        });
        shown.collect()
    }

    /// Returns the summary of a step as it may be shown.
    pub(super) fn shown_summary(&self, index: usize, handed: &Handed) -> Option<String> {
        handed.summary.as_ref().map(|summary| self.hidden(index).mask_text(summary))
    }
}

/// Returns the variables that say where a step writes what it hands on.
pub(super) fn handing_variables(temporary: &Path) -> impl Iterator<Item = (String, String)> + '_ {
    HandedFile::ALL.into_iter().flat_map(|file| {
        let path = temporary.join(file.file_name()).display().to_string();
        file.variables().map(|name| (name.to_owned(), path.clone()))
    })
}

impl Attempt {
    /// Returns what masks the output of the step on its way, if az knows of something in it that nobody must see.
    pub(super) fn screen(&self) -> Option<Arc<Screen>> {
        let asks = |text: &String| text.contains("add-mask::");
        let is_wanted = !self.shared.hidden(self.index).is_empty()
            || self.prepared().node.invocation.text.as_ref().is_some_and(asks);
        let given = || self.prepared().secrets().to_vec();
        is_wanted.then(|| Arc::new(Screen::new(given(), Arc::clone(&self.shared.masks))))
    }

    /// Takes what the step handed on, and masks in its log what must not be seen; `screen` is what masked it already.
    pub(super) fn take_handed(&self, before: &mut Before, screen: Option<&Screen>) {
        let folder = self.temporary().unwrap_or_else(|_| PathBuf::from("/dev/null"));
        let mut on = HandedOn::default();
        // Most steps leave nothing there; then it can go, and no file need be looked for.
        let is_empty = self.shared.spares.take_back_folder(&**self.system(), &folder);
        for file in HandedFile::ALL.into_iter().filter(|_| !is_empty) {
            let read = read(&**self.system(), file, &folder.join(file.file_name()));
            let taken = read.and_then(|bytes| bytes.map_or(Ok(()), |bytes| on.handed.take(file, &bytes)));
            on.faults.extend(taken.err());
        }
        let named: Vec<String> = named_secrets(&on.handed).map(|(_, value)| value).collect();
        on.has_news = self.shared.masks.add(named);
        let is_masked = screen.is_some() && !on.has_news;
        before.handed_on = on;
        if !is_masked {
            self.mask_log(before);
        }
        if let Some(screen) = screen {
            before.handed_on.has_masked |= screen.has_asked();
            before.handed_on.has_news |= screen.has_news();
            before.has_printed_secret |= screen.has_masked();
            before.is_log_cut = screen.is_cut();
        }
    }

    /// Removes what the step printed; what stands for a log that cannot be kept is `/dev/null`, and must stay.
    fn remove_log(&self) {
        if self.system().stat(&self.log).is_ok_and(|stat| stat.kind == FileKind::File) {
            _ = self.system().remove_file(&self.log);
        }
    }

    /// Masks secrets in what the step printed, and what it asks to be masked.
    fn mask_log(&self, before: &mut Before) {
        let (system, masks) = (&**self.system(), &self.shared.masks);
        let masked = asked_masks(system, &self.log).and_then(|asked| {
            before.handed_on.has_masked = !asked.is_empty();
            before.handed_on.has_news |= masks.add(asked);
            mask_file(system, &self.log, &self.shared.hidden(self.index))
        });
        before.has_printed_secret = masked.unwrap_or_else(|error| {
            // A step that did not even start has no log.
            if sys::is_absent(&error) {
                return false;
            }
            // Better no log than one that may hold a secret.
            self.remove_log();
            let text =
                format!("secrets in what the step printed cannot be masked, so that is not kept: {error}");
            before.warnings.push((code::CACHE_UNUSABLE, text));
            true
        });
    }

    /// Keeps nothing of what the step printed, since what it asked to be masked in it is not known any more.
    pub(super) fn forget_log(&self, before: &mut Before) {
        self.remove_log();
        before.handed_on.has_masked = true;
        let text = "the step printed more than is kept and asked that something in it be masked, so that nothing of \
                    it is kept";
        before.warnings.push((code::CACHE_UNUSABLE, text.to_owned()));
    }

    /// Returns why what the step left, printed or hands on must not be kept, if it must not.
    pub(super) fn why_hidden(&self, before: &Before, capture: &Capture) -> Option<String> {
        let HandedOn { handed, has_masked, .. } = &before.handed_on;
        if *has_masked {
            // Reused, it would not mask that for the steps behind it.
            return Some("it masks a value (`::add-mask::`), and az does not keep that".to_owned());
        }
        if before.is_log_cut {
            return Some("not all it printed could be written down".to_owned());
        }
        if before.has_printed_secret || self.has_secret(capture) {
            return Some("what it left or printed holds a secret it was given".to_owned());
        }
        if let Some((name, _)) = named_secrets(handed).next() {
            return Some(format!("it hands on `{name}`, a secret by its name"));
        }
        let hidden = self.shared.hidden(self.index);
        if handed.has_text(&|text| hidden.is_in(text.as_bytes())) {
            return Some("what it hands on holds a secret".to_owned());
        }
        let folder = self.temporary().ok()?.display().to_string();
        let text = "it hands on a path in its folder for temporary files, which is gone when it does not run";
        handed.has_text(&|text| text.contains(&folder)).then(|| text.to_owned())
    }

    /// Takes out of the cache what the step changed, where that holds what was to be hidden only when it had run.
    pub(super) fn forget_hidden(&self, witness: &PreImages<'_>) {
        let blobs = &self.shared.cache.blobs;
        let secrets = self.shared.secrets(self.index);
        for digest in &witness.stored {
            if let Ok(mut blob) = blobs.open(digest)
                && has_any(&mut *blob, &secrets)
            {
                // Where that cannot be done the cache cannot be written at all, which is told elsewhere.
                _ = blobs.remove(digest);
            }
        }
    }
}

impl HandedOn {
    /// Tells whether there is something to hide that was not known when the step began.
    pub(super) fn has_news(&self) -> bool {
        self.has_news
    }

    /// Makes a failure of what the step wrote and nobody can read.
    pub(super) fn judge(&self, meaning: &mut Meaning) {
        if self.faults.is_empty() {
            return;
        }
        let text = self.faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ");
        match meaning.error.as_mut() {
            None => meaning.fail(&text),
            Some(error) if meaning.ending == Ending::Failed => *error = format!("{error}; {text}"),
            // It was ended while it wrote.
            Some(_) => {}
        }
    }
}

/// Returns outputs and variables that are secrets by their names, as far as they are long enough to be one.
fn named_secrets(handed: &Handed) -> impl Iterator<Item = (&str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let outputs = handed.outputs.iter().map(move |(name, value)| (name.as_str(), text(value)));
    let env = handed.env.iter().map(|(name, value)| (name.as_str(), value.clone()));
    outputs.chain(env).filter(|(name, value)| looks_secret(name) && is_maskable(value))
}

/// Reads a file of the step; nothing if it wrote none.
fn read(system: &dyn System, file: HandedFile, path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let unread = |error: std::io::Error| Fault::of_file(file, format!("cannot be read ({error})"));
    let stat = match system.stat(path) {
        Ok(stat) => stat,
        Err(error) if sys::is_absent(&error) => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    // A pipe would never end, and a link may lead to anything.
    if stat.kind != FileKind::File {
        return Err(Fault::of_file(file, "is no file of its own any more"));
    }
    let mut bytes = Vec::new();
    system.open(path).and_then(|open| open.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > MOST_BYTES { Err(Fault::too_long(file)) } else { Ok(Some(bytes)) }
}
