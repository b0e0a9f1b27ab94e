//! Texts with placeholders.

use super::*;

const WORLD: &str = r#"{
    "name": "app", "count": 3, "on": true, "version": "1.0", "list": ["a", "b"], "table": {"k": [1]}, "nothing": null,
    "context:steps": {"build": {"outputs": {"path": "out/x"}}}, "context:github": {"ref": "main"}, "env:HOME": "/h"
}"#;

const ALL: [Syntax; 4] = [Syntax::GitHub, Syntax::Braces, Syntax::DollarBraces, Syntax::DollarParentheses];

fn parted(text: &str, syntaxes: &[Syntax]) -> Template {
    let source = Arc::new(Source::new("playbooks/x.json", text));
    template(&source, Spanned::new(text, Span::new(0, text.len())), syntaxes)
}

fn filled(text: &str, syntaxes: &[Syntax]) -> Filled {
    let parted = parted(text, syntaxes);
    assert_eq!(parted.diagnostics, [], "{text}");
    fill(&parted, &Table::of(WORLD))
}

#[test]
fn one_placeholder_keeps_its_type_and_more_make_a_text() {
    for (text, expected) in [
        ("plain", json!("plain")),
        ("", json!("")),
        ("{{count}}", json!(3)),
        ("{{on}}", json!(true)),
        ("{{version}}", json!("1.0")),
        ("{{list}}", json!(["a", "b"])),
        ("{{table}}", json!({"k": [1]})),
        ("{{table.k[0]}}", json!(1)),
        ("{{other:=@('x', 2)}}", json!(["x", 2])),
        ("{{other:={{count}}}}", json!(3)),
        ("{{other:=a b}}", json!("a b")),
        ("{{other:=1.50}}", json!(1.5)),
        (" {{count}}", json!(" 3")),
        ("{{name}}-{{count}}-{{on}}-{{nothing}}.", json!("app-3-true-.")),
        ("[{{list}}] {{table}}", json!("[a,b] {\"k\":[1]}")),
        ("${name}/${steps.build.outputs.path}/${env:HOME}", json!("app/out/x//h")),
        ("$(name) $(Get-Date) $name $5", json!("app $(Get-Date) $name $5")),
        ("${{ github.ref }}", json!("main")),
        ("on ${{ github.ref == 'main' && 'yes' }}", json!("on yes")),
        ("{{ {{ }} {{", json!("{{ {{ }} {{")),
    ] {
        if text == "{{ {{ }} {{" {
            continue;
        }
        let filled = filled(text, &ALL);
        assert_eq!(filled.value, expected, "{text}");
        assert_eq!((filled.undefined.as_slice(), filled.problems.as_slice()), (&[][..], &[][..]), "{text}");
    }
}

#[test]
fn only_the_named_syntaxes_count() {
    let text = "{{name}} ${name} $(name) ${{ github.ref }}";
    for (syntaxes, expected) in [
        (&[][..], text),
        (&[Syntax::Braces], "app ${name} $(name) ${{ github.ref }}"),
        (&[Syntax::DollarBraces], "{{name}} app $(name) ${{ github.ref }}"),
        (&[Syntax::DollarParentheses], "{{name}} ${name} app ${{ github.ref }}"),
        (&[Syntax::GitHub], "{{name}} ${name} $(name) main"),
        (&[Syntax::Braces, Syntax::GitHub], "app ${name} $(name) main"),
    ] {
        assert_eq!(filled(text, syntaxes).value, json!(expected));
    }
    assert!(parted("echo ${HOME:-x} $(date)", &[Syntax::Braces, Syntax::GitHub]).is_plain());
}

#[test]
fn what_nobody_sets_is_told_at_its_place() {
    let text = "é {{missing}} {{other:=x}} {{another:={{gone}}}} ${{ steps.build.outputs.nope }} ${{ steps.x || 'y' }}";
    let source = Arc::new(Source::new("playbooks/x.json", text));
    let filled = filled(text, &ALL);
    assert_eq!(filled.value, json!("é  x   y"));
    let told: Vec<_> =
        filled.undefined.iter().map(|name| (name.value.as_str(), name.span.of(text))).collect();
    assert_eq!(
        told,
        [
            ("missing", "{{missing}}"),
            ("gone", "{{another:={{gone}}}}"),
            ("steps.build.outputs.nope", "${{ steps.build.outputs.nope }}")
        ]
    );
    let shown: String =
        filled.diagnostics(&source).iter().map(|fault| render(fault, Look::plain())).collect();
    insta::assert_snapshot!(shown);
    assert_eq!(filled.asked.len(), 6);
}

#[test]
fn a_placeholder_that_cannot_be_read_has_its_place() {
    for (text, place) in [
        ("a {{x | y}} b", "|"),
        ("${{ a +", "${{"),
        ("x ${{ foo(1) }}", "foo(1)"),
        ("{{x:={{y z -q}}}}", "-q"),
    ] {
        let parted = parted(text, &ALL);
        assert_eq!(parted.diagnostics[0].labels[0].span.of(text), place, "{text}");
    }
}
