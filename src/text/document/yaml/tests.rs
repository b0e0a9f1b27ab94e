//! Trees, places and faults of YAML.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    diag::{Diagnostic, Source},
    text::document::{Format, Node, NodeValue, read},
};

fn read_yaml(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    read(&Arc::new(Source::new("file", text)), Format::Yaml)
}

/// Writes a tree as its values, each with the text it stands at.
fn tree(text: &str) -> String {
    let (node, faults) = read_yaml(text);
    assert_eq!(faults, [], "{text}");
    let mut out = String::new();
    show(&node.unwrap(), text, &mut out);
    out
}

fn show(node: &Node, text: &str, out: &mut String) {
    let at = |span: crate::base::Span| {
        assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        span.of(text)
    };
    _ = match &node.value {
        NodeValue::Table(entries) => {
            out.push('{');
            for entry in entries {
                let key = at(entry.key.span);
                _ = if key == entry.key.value {
                    write!(out, "{key}: ")
                } else {
                    write!(out, "{:?}<{key}>: ", entry.key.value)
                };
                show(&entry.value, text, out);
                out.push_str(", ");
            }
            write!(out, "}}<{}>", at(node.span).lines().next().unwrap_or_default())
        }
        NodeValue::List(items) => {
            out.push('[');
            for item in items {
                show(item, text, out);
                out.push_str(", ");
            }
            write!(out, "]<{}>", at(node.span).lines().next().unwrap_or_default())
        }
        NodeValue::Number(digits) => write!(out, "{digits}<{}>", at(node.span)),
        value => write!(out, "{value:?}<{}>", at(node.span)),
    };
}

/// Writes each fault as `<text at label>@offset message => help`.
fn faults(text: &str) -> Vec<String> {
    let (node, faults) = read_yaml(text);
    assert_eq!(node, None, "{text}");
    let line = |fault: &Diagnostic| {
        let span = fault.labels[0].span;
        assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        assert!(fault.help.is_some(), "{}", fault.message);
        format!("<{}>@{} {}", span.of(text), span.start, fault.message)
    };
    faults.iter().map(line).collect()
}

#[test]
fn yaml_keeps_order_raw_scalars_and_places() {
    let text = "\u{feff}# é\r\né: [🚀, {a: 1, b}, c: 0x1F]\r\n\"q\\n\": 'it''s' # no\r\n0402: 0400-0499\r\n\
        none:\r\nyes: no\r\nb: True\r\nlist:\r\n- 0402\r\n-\r\n- x: ~\r\n\ty: 1\r\n";
    let text = text.replace("\ty", "  y");
    insta::assert_snapshot!(tree(&text));
}

#[test]
fn texts_of_several_lines_stand_from_their_head_to_their_last_line() {
    let text = "a: !!str | # 🚀 c | d\n  é\n   x\n\n# c\nb: &x >-\n\n  one\n  two\n\nc: plain\n  more # c\n\
        d: \"x\n  y\"\ne: |+\n\nf: |2\n   x";
    insta::assert_snapshot!(tree(text));
}

#[test]
fn aliases_and_merge_keys_bring_what_they_name() {
    let text = "base: &base {shell: bash, env: &env {A: 1}}\nother: &other\n  shell: pwsh\n  cwd: x\n\
        job:\n  <<: [*base, *other]\n  env: *env\n  \"<<\": kept\n*key : &key k\n";
    let text = text.replace("*key : &key k", "last: &key k\n*key : v");
    insta::assert_snapshot!(tree(&text));
}

#[test]
fn tags_of_the_core_schema_are_honoured() {
    assert_eq!(
        tree("[!!str 1, !!int 0x10, !!float 1, !!bool true, !!null ~, !!seq [], !!map {}, ! 5, !!str]"),
        "[Text(\"1\")<1>, 16<0x10>, 1<1>, Bool(true)<true>, Null<~>, []<[]>, {}<{}>, Text(\"5\")<5>, Text(\"\")<>, ]\
         <[!!str 1, !!int 0x10, !!float 1, !!bool true, !!null ~, !!seq [], !!map {}, ! 5, !!str]>"
    );
    assert_eq!(
        faults("a: !foo x\nb: !!int 0402\nc: !!seq {}\nd: !!binary aGk=\ne: !!map\n  - 1\nf: !Ref [x]\n"),
        [
            "<!foo>@3 az does not know the tag `!foo`",
            "<!!int>@13 the value of `!!int` is not a whole number",
            "<!!seq>@27 the value of `!!seq` is not a list",
            "<!!binary>@39 az does not know the tag `!!binary`",
            "<!!map>@56 the value of `!!map` is not a mapping",
            "<!Ref>@71 az does not know the tag `!Ref`",
        ]
    );
}

