//! Short texts that `az help` shows on things that are no verb.

/// A topic of help.
pub(super) struct Topic {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) text: &'static str,
}

/// All topics.
pub(super) const TOPICS: [Topic; 9] = [
    Topic { name: "selection", about: "how to say which scripts are meant", text: SELECTION },
    Topic { name: "exit-codes", about: "what az's exit code means", text: EXIT_CODES },
    Topic { name: "cache", about: "when a step is run again, and when not", text: CACHE },
    Topic { name: "environment", about: "which environment variables a step gets", text: ENVIRONMENT },
    Topic { name: "sandbox", about: "how to keep a step from writing elsewhere, and test it", text: SANDBOX },
    Topic { name: "processes", about: "how steps end, and what becomes of what they leave", text: PROCESSES },
    Topic {
        name: "playbooks",
        about: "where playbooks lie, their formats, and how to convert them",
        text: PLAYBOOKS,
    },
    Topic { name: "trust", about: "what may run without being asked for", text: super::trust::ABOUT },
    Topic { name: "migrate", about: "what AitherZero's commands are called here", text: MIGRATE },
];

const SELECTION: &str = "\
A selection says which scripts are meant. Items are separated by commas or blanks; the order does not matter.

  0402                  the scripts with this number
  0400-0499             a range, both ends included
  04*                   a prefix; * alone means every script
  stage:Testing         scripts of a stage
  tag:unit              scripts with a tag
  0402_Run-UnitTests    the one script with this name
  !0404                 not these, wherever it stands; any item can be excluded
  ci                    a playbook, by its name or path
  @FILE  -              items from a file or from standard input, one or more a line, # starts a remark

Quote * and ! for your shell: az build '04*,!0404'. `az list SELECTION` shows what a selection takes.
An item that cannot be read is an error, never dropped. A number that no script has, or that several share, is a
warning, and an error under --strict. Scripts that selected ones depend on are added only with --with-deps.
";

const EXIT_CODES: &str = "\
  0    success; warnings are allowed
  1    a step failed or ran into its timeout, or standard output could not be written
  2    the command line or a file is at fault; nothing was run
  3    nothing is selected (0 with --allow-empty)
  4    there are warnings, under --strict
  10   the run ended with failures under --continue-on-error
  75   another az holds what this one needs
  100  az itself made a mistake
  124  the run was over its --timeout
  130  interrupted (Ctrl-C); 143: terminated

`az NNNN` runs one script and exits with the script's own code.
Of a script's own exit codes 0 means success and all others failure, unless its kind, a rule or its header says
otherwise: `# ExitCodes: 2=warning, 3=skipped`.
";

const CACHE: &str = "\
A step is run again unless everything it was given is known and unchanged. What counts:

  its script, arguments and variables; the program that runs it and the tools it depends on
  what it was seen to ask of files: contents, names in folders, what was not there (`az inputs STEP` shows it)
  the files it declares as inputs (`# Inputs: src/**/*.c, config.json`), contents and names
  the environment variables it gets (`az help environment`); what exit codes mean; the platform

What a step changed is brought back if it is gone or differs. Times of files do not count, contents do: touching a
file runs nothing, and undoing an edit finds the older result. On Linux steps are traced, so they need declare nothing.
A step that cannot be traced (`# Trace: off`, `--no-trace`, `sudo`, another system) is reused only if it declares
inputs and outputs (`# Inputs:`, `# Outputs:`; both may be `None`). What connects to others runs every time.

  # Cache: never        run it every time          # Cache: 24h      reuse it for a day
  az build --explain    say why each step ran      az build --force  run all, and record it

Results lie in .azcache/; deleting it costs re-runs and the history of runs. A file you edited by hand is never
overwritten: az sets it aside in .azcache/v1/kept/ and says so. About once a day, at the end of a build, az removes
results and runs that were of no use for 90 days, and what is beyond 10 GiB, the longest unused first:

  [cache]               of az.toml: max_size = \"20GiB\", max_age = \"30d\"; \"none\" is no limit
  az cache du           say what takes how much room
  az cache gc           do it now; --dry-run, --max-size, --max-age (AZ_CACHE_MAX_SIZE, AZ_CACHE_MAX_AGE)
";

