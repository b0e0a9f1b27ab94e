//! What is data: values, tables, lists, and mistakes in their form.

use super::{faults, read_text, shown, tree};

#[test]
fn values_of_every_kind() {
    for (text, expected) in [
        ("@{}", "{}"),
        ("@()", "[]"),
        ("'a'", r#""a""#),
        ("@{ a = 'it''s'; b = \"x\"\"y\" }", r#"{a: "it's" b: "x\"y"}"#),
        (
            r#""`n`t`r`0`e`"`$`a`b`f`v``|`q|`u{1F600}""#,
            "\"\\n\\t\\r\\0\\u{1b}\\\"$\\u{7}\\u{8}\\u{c}\\u{b}`|q|😀\"",
        ),
        ("'`n $x $(y)'", r#""`n $x $(y)""#),
        ("\"$Name/${b}/$env:C.$_\"", r#""$Name/${b}/$env:C.$_""#),
        ("‘a’", r#""a""#),
        ("“it’s”", r#""it’s""#),
        ("'line\r\nline'", r#""line\r\nline""#),
        ("@'\nit's \"$x\" $(y)\n '@\n'@", r#""it's \"$x\" $(y)\n '@""#),
        ("@\"  \r\na`tb\r\n\"\"$x\r\n\"@", r#""a\tb\r\n\"\"$x""#),
        ("@'\n'@", r#""""#),
        ("@'\n\n'@", r#""""#),
        ("@( $true, $FALSE, $Null )", "[true false null]"),
        (
            "@( $Name, $env:CI, $script:x, ${a b}, ${env:X}.y, $Results.Failed.Count, $_, $_.Name, $? )",
            "[$Name $env:CI $script:x $a b $env:X.y $Results.Failed.Count $_ $_.Name $?]",
        ),
        ("[ordered]@{ b = 1; a = 2 }", "{b: 1 a: 2}"),
        ("[Ordered] @{}", "{}"),
        ("('x')", r#""x""#),
        ("((\n'a', 'b'\n))", r#"["a" "b"]"#),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn numbers_are_said_as_json_says_them() {
    for (text, expected) in [
        ("5", "5"),
        ("-5", "-5"),
        ("+5", "5"),
        ("1.50", "1.50"),
        (".5", "0.5"),
        ("5.", "5"),
        ("00.5", "0.5"),
        ("1e3", "1e3"),
        ("1.5E-3", "1.5e-3"),
        ("0", "0"),
        ("-0", "-0"),
        ("1kb", "1024"),
        ("1.5MB", "1572864"),
        ("2gb", "2147483648"),
        ("1tb", "1099511627776"),
        ("1pb", "1125899906842624"),
        ("5l", "5"),
        ("5d", "5"),
        ("1.5d", "1.5"),
        ("5uL", "5"),
        ("5us", "5"),
        ("5y", "5"),
        ("5n", "5"),
        ("5lkb", "5120"),
        ("0x1F", "31"),
        ("0xFFFFFFFF", "-1"),
        ("0xFFFFFFFFu", "4294967295"),
        ("0x0FFFFFFFF", "4294967295"),
        ("-0x10", "-16"),
        ("0xFFFFFFFFFFFFFFFF", "-1"),
        ("0b101", "5"),
        ("0x1kb", "1024"),
        ("0402", "\"0402\""),
        ("00", "\"00\""),
        ("-0402", "\"-0402\""),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
        assert_eq!(tree(&format!("@{{a={text};}}")), format!("{{a: {expected}}}"), "{text}");
    }
}

#[test]
fn tables_take_names_of_every_kind_and_separators_of_every_kind() {
    for (text, expected) in [
        ("@{a=1;b=2}", "{a: 1 b: 2}"),
        ("@{\r\n;;a=1;;\r\n\r\n;b = 2;\r\n}", "{a: 1 b: 2}"),
        ("@{ a =\n\n 1\n b =\r\n # c\r\n @(\n) }", "{a: 1 b: []}"),
        (
            "@{ 'a b' = 1; \"c\" = 2; 0402 = 3; 5 = 4; 1.5 = 5; if = 6; ä_1 = 7; @'\nx\n'@ = 8 }",
            "{a b: 1 c: 2 0402: 3 5: 4 1.5: 5 if: 6 ä_1: 7 x: 8}",
        ),
        ("@{ a = 1; A = 2; a = 3 }", "{a: 1 A: 2 a: 3}"),
        ("@{ a = `\r\n 1 `\n , 2 }", "{a: [1 2]}"),
        ("#Requires -Version 7\n<#\n.SYNOPSIS @{\n#>\n\n@{ <# a = #> b = 1 } # end", "{b: 1}"),
        ("\u{feff}@{\ta\u{a0}=\t'x' }\r\n\r\n", "{a: \"x\"}"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn lists_are_flattened_as_powershell_does() {
    for (text, expected) in [
        ("'a', 'b'", r#"["a" "b"]"#),
        ("@('a')", r#"["a"]"#),
        ("@('a','b')", r#"["a" "b"]"#),
        ("@('a'\n'b'; 'c',\n 'd')", r#"["a" "b" "c" "d"]"#),
        ("@(\n@{ a = 1 }\n\n@{ a = 2 },\n@{ a = 3 }\n)", "[{a: 1} {a: 2} {a: 3}]"),
        ("@{ t = 'a', 'b'\n u = 1,\n 2 }", r#"{t: ["a" "b"] u: [1 2]}"#),
        (",'x'", r#"["x"]"#),
        (",,'x'", r#"[["x"]]"#),
        ("'a',,'b'", r#"["a" ["b"]]"#),
        ("@(,'x')", r#"["x"]"#),
        ("@(,@('x'))", r#"[["x"]]"#),
        ("@(@('a'))", r#"["a"]"#),
        ("@(@('a'), @('b'))", r#"[["a"] ["b"]]"#),
        ("@(@('a')\n@('b'))", r#"["a" "b"]"#),
        ("(1, 2), 3", "[[1 2] 3]"),
        ("@{ a = @(@()) ; b = @($null) }", "{a: [] b: [null]}"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn places_cover_quotes_brackets_and_nothing_else() {
    let text = "\u{feff}# 😀\r\n@{\t'é' = \"😀\" ; l = 1,\r\n\t@'\r\nx\r\n'@ ;p = ( 'y' ); o = [ordered]@{ } ; u = , 5 }\r\n";
    let node = read_text(text).0.unwrap();
    let at = |pointer| node.at(pointer).of(text);
    assert!(at("").starts_with("@{\t") && at("").ends_with("5 }"), "{}", at(""));
    assert_eq!(at("/é"), "\"😀\"");
    assert_eq!(at("/l"), "1,\r\n\t@'\r\nx\r\n'@");
    assert_eq!(at("/l/1"), "@'\r\nx\r\n'@");
    assert_eq!(at("/p"), "'y'");
    assert_eq!(at("/o"), "[ordered]@{ }");
    assert_eq!([at("/u"), at("/u/0")], [", 5", "5"]);
    let super::NodeValue::Table(entries) = &node.value else { panic!("{node:?}") };
    assert_eq!(entries[0].key.span.of(text), "'é'");
}

/// Asserts that each text has just this fault, and no tree.
fn assert_each(faults_of: &[(&str, &str)]) {
    for (text, expected) in faults_of {
        assert_eq!(faults(text), [*expected], "{text}");
        assert_eq!(read_text(text).0, None, "{text}");
    }
}

#[test]
fn mistakes_in_entries_have_their_place_and_leave_no_tree() {
    assert_each(&[
        ("", "AZ0201 \"\": the file is empty; write at least `@{ }`"),
        ("# only\r\n", "AZ0201 \"\": the file is empty; write at least `@{ }`"),
        ("@{ a 'x' }", "AZ0201 \"a\": expected `=` after the name `a`; write `a = value`"),
        ("@{ a b }", "AZ0201 \"a\": expected `=` after the name `a`; write `a = value`"),
        ("@{ a }", "AZ0201 \"a\": expected `=` after the name `a`; write `a = value`"),
        ("@{ é: 'x' }", "AZ0201 \"é:\": the name `é` is followed by `:` instead of `=`; write `é = value`"),
        (
            "@{ \"a\": 5 }",
            "AZ0201 \"\\\"a\\\"\": the name `a` is followed by `:` instead of `=`; write `a = value`",
        ),
        ("@{ a = }", "AZ0201 \"=\": expected a value after `=`; write the value, or remove the name"),
        (
            "@{ a =\r\n b = 1 }",
            "AZ0201 \"=\": expected a value after `=`; write the value, or remove the name",
        ),
        ("@{ a-b = 1 }", "AZ0201 \"a-b\": the name `a-b` must stand in quotes; write `'a-b' = value`"),
        ("@{ a == 1 }", "AZ0201 \"=\": expected a value, found `=`; remove the second `=`"),
        ("@{ = 1 }", "AZ0201 \"=\": expected a name, found `=`; write `Name = value`, or remove it"),
        ("@{ ,,, a = 1 }", "AZ0201 \",\": expected a name, found `,`; write `Name = value`, or remove it"),
        ("@{ @{} }", "AZ0201 \"@{\": expected a name, found `@{`; write `Name = value`, or remove it"),
        (
            "@{ a = 1, b = 2 }",
            "AZ0201 \",\": entries of a table are not separated by commas; write `;` or the end of the line instead of the comma",
        ),
        (
            "@{ a = @{},\n b = 2 }",
            "AZ0201 \",\": entries of a table are not separated by commas; write `;` or the end of the line instead of the comma",
        ),
        (
            "@{ a = 1 b = 2 }",
            "AZ0201 \"b\": the entry `b` begins on the line of another; write `;` or the end of the line before it",
        ),
        (
            "@{ a = b = 2 }",
            "AZ0201 \"b\": `b = ...` stands where only a value can stand; write `@{ b = ... }` for a table, or only the value",
        ),
        (
            "@( a = 2 )",
            "AZ0201 \"a\": `a = ...` stands where only a value can stand; write `@{ a = ... }` for a table, or only the value",
        ),
    ]);
}

#[test]
fn mistakes_in_values_have_their_place_and_leave_no_tree() {
    assert_each(&[
        (
            "@('a' 'b')",
            "AZ0201 \"'b'\": expected `,` or the end of the line after the value; write `,` between two values",
        ),
        (
            "@{ a = 'x' 'y' }",
            "AZ0201 \"'y'\": expected `,` or the end of the line after the value; write `,` between two values",
        ),
        ("@('a',)", "AZ0201 \",\": expected a value after the comma; write the value, or remove the comma"),
        (
            "@{ a = 1,\n}",
            "AZ0201 \",\": expected a value after the comma; write the value, or remove the comma",
        ),
        (
            "()",
            "AZ0201 \"(\": expected a value between `(` and `)`; write the value, or `@()` for an empty list",
        ),
        (
            "@{}\n'x'",
            "AZ0201 \"'x'\": expected the end of the file after the first value; remove the rest, or close the first value later",
        ),
        (
            "\"`u{110000}\"",
            "AZ0201 \"`u{110000}\": this escape does not exist; write the number of a character in hexadecimal, as in `u{1F600}, or `` for a backtick",
        ),
        (
            "\"a`u{x}\"",
            "AZ0201 \"`u{\": this escape does not exist; write the number of a character in hexadecimal, as in `u{1F600}, or `` for a backtick",
        ),
        (
            "0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
            "AZ0201 \"0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\": the number `0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF` is too large; write it in quotes: '0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'",
        ),
    ]);
}

#[test]
fn what_is_not_closed_is_told_once_and_where_it_opens() {
    assert_each(&[
        ("@{ a = 1", "AZ0201 \"@{\": this table is not closed; write the missing `}`"),
        (
            "@{\r\n l = @('a', 'b'\r\n n = 'x'\r\n}",
            "AZ0201 \"@(\": this list is not closed; write the missing `)`",
        ),
        (
            "@{ s = @(\n @{ n = 'a'\n @{ n = 'b' }\n )\n}",
            "AZ0201 \"@{\": this table is not closed; write the missing `}`",
        ),
        (
            "@{ a = 1 }}",
            "AZ0201 \"}\": this `}` closes nothing; remove it, or write the missing `@{` before it",
        ),
        (
            "@{ a = 1 ) }",
            "AZ0201 \")\": this `)` closes nothing; remove it, or write the missing `@(` before it",
        ),
        ("@{\r\n\ta = '😀x\r\n}", "AZ0201 \"'😀x\": this text is not closed; write the missing `'`"),
        (
            "@{\n a = 'x\n b = 'y'\n c = 'z'\n}",
            "AZ0201 \"'x\": this text is not closed; write the missing `'`",
        ),
        (
            "@{\n a = \"x\n b = @(\"y\", \"z\")\n}",
            "AZ0201 \"\\\"x\": this text is not closed; write the missing `\"`",
        ),
        ("@{ a = 1 } <# é", "AZ0201 \"<#\": this comment is not closed; write the missing `#>`"),
        (
            "@{ a = @'\nx\n}",
            "AZ0201 \"@'\": this text over several lines is not closed; write `'@` at the very start of a line",
        ),
        (
            "@{ a = @\"\nx\n  \"@\n b = 1 }",
            "AZ0201 \"\\\"@\": `\"@` closes a text only at the very start of its line; remove the blanks before it",
        ),
        (
            "@{ a = @'x'@ }",
            "AZ0201 \"@'\": a text between `@'` and `'@` begins on the next line; end the line behind `@'`, or write '...' without `@`",
        ),
    ]);
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "\u{feff}@{\r\n\tÄ 'x'\r\n\tb = \r\n\tc = @( 'x' 'y',\r\n\t)\r\n\td = Get-Date\r\n\te = @{ f: 1 }\r\n\tg = \"😀$(h)\" i = 1\r\n}\r\nj\r\n";
    let places: Vec<String> =
        read_text(text).1.iter().map(|fault| fault.labels[0].span.of(text).to_owned()).collect();
    assert_eq!(places, ["Ä", "=", "'y'", ",", "Get-Date", "f:", "$(h)", "i", "j"]);
}

#[test]
fn code_leaves_a_null_so_that_the_rest_can_be_checked() {
    let (node, faults) = read_text("@{ a = Get-Date -x; b = 2; c = \"x$(y)\"; d = 1, z, 3 }");
    assert_eq!(shown(&node.unwrap()), r#"{a: null b: 2 c: "x$(y)" d: [1 null 3]}"#);
    assert_eq!(faults.len(), 3);
}