#[test]
fn what_yaml_allows_and_az_does_not_is_told_at_its_place() {
    for (text, expected) in [
        ("", "<>@0 the file is empty"),
        ("\u{feff}# only\n", "<>@3 the file is empty"),
        ("---\n", "<>@0 the file is empty"),
        ("a: 1\n---\nb: 2\n", "<--->@5 a second document begins here"),
        ("? [a]\n: 1\n", "<[>@2 a name must be a text, not a list or mapping"),
        ("a: {{x}}\n", "<{>@4 a name must be a text, not a list or mapping"),
        ("a: &l [1]\n*l : 1\n", "<*l>@10 a name must be a text, not a list or mapping"),
        ("a: 1\n: 2\n", "<>@5 expected a name before `:`"),
        ("🚀: *nope\n", "<*nope>@6 no value above is named `&nope`"),
        ("a: &a [*a]\n", "<*a>@7 this alias stands inside the value it names"),
        ("a: &a\n  b: {c: *a}\n", "<*a>@15 this alias stands inside the value it names"),
        ("a: &x 1\nb:\n  <<: *x\n", "<*x>@17 `<<` wants a mapping, or a list of mappings"),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
    assert_eq!(faults("a: *x\nb: !t y\n? {}\n: 1\n").len(), 3, "all of them are told");
}

#[test]
fn syntax_errors_of_yaml_have_exact_places() {
    for (text, expected) in [
        ("é:\n\t- b\n", "<\t>@4 a tab cannot indent a line"),
        ("a: 1\r\n \tb: 2\r\n", "<\t>@7 a tab cannot indent a line"),
        ("a: x\ty\n\tb: 2\n", "<\t>@7 a tab cannot indent a line"),
        ("a: |\n\tx\n", "<\t>@5 a tab cannot indent a line"),
        ("a: \"x\nb: 1\n", "<\">@3 this text is not closed"),
        ("🚀: [x, 'a', 'x]\n", "<'>@15 this text is not closed"),
        ("a: \"it's\n", "<\">@3 this text is not closed"),
        ("a: 'x\n", "<'>@3 this text is not closed"),
        ("a: [1, 2\nb: 3\n", "<[>@3 this list is not closed"),
        ("a: {x: 1\nb: 2\n", "<{>@3 this mapping is not closed"),
        ("[a, b", "<[>@0 this list is not closed"),
        ("a: b: c\n", "<:>@4 `:` cannot stand here"),
        ("a: 1\n b: 2\n", "<:>@7 `:` cannot stand here"),
        ("a\nb: 1\n", "<:>@3 `:` cannot stand here"),
        (
            "a:\n  b: 1\n c: 2\n",
            "<c:>@11 expected a name of the mapping above, indented like its other names",
        ),
        ("- a\nb: 1\n", "<b:>@4 expected `- ` and a further item of the list above"),
        ("a: - b\n", "<->@3 a list cannot begin in this line"),
        ("a: b\nc\n", "<c>@5 expected `:` after the name"),
        ("a: @x\n", "<@x>@3 a text cannot start with this sign"),
        ("a: [1}\n", "<[>@3 this list is closed by `}`"),
        ("a: ]\n", "<]>@3 this bracket closes nothing"),
        ("a: [b c,\n  d: [}]\n", "<[>@14 this list is closed by `}`"),
        ("a: \"\\q\"\n", "<\"\\q\">@3 an escape in this text does not exist"),
        ("a: x # c\n  y\n", "<#>@5 a remark stands inside a text of several lines"),
        ("a: 'x' y\n", "<y>@7 expected the end of the line after the text"),
        ("a: !bad!x 1\n", "<!bad!x>@3 az does not know this tag"),
        ("a: & x\n", "<&>@3 expected a name here"),
        ("[\n \"a\"\n \"b\"\n]\n", "<\"b\">@8 expected a comma here"),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let flow = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let block = |depth: usize| format!("{}x", "- ".repeat(depth));
    let keys = |depth: usize| (0..depth).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
    for fits in [flow(64), block(64), keys(64)] {
        assert_eq!(read_yaml(&fits).1, [], "{fits}");
    }
    for bad in
        [flow(65), block(65), keys(65), flow(100_000), block(100_000), keys(2_000), "? ".repeat(100_000)]
    {
        let faults = read_yaml(&bad).1;
        let is_told = |fault: &Diagnostic| fault.message.contains("64 deep");
        assert!(faults.last().is_some_and(is_told), "{faults:?} of {}", &bad[..40.min(bad.len())]);
    }
    // An alias may bring what lies too deep only at its place.
    let text = format!("a: &a {}\nb: {}*a{}\n", flow(40), "[".repeat(40), "]".repeat(40));
    assert_eq!(faults(&text).len(), 1);
    assert!(faults(&text)[0].contains("<*a>") && faults(&text)[0].contains("64 deep"));
}

#[test]
fn a_file_that_doubles_itself_is_refused() {
    let mut text = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..=20 {
        let before = format!("*l{},", level - 1).repeat(9);
        _ = writeln!(text, "l{level}: &l{level} [{before}]");
    }
    let told = faults(&text);
    assert!(told.len() == 1 && told[0].contains("its aliases repeat too much"), "{told:?}");
    // So is one that repeats a long text, or a mapping all of whose names are taken.
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(1000));
    assert!(faults(&long)[0].contains("repeat too much"));
    let names: String = (0..1000).map(|name| format!("k{name}: 1, ")).collect();
    let merged = format!("a: &a {{{names}}}\nb:\n  <<: [{}]\n", "*a, ".repeat(1000));
    assert!(faults(&merged)[0].contains("repeat too much"));
    let many = "- 1\n".repeat(1_000_001);
    assert!(faults(&many)[0].contains("more than 1000000 values"));
    assert_eq!(read_yaml(&"- 1\n".repeat(90_000)).1, []);
}
