//! Differences of playbooks.

use serde_json::json;

use super::*;

#[test]
fn differences_are_told_by_field_and_nothing_else_is() {
    let one = json!({"a": 1, "b": {"c": [1, 2], "d/e": null}, "f": "x"});
    let other = json!({"f": "x", "b": {"c": [1, 3, 4], "d/e": null, "g": true}});
    let mut found = Vec::new();
    differences(Some(&one), Some(&other), "", &mut found);
    let told: Vec<String> = found.iter().map(|d| format!("{} {:?} {:?}", d.at, d.one, d.other)).collect();
    let number = |n: u8| Some(Value::from(n));
    let expected = [
        format!("/a {:?} {:?}", number(1), None::<Value>),
        format!("/b/c/1 {:?} {:?}", number(2), number(3)),
        format!("/b/c/2 {:?} {:?}", None::<Value>, number(4)),
        format!("/b/g {:?} {:?}", None::<Value>, Some(Value::Bool(true))),
    ];
    assert_eq!(told, expected);
    let mut none = Vec::new();
    differences(Some(&one), Some(&one), "", &mut none);
    assert_eq!(none, []);
}
