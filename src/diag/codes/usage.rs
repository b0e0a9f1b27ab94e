//! `AZ09xx`: the command line, the workspace, and az's own mistakes.

codes! {
    USAGE = 901, "the command line cannot be read",
        "An option or argument is unknown or has a wrong value. `az help` lists the verbs, `az VERB --help` the options.";
    NO_WORKSPACE = 902, "there is nothing for az here",
        "Neither this folder nor one above it has scripts/, automation-scripts/, playbooks/, az.toml or .azcache/.";
    INTERNAL = 903, "az made a mistake",
        "This is a defect in az, not in your files. Nothing that was recorded is affected. Please report it.";
    NO_SUCH_NODE = 904, "there is no such step",
        "The name fits no step of the last plan. Steps are named by number, by script name or by their full id.";
    NO_SUCH_RUN = 905, "there is no such run",
        "No run has an id that starts with this text. `az runs list` shows what there is.";
    LOCKED = 906, "another az is at work here",
        "Another az run holds what this one needs; it ends by itself, or can be ended with Ctrl-C in its terminal.";
    NO_LOG = 907, "nothing that the step printed is kept",
        "A step that was skipped or blocked prints nothing, and what a reused step printed is gone with its record.";
    UNWRITTEN = 908, "standard output cannot be written",
        "What az was asked for could not be written to the end: the disk is full, or the file may not be written. What \
         was run did run, and is recorded.";
    NOT_MENDED = 909, "a file could not be mended",
        "What `az check --fix` would write into a file was not written: the file may not be written, lies outside the \
         workspace, was changed by somebody meanwhile, or would have more errors than before. The file is as it was.";
    NO_SUCH_ENVIRONMENT = 910, "there is no such environment",
        "An environment is one of dev, staging and production, one that has a section `[environment.NAME]` in the \
         configuration, or one that a playbook is allowed in there. It is named by --environment, else by AZ_ENVIRONMENT, \
         else by AITHERZERO_ENVIRONMENT.";
    NOT_ALLOWED = 911, "the configuration does not let this playbook run",
        "Under `[playbook.NAME]` the configuration says that the playbook is not enabled, that it may run in other \
         environments only, or that somebody must agree first. Nobody can agree yet, so such a playbook is not run. \
         `az plan` shows what it would do.";
    UNTRUSTED = 912, "nobody has agreed to what would run",
        "What you type (`az build`) is your decision. What would run without being asked for, such as `az watch` after a \
         script, a playbook, a rule or az.toml has changed, needs that somebody agreed to exactly these files: look at \
         them with `az trust --show`, then say `az trust`. In a workspace that only you write to, `az trust --edits` \
         agrees to whatever its files become. In CI set AZ_TRUST to the hash that `az trust --show` prints, or to `ci` \
         for whatever was checked out. Until then nothing of the changed set runs.";
    TRUST_UNKEPT = 913, "what you trust cannot be kept",
        "What you agreed to with `az trust` is kept in $XDG_STATE_HOME/az/trust, else ~/.local/state/az/trust, which only \
         you may write to, and never inside a workspace: what is in there could agree to itself.";
}
