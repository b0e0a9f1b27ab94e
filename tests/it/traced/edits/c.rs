//! A C project as people write them: headers are found by search path, some by a link or not at all.

use super::{Change, Edit, Kind, go_through};
use crate::{
    repo::Repo,
    traced::{has, traced},
};

fn project(repo: &Repo) {
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    let main = "#include <stdio.h>\n#include \"config.h\"\n#include \"version.h\"\n#include \"names.h\"\n\
                #if __has_include(\"optional.h\")\n#include \"optional.h\"\n#else\n#define OPTIONAL 0\n#endif\n\
                #ifndef EXTRA\n#define EXTRA 0\n#endif\nint more(void);\n\
                int main(void) { printf(\"%s %d %d %d %d %d\\n\", NAMES, CONFIG, VERSION, OPTIONAL, EXTRA, more()); }\n";
    repo.file("src/main.c", main).file("src/more.c", "int more(void) { return 7; }\n");
    repo.file("include/config.h", "#define CONFIG 1\n").file("include/unused.h", "#define UNUSED 1\n");
    repo.file("include/optional.h", "#define OPTIONAL 1\n");
    repo.file("include/v1.h", "#define VERSION 1\n").file("include/v2.h", "#define VERSION 2\n");
    repo.link("include/version.h", "v1.h").file("local/.keep", "").file("README.md", "hello\n");
    repo.executable("tools/names.sh", "#!/bin/sh\nsort names.txt | tr '\\n' ' '\n")
        .file("names.txt", "b\na\n");
    repo.file("etc/app.conf", "from etc\n")
        .file("data-1/x", "1\n")
        .file("data-2/x", "2\n")
        .link("data", "data-1");
    repo.script(
        "0400_names.sh",
        "mkdir -p build\nif [ -x tools/names.sh ]; then names=$(tools/names.sh); else names=none; fi\n\
         echo \"#define NAMES \\\"$names\\\"\" > build/names.h",
    );
    repo.script(
        "0410_build.sh",
        "for file in src/*.c; do\n\
         ${CC:-gcc} -I local -I include -I build -c $file -o build/$(basename $file .c).o || exit 1\ndone\n\
         ${CC:-gcc} build/*.o -o build/app && rm build/*.o",
    );
    repo.script("0420_test.sh", "build/app > result").script("0430_docs.sh", "wc -c < README.md > docs");
    repo.script(
        "0440_settings.sh",
        "for folder in . etc; do\nif [ -f $folder/app.conf ]; then exec cat $folder/app.conf > settings; fi\n\
         done\necho none > settings",
    );
    repo.script("0450_join.sh", "for file in data/*; do echo $file; cat $file; done > joined");
}

const GCC: &str = "#!/bin/sh\nexec /usr/bin/gcc -DEXTRA=6 \"$@\"\n";
const WC: &str = "#!/bin/sh\ncat > /dev/null; echo many\n";

pub(super) const EDITS: &[Edit] = &[
    Edit(Kind::Source, Change::Write("src/more.c", "int more(void) { return 8; }\n"), &["0410", "0420"]),
    Edit(Kind::Source, Change::Append("src/main.c", "// a comment\n"), &["0410"]),
    Edit(Kind::Header, Change::Write("include/config.h", "#define CONFIG 2\n"), &["0410", "0420"]),
    Edit(Kind::Header, Change::Append("include/config.h", "// a comment\n"), &["0410"]),
    Edit(Kind::Header, Change::Append("include/unused.h", "// a comment\n"), &[]),
    Edit(Kind::Data, Change::Write("names.txt", "b\nc\n"), &["0400", "0410", "0420"]),
    Edit(Kind::Data, Change::Write("names.txt", "a\nb\n"), &["0400"]),
    Edit(Kind::Data, Change::Append("README.md", "more\n"), &["0430"]),
    Edit(Kind::Settings, Change::Append("etc/app.conf", "more\n"), &["0440"]),
    Edit(Kind::Settings, Change::Remove("etc/app.conf"), &["0440"]),
    Edit(Kind::Shadow, Change::Write("app.conf", "from here\n"), &["0440"]),
    Edit(Kind::Shadow, Change::Write("local/config.h", "#define CONFIG 3\n"), &["0410", "0420"]),
    Edit(Kind::Shadow, Change::Write("src/config.h", "#define CONFIG 4\n"), &["0410", "0420"]),
    Edit(Kind::Shadow, Change::Write("local/stdio.h", "#include_next <stdio.h>\n"), &["0410"]),
    Edit(Kind::Gained, Change::Write("src/extra.c", "int extra(void) { return 1; }\n"), &["0410", "0420"]),
    Edit(Kind::Gained, Change::Write("data-1/y", "y\n"), &["0450"]),
    Edit(Kind::Lost, Change::Remove("include/optional.h"), &["0410", "0420"]),
    Edit(Kind::Lost, Change::Remove("include/unused.h"), &[]),
    Edit(Kind::Variable, Change::Variable("CC", "gcc -O1 -DEXTRA=5"), &["0410", "0420"]),
    Edit(Kind::Variable, Change::Variable("NOBODY_ASKS", "1"), &[]),
    Edit(Kind::Tool, Change::Program("../bin/gcc", GCC), &["0410", "0420"]),
    Edit(Kind::Tool, Change::Program("../bin/wc", WC), &["0430"]),
    Edit(Kind::Tool, Change::Program("../bin/unused", WC), &[]),
    Edit(Kind::Mode, Change::Mode("tools/names.sh", 0o644), &["0400", "0410", "0420"]),
    Edit(Kind::Mode, Change::Mode("README.md", 0o600), &[]),
    Edit(Kind::Link, Change::Link("include/version.h", "v2.h"), &["0410", "0420"]),
    Edit(Kind::Link, Change::Link("include/version.h", "../include/v1.h"), &["0410"]),
    Edit(Kind::Link, Change::Link("data", "data-2"), &["0450"]),
    Edit(Kind::Script, Change::Script("0430_docs.sh", "wc -l < README.md > docs"), &["0430"]),
    Edit(Kind::Touch, Change::Touch("src/main.c"), &[]),
    Edit(Kind::Touch, Change::Touch("names.txt"), &[]),
    Edit(Kind::Touch, Change::Touch("build/app"), &[]),
    Edit(Kind::Unrelated, Change::Write("notes.txt", "nothing\n"), &[]),
    Edit(Kind::Unrelated, Change::Write("data-2/y", "y\n"), &[]),
    Edit(Kind::Result, Change::Remove("build/app"), &[]),
    Edit(Kind::Result, Change::Remove("build"), &[]),
    Edit(Kind::Result, Change::Remove("joined"), &[]),
];

#[test]
fn of_a_c_project() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version")) else { return };
    project(&repo);
    go_through(&repo, "build result docs settings joined", EDITS);
}