const ENVIRONMENT: &str = "\
A step does not get the whole environment, so that a result never depends on what nobody declared. It gets

  PATH, HOME, USER, TZ, TERM and a temporary folder of its own as TMPDIR
  names of common tools when they are set: proxies, CARGO_HOME, JAVA_HOME, VIRTUAL_ENV, CI, ...
  every name its script's text mentions: $NAME, ${NAME}, $env:NAME, os.environ[\"NAME\"]
  every name that text mentions which it was seen to read before
  every name it declares: `# Env: NAME` in its header, `useEnv` in a playbook or rule, [env] use in az.toml

A change of one of these values runs the step again. `# PassEnv: NAME` (or `passEnv`) hands over a name whose value
does not matter. Everything else is withheld.

A step hands something on by lines that it appends to files. Each step has its own; GitHub's names hold the same paths.

  echo name=value >> $AZ_OUTPUT     an output; name:=JSON has a type, name<<END ... END has lines (GITHUB_OUTPUT)
  echo NAME=value >> $AZ_ENV        a variable for later steps (GITHUB_ENV)
  echo /a/folder >> $AZ_PATH        a folder for their PATH (GITHUB_PATH)
  echo '# Done' >> $AZ_STEP_SUMMARY  Markdown for people (GITHUB_STEP_SUMMARY)
  echo ::add-mask::value            masks the value in what this step and later ones print

Steps get AITHERZERO_NONINTERACTIVE=true and _ORCHESTRATED_PARALLEL=true, AITHERZERO_ROOT, and AITHERZERO_CI=true in CI.

az reads NO_COLOR, CLICOLOR_FORCE, TERM, AZ_NO_WATCH, AZ_TRUST, AZ_CACHE_MAX_SIZE, AZ_CACHE_MAX_AGE, and for options

  AZ_ENVIRONMENT, AITHERZERO_ENVIRONMENT   --environment      AZ_CONFIGURATION   --configuration
  AZ_PROFILE                               --profile          AZ_JOBS            --jobs
  AITHERZERO_SEQUENCE, AITHERZERO_PROFILE  what to build if nothing is named: a selection, else a profile of az.toml

--environment staging sets the variable `environment`, and lays [environment.staging] of az.toml over the rest of it:
variables, jobs, continue_on_error, defaults, range, playbook, commands.
";

const SANDBOX: &str = "\
A step in a sandbox may write what it declares to make, and the folders on the way there; its temporary folder; its
private state (`# Scratch:`, and that of tools az knows). One that declares no outputs may write the whole workspace.
Nothing else, and .azcache never. It has no network, unless it asks for it. Reading is not limited.

  # Sandbox: on         keep this step in one       # Network: on     let it use the network
  sandbox = true        in a rule or a playbook     # Network: off    no network, without a sandbox
  az build --sandbox    keep all steps in one

What was refused is told with its path (AZ0720). A sandbox needs Linux 5.13 with Landlock; a step that asks for one
where there is none does not run (AZ0721). A step that is not traced can make nothing in the workspace's top folder.
`permissions` of a job means the same: `filesystem` is what it may write beside its outputs, `network: []` is none.

Whether results can be relied on, these find out:

  az verify 04*           run steps in two fresh copies of the workspace and compare what they leave and print
  az build --audit=5%     run a share of what could be reused all the same, and compare with what is recorded

Steps really run there: one that deploys deploys each time. `az verify --sandbox` keeps them in.
";

const PROCESSES: &str = "\
All that a step starts belongs to it, also what leaves its session, closes its outputs or does not listen to signals.
However az ends, killed included, that ends with it.

  Ctrl-C                the steps are asked to end, and killed 2 s later; again: killed at once
  Ctrl-Z, fg            the run stands still with all its steps and goes on; their time limits stand still too
  # Timeout: 5m         a step that takes longer is ended in the same way

Processes that are left when a step's own has ended have 250 ms. Then they are asked to end and killed 2 s later; the
step is told with [leftovers] and its result is not used again. To have it otherwise, for a server that others need:

  # Leftovers: warn     they go on while the run lasts, and are ended with it
  # Leftovers: keep     they go on when az has ended, however that was
  # Service: true       the same as keep, and the result is never used again

Such a step is not traced, since what is traced cannot go on without az. `leftovers` in a rule or a playbook says the same.

Of what one attempt prints 64 MiB are kept: the beginning and the end. `log_limit` under [defaults] of az.toml is another
limit; the log says how much was left out, and the step goes on.
";

