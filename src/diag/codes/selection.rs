//! `AZ01xx`: what a selection cannot be read as, or does not find.

codes! {
    UNREADABLE_ITEM = 101, "this is no selection item",
        "A selection is a list of numbers (0402), ranges (0400-0499), prefixes (04*), stage:NAME, tag:NAME, script \
         names (0402_Run-UnitTests), playbook names, each of which may be excluded with a leading `!`. az rejects \
         the whole selection rather than drop an item it cannot read.";
    UNPADDED_NUMBER = 102, "a script number has four digits",
        "Numbers are written with four digits, as in the file names: 0201, not 201. Write the leading zeros.";
    REVERSED_RANGE = 103, "this range runs backwards",
        "The first number of a range must not be greater than the last; a reversed range would select nothing.";
    NO_SUCH_NUMBER = 104, "no script has this number",
        "The number is well formed, but no script root holds a file that starts with it. The rest of the selection \
         goes on; under --strict this is an error.";
    AMBIGUOUS_NUMBER = 105, "several scripts share this number",
        "A single number, and a name, selects all scripts that carry it. To mean one of them, write its name \
         (0106_Install-WSL2) or its path. Under --strict this is an error.";
    MATCHES_NOTHING = 106, "this item matches nothing",
        "A range, prefix, stage or tag selects existing scripts only, and there is none. The rest of the selection \
         goes on.";
    NOTHING_SELECTED = 107, "nothing is selected",
        "The selection is well formed but leaves no script. az exits with 3 so that this is not taken for success; \
         --allow-empty makes it 0.";
    NO_SUCH_SCRIPT = 108, "no script has this name",
        "The item is written like a script's file name, but no script root holds such a file.";
    UNREADABLE_SOURCE = 109, "this list of selections cannot be read",
        "A selection given as `@FILE` or `-` is read from a file or from standard input, one or more items a line; \
         the file must exist and be UTF-8 text.";
}
