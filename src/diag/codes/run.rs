//! `AZ07xx`: what can go wrong while steps run.

codes! {
    STEP_FAILED = 701, "a step failed",
        "The step ended with an exit code that means failure. Its log tells more; its result is not reused.";
    CANNOT_START = 702, "a step could not be started",
        "The operating system refused to start the step's program.";
    TIMED_OUT = 703, "a step ran into its timeout",
        "The step and everything it started were ended when its timeout was over.";
    INPUT_CHANGED = 704, "an input changed while the step ran",
        "Something else changed a file the step depends on before the step ended. The result is shown but not \
         recorded, since nobody knows which version was read.";
    OUTPUT_CHANGED = 705, "an output was changed by something else",
        "A file was written after the step had ended and before az had read it. The result is not recorded.";
    GUARD_LOST = 706, "the guard process ended",
        "The process that looks after the steps was ended from outside. az ends the run, since it could no longer \
         promise to leave no process behind.";
    WITHHELD = 707, "a step was not given a variable it may need",
        "Text that the step was seen to read mentions an environment variable that is set, and that the step was not \
         given since neither its own text nor a declaration mentions it. The result is not recorded; from the next run \
         on the step is given the variable. `# Env: NAME` in the header says it at once.";
    UNDECLARED_READ = 708, "a step reads what it does not declare",
        "The step declares its inputs, and was seen to read a file of the workspace that is not among them. The file is \
         part of what its result depends on all the same; without tracing it would not be. `# Undeclared: error` makes \
         the step fail, `# Undeclared: allowed` says nothing.";
    UNDECLARED_WRITE = 709, "a step writes what it does not declare",
        "The step declares its outputs, and was seen to write a file of the workspace that is not among them. The file is \
         kept with its result all the same; without tracing it would not be.";
    WRONG_ORDER = 710, "steps overlapped in the wrong order",
        "Steps that nothing orders were run at the same time, and one of them was seen to find a file as it was before \
         an earlier one changed it. az puts the files back and runs them one after the other; here that was not \
         possible. Declare what they read and write, or use `--parallel=false`.";
    CHAINED = 711, "several steps change one file",
        "Steps that add to a file or rewrite it must do so one after the other, and when one runs again, those behind it \
         do as well. That is right for a result; a log that nothing reads is better named under `scratch` in az.toml, \
         since az then does not look at it. Told when it is seen for the first time.";
    TWO_WRITERS = 712, "steps that nothing orders change one file",
        "Jobs are independent of each other unless `needs` says otherwise, so nobody can say which of two that change a \
         file is the last. Let one job need the other, or let each make a file of its own. Neither result is recorded, and \
         the run ends with 1.";
    POSTCONDITION = 713, "a postcondition does not hold",
        "`postConditions` of a playbook should hold when all of it has ended, whether it went well or not. This one does \
         not. That is a warning: the steps ended as they did; under --strict the run ends with 4.";
    OVER_THRESHOLD = 714, "a count is over its threshold",
        "`thresholds` of a playbook says how many steps may fail, be skipped or be blocked, and how many warnings there may \
         be. There are more. The action `warn` tells it, `fail` and `block` let the run end with 1, `continue` says nothing.";
    SANDBOX_REFUSED = 720, "a sandbox refused what a step wanted to do",
        "The step runs in a sandbox (`# Sandbox: on`, `sandbox`, `--sandbox`): it may write only what it declares to \
         make, its temporary files and its private state, and it has no network unless it says `network: on`. It wanted \
         more, and failed. Declare what it makes with `# Outputs:`, or leave the sandbox out.";
    UNCONFINED = 721, "a step could not be put into its sandbox",
        "A sandbox is enforced by Landlock, which Linux has since 5.13 where it is turned on, and inside the workspace by \
         the tracer; that a step has no network, by a filter of system calls. Where one of these is missing, a step that \
         asks for it does not run, rather than run without.";
    NOT_REPEATABLE = 722, "a step gives another result each time",
        "`az verify` ran the step in fresh copies of the workspace, and what it left, printed or exited with was not the \
         same. A result that is reused then is one of several. Look for dates, random numbers, the order of names in a \
         folder, and paths of temporary files.";
    AUDIT_DIFFERS = 723, "a step gave another result for the same key",
        "`az build --audit` ran a step that could have been reused, and it left or exited with something else than what \
         is recorded for this very key: it depends on something that az does not know of, such as the time. The record \
         is no longer used. Declare what it depends on, make it repeatable, or say `# Cache: never`.";
    CANNOT_WATCH = 730, "a workspace cannot be watched",
        "`az watch` hears of changes from the operating system, which refused. `az build` looks by itself each time and \
         needs nothing of the kind.";
    WATCHES_SHORT = 731, "not everything can be watched",
        "Linux gives each user a number of marks and of watchers. `az watch` needs a mark for each file and folder that \
         steps depend on, and there were too few. It goes on and looks at the rest every two seconds; what it builds is \
         right all the same. Where a step failed, a change of a file that az does not know of yet may not be seen.";
    WATCH_GONE = 732, "the watched workspace is gone",
        "The folder that `az watch` was started for was removed or renamed, or another one took its place. The watch ends.";
}
