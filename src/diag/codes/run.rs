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
         part of what its result depends on all the same; without tracing it would not be.";
    UNDECLARED_WRITE = 709, "a step writes what it does not declare",
        "The step declares its outputs, and was seen to write a file of the workspace that is not among them. The file is \
         kept with its result all the same; without tracing it would not be.";
}
