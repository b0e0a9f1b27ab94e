//! Laws: what is written is read back, nothing panics, and the work is bounded.

use proptest::prelude::*;

use super::*;

fn any_name() -> impl Strategy<Value = String> {
    "[A-Za-z_é][A-Za-z0-9_é]{0,5}|[a-z]( |-)[a-z]".prop_filter("no constant", |name: &String| {
        let constants = ["true", "false", "null", "_"];
        !constants.contains(&name.to_ascii_lowercase().as_str())
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,8}", "[{}$'\"`:=a ]{0,8}"]
}

fn any_leaf() -> impl Strategy<Value = Expr> {
    let default = prop_oneof![
        Just(Expr::Bool(false)),
        any::<i32>().prop_map(|number| Expr::Number(number.into())),
        any_text().prop_map(Expr::Text),
        any_name().prop_map(Expr::Variable),
        any_name().prop_map(|name| Expr::Placeholder(name, None)),
        proptest::collection::vec(any_text().prop_map(Expr::Text), 0..3).prop_map(Expr::List),
    ];
    prop_oneof![
        Just(Expr::Null),
        any::<bool>().prop_map(Expr::Bool),
        any::<i64>().prop_map(|number| Expr::Number(number.into())),
        any::<f64>()
            .prop_filter_map("finite", |number| serde_json::Number::from_f64(number).map(Expr::Number)),
        any_text().prop_map(Expr::Text),
        any_name().prop_map(Expr::Variable),
        any_name().prop_map(Expr::Env),
        (any_name(), proptest::option::of(default))
            .prop_map(|(name, default)| Expr::Placeholder(name, default.map(Box::new))),
        prop_oneof![Just(Platform::Windows), Just(Platform::Linux), Just(Platform::MacOs)]
            .prop_map(Expr::Platform),
        prop_oneof![
            Just(Machine::PowerShellVersion),
            Just(Machine::SystemVersion),
            Just(Machine::IsAdministrator)
        ]
        .prop_map(Expr::Machine),
        (0..11_usize, "[a-z][a-z-]{0,3}[a-z]|a b|[{}$'\"]{0,4}").prop_map(|(context, member)| {
            let context = Expr::Context(word::CONTEXTS[context].to_owned());
            Expr::Member(Box::new(context), member)
        }),
    ]
}

fn any_call(inner: impl Strategy<Value = Expr>) -> impl Strategy<Value = Expr> {
    let row = proptest::sample::select(Function::ALL.to_vec());
    (row, proptest::collection::vec(inner, 4)).prop_map(|((_, function, least, most), arguments)| {
        let count = arguments.len().min(most).max(least);
        Expr::Call(function, arguments.into_iter().take(count).collect())
    })
}

fn any_expr() -> impl Strategy<Value = Expr> {
    any_leaf().prop_recursive(5, 32, 4, |inner| {
        let operator = proptest::sample::select(Operator::ALL.map(|(_, operator)| operator).to_vec());
        let is_normal = |items: &Vec<Expr>| !matches!(items.as_slice(), [Expr::List(_)]);
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_filter("normal", is_normal)
                .prop_map(Expr::List),
            boxed().prop_map(Expr::Not),
            (boxed(), operator, any::<bool>(), boxed()).prop_map(|(left, operator, is_told, right)| {
                let case = if is_told && !operator.is_logical() { Case::Told } else { Case::Ignored };
                Expr::Binary(left, operator, case, right)
            }),
            (boxed(), any_text()).prop_map(|(base, name)| Expr::Member(base, name)),
            (boxed(), inner.clone().prop_filter("a member", |index| !matches!(index, Expr::Text(_))))
                .prop_map(|(base, index)| Expr::Index(base, Box::new(index))),
            boxed().prop_map(Expr::Filter),
            any_call(inner.clone()),
            proptest::collection::vec(
                prop_oneof![any_text().prop_map(Part::Text), inner.clone().prop_map(Part::Value)],
                1..4
            )
            .prop_map(tree::joined),
            inner
                .clone()
                .prop_filter("not twice", |inner| !has_github(inner))
                .prop_map(|inner| Expr::GitHub(Box::new(inner))),
        ]
    })
}

/// Tells whether GitHub's rules are said anywhere in an expression; said again inside of themselves they are dropped.
fn has_github(expr: &Expr) -> bool {
    expr.to_string().contains("${{")
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(expr in any_expr()) {
        let text = expr.to_string();
        let parsed = read(&text);
        prop_assert_eq!(&parsed.diagnostics, &[], "{}", text);
        prop_assert_eq!(parsed.expr.as_ref(), Some(&expr), "{}", text);
        evaluate(&expr, &World);
    }

    #[test]
    fn any_text_gives_a_condition_or_a_diagnostic(
        text in "(-eq |-in |-not |!|\\(|\\)|@\\(|,|'|\"|\\$|\\$env:|\\{|\\}|\\[|\\]|=|&|\\||\\.|`|[-0-9a-z_é ’]){0,24}"
    ) {
        let parsed = read(&text);
        prop_assert_eq!(parsed.expr.is_some(), parsed.diagnostics.is_empty());
        for diagnostic in &parsed.diagnostics {
            prop_assert!(diagnostic.help.is_some());
            let span = diagnostic.labels[0].span;
            prop_assert!(text.get(span.start..span.end).is_some(), "{:?} in {}", span, text);
        }
        if let Some(expr) = parsed.expr {
            evaluate(&expr, &World);
        }
    }

    #[test]
    fn a_changed_condition_of_a_real_playbook_gives_a_value_or_a_diagnostic(
        line in 0..MUTATED.lines().count(),
        at in any::<prop::sample::Index>(),
        length in 0..4_usize,
        with in "(\\{\\{|\\}\\}|\\$|\\(|\\)|'|\"|`|:=|-eq |\\[|\\]|\\.|,|\\*|\\$\\{\\{|é| ){0,3}"
    ) {
        let condition = MUTATED.lines().nth(line).and_then(|line| line.rsplit('\t').next()).unwrap_or_default();
        let characters: Vec<char> = condition.chars().collect();
        let at = at.index(characters.len() + 1);
        let end = (at + length).min(characters.len());
        let text: String = characters[..at].iter().copied().chain(with.chars()).chain(characters[end..].iter().copied()).collect();
        for rules in [Rules::PowerShell, Rules::GitHub] {
            let source = Arc::new(Source::new("playbooks/x.json", text.as_str()));
            let parsed = parse_under(rules, &source, Spanned::new(&text, Span::new(0, text.len())));
            prop_assert_eq!(parsed.expr.is_some(), parsed.diagnostics.is_empty());
            prop_assert!(parsed.diagnostics.iter().all(|fault| fault.help.is_some()));
            if let Some(expr) = parsed.expr {
                let written = expr.to_string();
                prop_assert_eq!(parse_under(rules, &source, Spanned::new(&written, Span::new(0, 0))).expr, Some(expr.clone()), "{}", written);
                evaluate(&expr, &World);
            }
        }
    }
}

const MUTATED: &str = include_str!("corpus.txt");

const REPEATED: [&str; 45] = [
    "{{",
    "{{x:=",
    "{{x:='",
    "{{x:=\"",
    "${{",
    "${",
    "$(",
    "\"$(",
    "'{{",
    "\"{{",
    "\"${",
    "\"${{",
    "(",
    "@(",
    "[",
    "a[",
    "a.",
    "a.b",
    ".*",
    "!",
    "-not ",
    "concat(",
    "contains(",
    "format('{0}', ",
    "Test-Path ",
    "Test-Path (",
    "Get-Command -",
    "{{a}}",
    "$a ",
    "a,",
    "-eq ",
    "'",
    "\"",
    "`",
    "a-",
    "[version]",
    "([Security",
    "{{a:={{",
    "a -eq b -and ",
    "{",
    "}",
    "é",
    "x",
    "9",
    "a b ",
];

/// Reading that were quadratic would take hours here, reading that recurses without bound would overflow the stack.
#[test]
fn long_texts_take_linear_work_and_bounded_depth() {
    let long = 10_000;
    for part in REPEATED {
        let text = part.repeat(long);
        for rules in [Rules::PowerShell, Rules::GitHub] {
            let source = Arc::new(Source::new("x", ""));
            let parsed = parse_under(rules, &source, Spanned::new(&text, Span::new(0, 0)));
            if let Some(expr) = parsed.expr {
                evaluate(&expr, &World);
            }
        }
        let source = Arc::new(Source::new("x", ""));
        let all = [Syntax::GitHub, Syntax::Braces, Syntax::DollarBraces, Syntax::DollarParentheses];
        fill(&template(&source, Spanned::new(&text, Span::new(0, 0)), &all), &World);
        for shell in [embed::Shell::Bash, embed::Shell::PowerShell, embed::Shell::Python, embed::Shell::Node]
        {
            embed::embed(&source, Spanned::new(&text, Span::new(0, 0)), shell, &[Syntax::GitHub]);
        }
    }
}

#[test]
fn texts_side_by_side_are_one() {
    let flat = expr("concat('01', $a, '23')");
    assert_eq!(expr("concat('0', concat('1', $a, '2'), '3', '')"), flat);
    assert_eq!(expr(&flat.to_string()), flat);
}

/// The deepest tree that can be read is walked on the small stack of a test's thread.
#[test]
fn the_deepest_tree_can_be_walked() {
    let nested = |inner: &str| format!("{}{inner}{}", "(-not ".repeat(32), ")".repeat(32));
    let mut deepest = nested(&format!("a{}", " -eq a".repeat(256)));
    for _ in 1..5 {
        deepest = nested(&format!("{{{{{deepest}}}}}"));
    }
    evaluate(&expr(&deepest), &World);
    evaluate(&expr(&format!("a{}", ".b".repeat(256))), &World);
}
