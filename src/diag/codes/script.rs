//! `AZ03xx`: scripts and their metadata.

codes! {
    UNKNOWN_DEPENDENCY = 301, "a dependency names no script and no known tool",
        "`Dependencies` lists script numbers (0400), numbers with a remark, tools, `None` or `All`. This entry is \
         none of them here. It orders nothing; under --strict it is an error.";
    MISSING_TOOL = 302, "a tool that scripts depend on is not installed",
        "The tool named in `Dependencies` is not on PATH. The script is run all the same, since it may bring the tool \
         itself; under --strict this is an error.";
    BAD_METADATA = 303, "a metadata line cannot be read",
        "A `# Key: value` comment in the script's header has a value that the key does not allow.";
    MISTYPED_STAGE = 304, "this stage name looks mistyped",
        "The stage is close to one that other scripts use. Any name is allowed; under --strict this is an error.";
    BAD_PARAMETER = 305, "a value does not fit the script's parameter",
        "A script or playbook declares its parameters and their types; the variable given for one cannot be converted, or has \
         nearly its name and not quite.";
    MISTYPED_KEY = 306, "this metadata key looks mistyped",
        "The comment is written like a metadata line, but its key is only close to one az knows; as it stands it is a \
         plain comment and does nothing.";
    NO_KIND = 308, "no kind says how to run this file",
        "The file has a script's name, but no `[[kind]]` covers its extension. Add one under rules/.";
    LINE_ENDS = 309, "a shell script has Windows line ends",
        "Lines end with a carriage return and a newline. A shell takes the carriage return for a part of the last \
         word, so that `exit 0` becomes an unknown number and a command one that is not found.";
    NOT_DECLARED = 310, "a declaration could not be written",
        "`az check --declare` replaces a script by a copy with another header. The system did not allow that, or somebody \
         changed the script meanwhile; the script is as it was.";
    STRUCTURED_VALUE = 311, "a list or a table cannot be handed to a script as a parameter",
        "`pwsh -File` takes every argument as one text: of a list it would make one text, of a table nothing. az calls such \
         a script by a command of PowerShell instead. It cannot where a rule says how the script is started, nor where \
         arguments stand behind the script. Give one text that the script takes apart.";
    NEEDS_ADMINISTRATOR = 312, "a script needs the rights of an administrator",
        "`RequiresElevation` in the script's header says so. az runs every step with the rights it was started with and \
         asks nobody for more, so that the script would most likely fail; under --strict this is an error.";
    STRAY = 313, "this file looks like a script, but is none",
        "It lies among the scripts and its name starts with a number, but a script is called NNNN_Name.ext: four digits, \
         `_`, a name, an extension. Nothing selects any other file, so this one never runs.";
    MISSING_PARAMETER = 314, "nobody gives a parameter that a script cannot start without",
        "The script declares the parameter as `[Parameter(Mandatory)]`, and no variable has its name. PowerShell would ask \
         for it; az runs it without anybody to answer, so that the script would fail.";
}
