//! `AZ02xx`: what is wrong in the text of a playbook.

codes! {
    SYNTAX = 201, "the file cannot be read in its format",
        "The text breaks the rules of its format (JSON, YAML, TOML, psd1). Nothing of the file is used until it can be read.";
    NOT_UTF8 = 202, "the file is not UTF-8 text",
        "az reads text files as UTF-8, with or without a byte order mark. Save the file as UTF-8.";
    UNKNOWN_FIELD = 203, "there is no such field",
        "The format has no field of this name at this place. A mistyped field would silently do nothing, so az \
         rejects it.";
    WRONG_TYPE = 204, "the value has another type than the field wants",
        "The field is known, but its value has the wrong type, for example a text where a list is wanted.";
    MISSING_FIELD = 205, "a field is missing",
        "The format requires a field that is not there.";
    DUPLICATE_KEY = 206, "this key stands twice",
        "The same key stands twice in one table (upper and lower case are one). One of the two would be lost.";
    UNSUPPORTED_FIELD = 207, "this field is not supported yet",
        "The field belongs to the format, but this version of az does not act on it yet. az says so rather than \
         ignore it silently, and does not build what would run differently with it.";
    UNKNOWN_FORMAT = 208, "this is no playbook az knows",
        "A playbook is recognised by its content, whatever its file is called: `sequence` (v1), or `metadata` and `orchestration.jobs` (v3).";
    BAD_DURATION = 209, "this is no duration",
        "Durations are written as 30s, 5m, 1h30m, or as a number of seconds. They must be above zero.";
    BAD_NAME = 210, "this name cannot be used",
        "Ids of jobs and steps start with a letter and go on with letters, digits, `_` and `-`.";
    NO_SUCH_PLAYBOOK = 211, "no playbook has this name",
        "az looks for NAME.json, NAME.yaml, NAME.toml and NAME.psd1 in playbooks/, orchestration/playbooks/ and \
         library/playbooks/ and in their subfolders.";
    AMBIGUOUS_PLAYBOOK = 212, "several playbooks have this name",
        "More than one file answers to this name. Write the path of the one you mean.";
    UNREADABLE_FILE = 213, "the file cannot be read",
        "The operating system refused to hand out the file. Check its permissions.";
    STEP_WITHOUT_ACTION = 214, "the step says nothing to run",
        "A step has exactly one of `run` (numbered scripts) and `script` (text for a shell).";
    BAD_VALUE = 215, "this value is not allowed here",
        "The field takes only certain values; the message names them.";
    MORE_MISTAKES = 216, "the file has more mistakes than are shown",
        "az tells at most twenty mistakes of one file at once, errors before warnings; this counts the rest. The next \
         run tells those that are left.";
    EXECUTABLE = 217, "this would have to be executed",
        "az reads the data files of PowerShell without running anything in them, so that reading a playbook never does \
         anything. What PowerShell would have to compute (commands, script blocks, operators, `$( ... )`) has no value \
         for az. Write the value itself, a variable, or code as a text in quotes.";
    FILE_TOO_LARGE = 218, "the file is too large",
        "az reads playbooks, rules and its configuration up to 4 MiB. A larger file is hardly written by hand, and reading \
         it could take all memory. Where programs write them, `max_playbook_size` under `[workspace]` of az.toml says how \
         large playbooks may be, up to 128 MiB.";
    UNUSED_FIELD = 219, "a field that changes nothing",
        "The field is read and kept, and az does nothing with it, for the reason the note gives. What runs is the same \
         with and without it.";
    UNENFORCED = 220, "a permission that az cannot enforce",
        "The playbook limits what a job may do in a way that nothing on this machine can enforce: single hosts, what may \
         be read, or the registry of Windows. The job runs with more than it is meant to have. What az enforces is which \
         paths are written, and that there is no network at all.";
    BAD_MATRIX = 221, "the matrix gives no combinations",
        "A matrix has named dimensions, each a list of at least one value. What `exclude` leaves out is named by these \
         dimensions.";
    TWO_BODIES = 222, "the playbook says twice what to run",
        "A playbook has jobs or stages. Of two bodies one would be lost, so az runs neither.";
    BAD_CRON = 223, "this is no time of cron",
        "A schedule has five fields: minute (0-59), hour (0-23), day of the month (1-31), month (1-12) and day of the \
         week (0-7). Each is `*`, a number, a range such as 1-5, a list such as 1,3, or a step such as */15.";
    LOST_IN_CONVERSION = 224, "the playbook cannot be written in another format",
        "az writes a playbook in the newest format, reads that again and compares. Where something would be lost or would \
         mean something else, it writes nothing and says where.";
    NO_SUCH_PROFILE = 225, "no playbook has this profile",
        "A profile is a variant of a playbook: `profiles` names each with its variables, stages and what it leaves out. \
         --profile chooses one.";
    MATRIX_TOO_LARGE = 226, "the matrix has too many combinations",
        "A matrix runs its job once for each combination of its values, so that a few more values can be thousands of \
         steps. az takes up to 1,000 combinations, counted before `exclude` takes any away, and up to 1,000 entries of \
         `include` and of `exclude`.";
    PLAN_TOO_LARGE = 227, "the plan has too many steps",
        "Matrices, loops and playbooks that use others multiply: a few lines can ask for more steps than any machine has \
         room for. az plans up to 60,000 of them, counted with the jobs, lists and branches they stand in, and up to 2,000,000 \
         times that one waits for another. Where `max_playbook_size` of az.toml allows playbooks larger than 4 MiB, it is as \
         many times that.";
}