const PLAYBOOKS: &str = "\
A playbook says what runs, with which variables: a file in playbooks/, orchestration/playbooks/ or library/playbooks/ or
in a folder below, as JSON, YAML, TOML or psd1. Every format AitherZero ever had is read and told by its content.

  az build ci                    run the playbook ci; core/ci is the one in the folder or category core
  az build 04* --save-playbook nightly        keep what is asked for as playbooks/nightly.json, and run it

  az playbooks                   list them: name, category, format, size   (--category C, --search 'test-*')
  az playbooks show ci           what it says, in the form all formats have in common
  az playbooks diff ci old.psd1  in which fields two of them differ; exit 1 if they do
  az playbooks convert ci --to yaml           write it in the newest format, as json, yaml or toml
  az playbooks convert --all --to yaml --output new/

  az library --category security              the same list, by category
  az library --export ci --format yaml        az library --import from-a-friend.psd1

In the newest format a playbook is made of jobs: a sequence or plain steps become one job `main`, each stage a job that
needs the one before it. What nobody reads is kept under `extensions`; remarks are kept, but for JSON, which has none.
On standard error stands what became of each part. The new text is read again and compared before it is shown, so what
it runs is the same; where something would be lost, nothing is written. No file is written over without --force.
A category is the playbook's own word, or else the name of its folder.

Jobs run once all they need have ended well, their steps one after the other, stages in their order. `if` (`condition`)
is of any dialect: `Environment -eq 'dev'`, `{{flag}}`, `needs.build.outputs.ok == 'true'`, `Test-Path 'x'`; always(),
failure() and cancelled() hold after a failure or Ctrl-C too. A step hands on what it writes to $AZ_OUTPUT as
`name=text` or `name:=JSON`; later ones have it as `${{ steps.ID.outputs.name }}`, other jobs by the job's `outputs`.
`strategy: { matrix: { os: [a, b] } }` runs a job for each combination, `az matrix expand` shows them.

What a playbook requires, and its preConditions, are looked up before anything runs: one that is not met is an error.
postConditions and thresholds are looked at when all has ended. Notifications go to console, log (the journal of the run)
and github (a workflow command, inside a job of GitHub). A build that starts no step and fails at nothing notifies nobody.
";

const MIGRATE: &str = "\
az reads the scripts and the playbooks of every version of AitherZero as they are. Its commands:

  Start-AitherZero.ps1 ...                   here
  -Mode List                                 az list
  -Mode Search -Query git                    az list 'tag:git'
  -Mode Run -ScriptNumber 0402               az 0402
  -Mode Orchestrate -Playbook NAME           az build NAME
  -Mode Orchestrate -Sequence 0400-0499      az build 0400-0499
  -Mode Test                                 az build test       (a playbook: the scripts 0402, 0404, 0407)
  -Mode Validate                             az build validate   (a playbook: the script 0500)
  -Mode Deploy                               az build deploy     (a playbook: 0105, 0008, 0300)
  Test-PlaybookDefinition                    az check
  /orchestrate run --playbook NAME           az orchestrate run --playbook NAME, or az o NAME
  /orchestrate validate --playbook NAME      az orchestrate validate --playbook NAME, or az check --playbook NAME
  /orchestrate library --list                az orchestrate library --list, or az library

The options of seq and Invoke-OrchestrationSequence are those of az seq, and may be spelled as they were (-DryRun):

  -Sequence 0000-0099                        --sequence 0000-0099, or the selection alone
  -Variables @{A=1}                          --var A=1; several: --variables 'A=1 B=2' or '@{A=1}'; --vars-file FILE
  -Conditions @{A=1}                         --conditions 'A=1': for conditions only, above variables there
  -MaxConcurrency 4                          -j 4, --max-concurrency 4
  -Parallel $false                           --parallel=false
  -DryRun, -WhatIf                           --dry-run, --what-if; also az plan
  -ContinueOnError                           --continue-on-error
  -SavePlaybook NAME, -LoadPlaybook NAME     --save-playbook NAME, --load-playbook NAME
  -Profile NAME                              --profile NAME: of the playbook, or [profile.NAME] of the configuration
  -Configuration FILE                        --configuration FILE
  -NonInteractive, -UseCache                 as az always does; --force runs all again
  -CaptureOutputs, -PassThru                 --capture-outputs, --json
  -Matrix @{os='a','b'}                      --matrix os=a,b; also --matrix '@{os=\"a\",\"b\"}'
  -Quiet, -Verbose                           -q, -v

A playbook without jobs is read in its own format; `az check` tells what in it changes nothing.
";
