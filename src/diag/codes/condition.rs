//! `AZ06xx`: conditions and variables.

codes! {
    BAD_CONDITION = 601, "the condition cannot be read",
        "Conditions compare names, numbers and quoted texts with -eq, -ne, -gt, -lt, -contains, -and, -or and -not.";
    UNSUPPORTED_CONDITION = 602, "this construct is not supported in conditions",
        "The condition uses something only PowerShell itself could evaluate. az hands no condition to a shell, unless --unsafe-pwsh-conditions is given.";
    UNKNOWN_VARIABLE = 603, "the condition uses a variable that nobody sets",
        "An unset variable is null in a condition. Set it with --var NAME=VALUE, or in the playbook.";
    BAD_VARIABLE = 604, "this is no variable",
        "Variables are given as NAME=VALUE (text) or NAME:=JSON (number, bool, list).";
    UNSAFE_VALUE = 605, "a value cannot stand here",
        "The values of ${{ }} reach a script in variables of the environment. Here the shell would evaluate what is in it, or never see it.";
}
