//! What a list of steps takes for granted, by the format it stands in.

/// How fields of steps are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Steps of jobs: `script` is a text for a shell.
    Jobs,
    /// Definitions of scripts: `script` names one.
    Definitions,
    /// Definitions of scripts whose `id` may be their number.
    Scripts,
    /// The language of steps: `command`, `branches`, `then`, `foreach`.
    Language,
    /// Texts for PowerShell, with what old files say beside them.
    Texts,
}

impl Dialect {
    /// Tells whether people could add fields of their own.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Definitions | Self::Scripts | Self::Texts)
    }

    /// Tells whether `script` names a numbered script rather than being a text.
    pub(super) fn script_is_reference(self) -> bool {
        matches!(self, Self::Definitions | Self::Scripts)
    }

    /// Tells whether `id` is a script's number rather than a name for the step.
    pub(super) fn id_is_number(self) -> bool {
        self == Self::Scripts
    }

    /// Tells whether a timeout beyond the longest the old engine had is cut to that.
    pub(super) fn caps_timeouts(self) -> bool {
        self == Self::Definitions
    }

    /// Returns how steps inside a step are to be understood.
    pub(super) fn inside(self) -> Self {
        self
    }
}
