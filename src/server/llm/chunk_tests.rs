//! Chunks are read as servers really write them.

use super::{CompletionChunk, Usage};

/// (text, reasoning, finish reason) of a chunk.
fn read(json: &str) -> (String, String, String) {
    let chunk: CompletionChunk<'_> =
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let Some(choice) = chunk.choices.0 else { return Default::default() };
    (
        choice.text().unwrap_or_default().to_owned(),
        choice.reasoning().unwrap_or_default().into_owned(),
        choice.finish_reason().unwrap_or_default().to_owned(),
    )
}

/// (text, reasoning) of a delta.
fn delta(json: &str) -> (String, String) {
    let (text, reasoning, _) = read(&format!(r#"{{"choices":[{{"delta":{json}}}]}}"#));
    (text, reasoning)
}

fn text(json: &str) -> String {
    delta(json).0
}

#[test]
fn content_of_every_kind() {
    assert_eq!(text(r#"{"content":"a"}"#), "a");
    assert_eq!(text(r#"{"content":"a\n\u00e9\ud83d\ude00"}"#), "a\né😀");
    assert_eq!(text(r#"{"content":null,"role":"assistant"}"#), "");
    assert_eq!(text(r#"{"content":[{"type":"text","text":"a"},{"type":"image"},{"text":"b"}]}"#), "ab");
    assert_eq!(text(r#"{"content":{"type":"text","text":"a"}}"#), "a");
    assert_eq!(text(r#"{"content":null,"refusal":"no"}"#), "no");
    assert_eq!(text(r#"{"content":7,"tool_calls":[{"function":{"arguments":"{}"}}]}"#), "");
    for none in ["null", "7", r#""x""#, "[]", "[1]", "true", "{}"] {
        assert_eq!(text(none), "", "{none}");
    }
    assert_eq!(read(r#"{"choices":[{"text":"a","index":0}]}"#).0, "a");
}

#[test]
fn only_the_first_choice_counts() {
    assert_eq!(read(r#"{"choices":[{"index":1,"delta":{"content":"b"}}]}"#).0, "");
    let both = r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#;
    assert_eq!(read(both).0, "a");
    for index in ["\"0\"", "null", "\"\"", "0.0", "[]", "{}", "false"] {
        let json = format!(r#"{{"choices":[{{"index":{index},"delta":{{"content":"a"}}}}]}}"#);
        assert_eq!(read(&json).0, "a", "{index}");
    }
    assert_eq!(read(r#"{"choices":{"delta":{"content":"a"}}}"#).0, "a");
    for none in [r#"[]"#, "null", "[null]", "7", r#""x""#, "[[]]", "{}", "false", "1.5"] {
        assert_eq!(read(&format!(r#"{{"choices":{none}}}"#)).0, "", "{none}");
    }
    assert_eq!(read("{}").0, "");
}

#[test]
fn thinking_under_every_name_once() {
    let both = r#"{"choices":[{"delta":{"reasoning_content":"r","reasoning":"r"},"finish_reason":"stop"}]}"#;
    assert_eq!(read(both), (String::new(), "r".into(), "stop".into()));
    for name in ["reasoning_content", "reasoning", "reasoning_text", "thinking", "thought"] {
        assert_eq!(delta(&format!(r#"{{"content":"a","{name}":"r"}}"#)), ("a".into(), "r".into()), "{name}");
        assert_eq!(delta(&format!(r#"{{"content":"a","{name}":null}}"#)), ("a".into(), "".into()), "{name}");
        assert_eq!(delta(&format!(r#"{{"content":"a","{name}":true}}"#)), ("a".into(), "".into()), "{name}");
    }
    let twice =
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"r","signature":null}],"reasoning":"r"}"#;
    assert_eq!(delta(twice).1, "r");
    let details = r#"{"content":"","reasoning":"","reasoning_details":[{"type":"reasoning.summary","summary":"s"},
        {"type":"reasoning.text","text":"r"},{"type":"reasoning.encrypted","data":"xyz"}]}"#;
    assert_eq!(delta(details).1, "sr");
    assert_eq!(delta(r#"{"thinking":{"content":"r"}}"#).1, "r");
}

#[test]
fn thinking_as_a_part_of_the_content() {
    let mistral = r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}],"closed":true},
        {"type":"text","text":"a"}]}"#;
    assert_eq!(delta(mistral), ("a".into(), "r".into()));
    for part in [
        r#"{"type":"thinking","thinking":"r","signature":"s"}"#,
        r#"{"type":"reasoning","text":"r"}"#,
        r#"{"type":"reasoning","reasoning":"r"}"#,
        r#"{"text":"r","thought":true}"#,
        r#"{"thought":true,"text":"r"}"#,
    ] {
        let json = format!(r#"{{"content":[{part},{{"type":"text","text":"a"}}]}}"#);
        assert_eq!(delta(&json), ("a".into(), "r".into()), "{part}");
    }
    assert_eq!(delta(r#"{"content":[{"text":"a","thought":false}]}"#), ("a".into(), "".into()));
}

#[test]
fn ends_of_every_kind() {
    assert_eq!(read(r#"{"choices":[{"message":{"content":"whole"},"finish_reason":"length"}]}"#).2, "length");
    for none in [r#""""#, "null", "0", "{}", "[]", "false"] {
        let json = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":{none}}}]}}"#);
        assert_eq!(read(&json).2, "", "{none}");
    }
}

#[test]
fn what_is_ignored_may_be_anything() {
    for odd in ["null", "7", "-1", "1.5", r#""x""#, "[]", "{}", "[[{}]]", "true", "1e999"] {
        let json = format!(
            r#"{{"id":{odd},"created":{odd},"model":{odd},"usage":{odd},"object":{odd},"system_fingerprint":{odd},
            "choices":[{{"index":0,"logprobs":{odd},"delta":{{"role":{odd},"content":"a","tool_calls":null}}}}]}}"#
        );
        let json = if odd == "1e999" { json.replace(r#""usage":1e999,"#, "") } else { json };
        assert_eq!(read(&json).0, "a", "{odd}");
    }
}

#[test]
fn usage_with_strange_numbers() {
    let usage = |json: &str| {
        let json = format!(r#"{{"usage":{json}}}"#);
        let chunk = serde_json::from_str::<CompletionChunk<'_>>(&json).unwrap();
        chunk
            .usage
            .0
            .as_ref()
            .map(|counts| (Usage::from(counts).prompt_tokens, Usage::from(counts).completion_tokens))
    };
    assert_eq!(usage(r#"{"prompt_tokens":10.0,"completion_tokens":null,"total_tokens":11}"#), Some((10, 0)));
    assert_eq!(usage(r#"{"prompt_tokens":"10","completion_tokens":-3}"#), Some((10, 0)));
    assert_eq!(usage(r#"{"prompt_tokens":[],"completion_tokens":{},"x":"y"}"#), Some((0, 0)));
    for none in ["null", "7", r#""x""#, "[]"] {
        assert_eq!(usage(none), None, "{none}");
    }
}

#[test]
fn an_error_is_one_when_something_is_in_it() {
    let error = |json: &str| {
        serde_json::from_str::<CompletionChunk<'_>>(&format!(r#"{{"error":{json}}}"#)).unwrap().error.0
    };
    for none in
        ["null", "{}", "[]", r#""""#, r#"" ""#, "false", "0", r#"{"message":"","code":null}"#, "[null]"]
    {
        assert!(!error(none), "{none}");
    }
    for one in [r#""x""#, "true", "500", r#"{"message":"x"}"#, r#"["x"]"#, r#"{"code":429}"#] {
        assert!(error(one), "{one}");
    }
}
