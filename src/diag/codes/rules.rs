//! `AZ04xx`: kinds, rules and configuration.

codes! {
    BAD_GLOB = 401, "this glob cannot be read",
        "Globs use *, **, ?, [abc] and {a,b}; the brackets and braces must be closed.";
    RULE_MATCHES_NOTHING = 402, "this rule matches no script",
        "The rule's `match` selects nothing in this repository, so the rule does nothing.";
    DUPLICATE_KIND = 403, "two kinds claim the same files",
        "Two kinds of the same rank name the same extension; only one of them can say how such a file is run.";
    KIND_FIELD_IN_RULE = 404, "a rule cannot set this",
        "How a file is read and run is said by its kind, before rules are matched; a rule that could change it (or \
         stage, tags or number) would be circular.";
    NO_SUCH_FOLDER = 405, "a configured folder is not there",
        "`scripts`, `playbooks` and `rules` in `[workspace]` name folders instead of the usual ones. This one does not \
         exist, so that az finds nothing in it; under --strict this is an error.";
    OUTSIDE = 406, "a folder lies outside the workspace",
        "What lies outside the workspace is another thing on another machine: what a step finds there cannot be the same \
         for everybody. Under --strict this is an error.";
}
