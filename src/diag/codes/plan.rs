//! `AZ05xx`: what makes a plan impossible or doubtful.

codes! {
    CYCLE = 501, "steps need each other in a circle",
        "Each step of the circle waits for the next one, so none of them can start. Remove one of the edges.";
    UNKNOWN_NEED = 502, "a job needs a job that does not exist",
        "`needs` names jobs of the same playbook. The job could never start, since what it waits for does not exist.";
    TWO_OWNERS = 503, "two steps own one output",
        "Two steps declare the same path as their output, and neither reads it as an input. Whichever runs last would \
         win. Let one of them write elsewhere, or declare the path as an input too if the step rewrites it in place.";
    INPUT_MATCHES_NOTHING = 504, "a declared input matches no file",
        "The pattern is declared as an input but matches nothing. That is allowed, and part of the key; most of the \
         time the pattern is mistyped.";
    MISSING_INTERPRETER = 505, "the interpreter is not installed",
        "The scripts of this kind need a program that is not on PATH.";
    LOOP_OF_AZ = 506, "az is asked to run a step inside itself",
        "A step runs az, which would run the same step again, and so on. AZ_PARENT names the steps az is running in.";
    OUTPUT_OUTSIDE = 507, "an output lies where az must not write",
        "Outputs cannot lie in .git or .azcache, nor be the workspace itself or a folder that holds it.";
    MISSING_OUTPUT = 508, "a declared output was not made",
        "The step ended well, but a path it declares as its output does not exist. Its result is not recorded.";
    UNUSED_INPUT = 509, "a declared input was not used",
        "When the step was last seen from its start to its end, it neither read, nor probed, nor listed anything that \
         this input names. Every change there makes the step run again for nothing. It may be needed all the same: by a \
         run that takes another way through the script.";
    UNKNOWN_COMMAND = 510, "nothing says what this command is",
        "A step's command that begins with `/` is one of `[commands]` in az.toml, which says what program it runs. The \
         rest of the line are its arguments.";
    IMPOSSIBLE_DEMAND = 511, "a step wants more than there is",
        "`resources` of the step asks for more of something than az.toml says there is under `[resources]`, or for more \
         memory than the machine has. The step could never start. Of what az.toml does not name there is one.";
    UNKNOWN_RESOURCE = 512, "nothing says how much of a resource there is",
        "Steps may hold a resource that az.toml does not name: then one step at a time has it. This one is spelled almost \
         like one that is named, or like `cpu` or `memory`, which is probably what was meant.";
    UNMET = 513, "a requirement of the playbook is not met",
        "`requirements` of a playbook names what must be there before it runs: systems, programs, variables of the \
         environment, scripts, PowerShell and its modules, the rights of an administrator. This one is not there, so az \
         runs nothing of the playbook. `az plan` tells it as a warning, `az check` only with --dependencies.";
    PRECONDITION = 514, "a precondition does not hold",
        "`preConditions` of a playbook must hold before anything of it runs. This one does not, so nothing was run. \
         `az plan` tells it as a warning.";
    MISSING_SECRET = 515, "a secret is missing",
        "`secrets` of a playbook says where its secrets come from: a variable of the environment, or a file. This one is \
         not there, so az runs nothing of the playbook. `az plan` tells it as a warning.";
    OPEN_SECRET = 516, "a secret is not well kept",
        "Others can read the file it comes from, or its value is so short or so common that az does not mask it where it is \
         printed: that would change many a text that has nothing to do with it, and tell what it is.";
    EXPOSED_SECRET = 517, "a secret would stand in a command line",
        "All users of a machine can see the command lines of its programs. A secret reaches a step in its environment \
         alone: as the variable of its name, or by `env` with ${{ secrets.NAME }}.";
}
