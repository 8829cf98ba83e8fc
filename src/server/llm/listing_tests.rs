//! Tests of what lists and `/api/show` tell.

use super::{Entry, Traits, models, shown};

fn names(body: &str) -> Result<Vec<String>, String> {
    models(body).map(|models| models.into_iter().map(|model| model.name).collect())
}

#[test]
fn an_entry_says_what_its_model_takes() {
    for (entry, context, vision) in [
        (r#"{"id":"m"}"#, None, None),
        (r#"{"id":"m","max_model_len":16384}"#, Some(16_384), None),
        (
            r#"{"id":"m","context_length":131072,"architecture":{"input_modalities":["text","image"]}}"#,
            Some(131_072),
            Some(true),
        ),
        (
            r#"{"id":"m","context_length":4096,"architecture":{"input_modalities":["text"]}}"#,
            Some(4096),
            Some(false),
        ),
        (r#"{"id":"m","max_input_tokens":200000}"#, Some(200_000), None),
        (r#"{"id":"m","model_info":{"max_input_tokens":"128000"}}"#, Some(128_000), None),
        (
            r#"{"id":"m","max_context_length":32768,"capabilities":{"vision":false}}"#,
            Some(32_768),
            Some(false),
        ),
        (r#"{"id":"m","context_length":null,"context_window":8192}"#, Some(8192), None),
        // A model with senseless fields stays in the list.
        (r#"{"id":"m","context_length":0,"architecture":"x"}"#, None, None),
        (r#"{"id":"m","context_length":-5,"max_model_len":[],"capabilities":["a"]}"#, None, None),
        (r#"{"id":"m","context_length":99999999999,"max_input_tokens":1.5}"#, None, None),
    ] {
        let listed = models(&format!("[{entry}]")).unwrap().remove(0);
        assert_eq!(listed.name, "m", "{entry}");
        assert_eq!(listed.traits, Traits { context, vision, ..Traits::default() }, "{entry}");
    }
}

#[test]
fn what_ollama_shows_of_a_model() {
    let body = |parameters: &str| {
        serde_json::json!({
            "license": "x",
            "parameters": parameters,
            "model_info": {
                "general.architecture": "llama",
                "llama.context_length": 131_072,
                "llama.embedding_length": 3072,
            },
            "capabilities": ["completion", "tools", "vision"],
        })
        .to_string()
    };
    let said = |context| {
        let (vision, reasoning, tools) = (Some(true), Some(false), Some(true));
        let traits = Traits { context: Some(context), vision, reasoning, tools, price: None };
        Some(Entry { name: "m".into(), chats: Some(true), traits, ..Entry::default() })
    };
    assert_eq!(shown("m", &body("stop  \"<|eot_id|>\"")), said(131_072));
    assert_eq!(shown("m", &body("stop  \"x\"\nnum_ctx                        8192\ntop_p 1")), said(8192));
    assert_eq!(shown("m", &body("num_ctx 1\nnum_ctx x")), said(131_072));
    assert_eq!(shown("m", r#"{"model_info":{}}"#), Some(Entry { name: "m".into(), ..Entry::default() }));
    for other in ["", "null", "[]", "{}", r#"{"error":"model not found"}"#, r#"{"model_info":[]}"#, "<html>"]
    {
        assert_eq!(shown("m", other), None, "{other}");
    }
}

#[test]
fn every_shape_of_a_list() {
    for (body, expected) in [
        (r#"{"object":"list","data":[{"id":"a","object":"model"},{"id":"b"}]}"#, &["a", "b"][..]),
        (r#"[{"id":"a"}]"#, &["a"]),
        (r#" [{"id":"b"},{"id":"a"}] "#, &["b", "a"]),
        (r#"["a","b"]"#, &["a", "b"]),
        (r#"{"data":["a"]}"#, &["a"]),
        (r#"{"models":[{"name":"llama3:latest","model":"llama3:latest"}]}"#, &["llama3:latest"]),
        (r#"{"models":[{"name":"models/gemini-pro","displayName":"Gemini"}]}"#, &["models/gemini-pro"]),
        (r#"{"models":["a"]}"#, &["a"]),
        (r#"{"models":[{"name":"x"}],"data":[{"id":"a"}]}"#, &["a"]),
        (r#"{"models":[{"name":"x"}],"data":null}"#, &["x"]),
        (r#"{"data":[{"name":"A for people","id":"a"}]}"#, &["a"]),
        (r#"{"data":[{"id":null,"name":"n"},{"id":5,"model":"m"}]}"#, &["n", "m"]),
        (r#"{"data":[{"id":"a"},null,5,[],{},{"id":{"x":1}},true,{"id":["b"]},{"id":"c"}]}"#, &["a", "c"]),
        ("\u{feff}[\"a\"]", &["a"]),
        (r#"{"data":null}"#, &[]),
        (r#"{"models":null}"#, &[]),
        (r#"{"data":[]}"#, &[]),
        ("[]", &[]),
    ] {
        assert_eq!(
            names(body).as_deref(),
            Ok(&expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..]),
            "{body}"
        );
    }
}

#[test]
fn what_is_no_list() {
    for body in [
        "",
        "<!doctype html><title>x</title>",
        "Ollama is running",
        "null",
        "5",
        "{}",
        r#"{"object":"list"}"#,
        r#"{"error":"Unexpected endpoint or method. (GET /models)"}"#,
        r#"{"data":{"id":"a"}}"#,
        r#"{"data":"a"}"#,
        r#"{"data":[{"id":"a"}"#,
    ] {
        assert!(names(body).is_err(), "{body}");
    }
}

#[test]
fn an_entry_says_whether_its_model_chats() {
    for (entry, chats) in [
        (r#"{"id":"m"}"#, None),
        (r#"{"id":"m","architecture":{"output_modalities":["text"]}}"#, Some(true)),
        (r#"{"id":"m","architecture":{"output_modalities":["image","text"]}}"#, Some(true)),
        (r#"{"id":"m","architecture":{"output_modalities":["embeddings"]}}"#, Some(false)),
        (r#"{"id":"m","architecture":{"output_modalities":[],"modality":"text->image"}}"#, Some(false)),
        (r#"{"id":"m","architecture":{"modality":"text+image->text"}}"#, Some(true)),
        (r#"{"id":"m","supported_output_modalities":["embeddings"],"task":"embeddings"}"#, Some(false)),
        (r#"{"id":"m","task":"chat-completion"}"#, Some(true)),
        (r#"{"id":"m","capabilities":{"completion_chat":true}}"#, Some(true)),
        (r#"{"id":"m","capabilities":{"completion_chat":false,"completion_fim":true}}"#, Some(false)),
        (r#"{"id":"m","supports_chat":false}"#, Some(false)),
        (r#"{"name":"m","supportedGenerationMethods":["embedContent"]}"#, Some(false)),
        (r#"{"name":"m","supportedGenerationMethods":["generateContent"]}"#, None),
        (r#"{"id":"m","mode":"chat"}"#, Some(true)),
        (r#"{"id":"m","model_info":{"mode":"image_generation"}}"#, Some(false)),
        (r#"{"id":"m","mode":"audio_transcription"}"#, Some(false)),
        (r#"{"id":"m","type":"chat"}"#, Some(true)),
        (r#"{"id":"m","type":"moderation"}"#, Some(false)),
        (r#"{"id":"m","type":"embeddings"}"#, Some(false)),
        (r#"{"id":"m","type":"model"}"#, None),
        (r#"{"id":"m","type":5,"mode":null,"architecture":[],"capabilities":"x"}"#, None),
    ] {
        assert_eq!(models(&format!("[{entry}]")).unwrap()[0].chats, chats, "{entry}");
    }
    let ollama = |can: &str| format!(r#"{{"model_info":{{}},"capabilities":["{can}"]}}"#);
    assert_eq!(shown("m", &ollama("embedding")).unwrap().chats, Some(false));
}

#[test]
fn an_entry_says_what_people_call_its_model_and_when_it_was_made() {
    for (entry, label, created) in [
        (
            r#"{"id":"openai/gpt-5.1","name":"OpenAI: GPT-5.1","created":1763060305}"#,
            Some("OpenAI: GPT-5.1"),
            Some(1_763_060_305),
        ),
        (r#"{"id":"a","display_name":"Claude Sonnet 4.5","type":"model"}"#, Some("Claude Sonnet 4.5"), None),
        (r#"{"name":"models/gemini-pro","displayName":"Gemini Pro"}"#, Some("Gemini Pro"), None),
        (r#"{"id":"qwen","name":"通义千问"}"#, Some("通义千问"), None),
        // Mistral's name is another id.
        (r#"{"id":"mistral-small-latest","name":"mistral-small-2506"}"#, None, None),
        (r#"{"id":"A B","name":"A B","created":0}"#, None, None),
        (r#"{"id":"a","name":"Two\nlines","created":"x"}"#, None, None),
        (r#"{"id":"a","name":5,"display_name":" ","created":-1}"#, None, None),
    ] {
        let entry_of = models(&format!("[{entry}]")).unwrap().remove(0);
        assert_eq!((entry_of.label.as_deref(), entry_of.created), (label, created), "{entry}");
    }
}

#[test]
fn an_entry_says_whether_its_model_thinks_and_calls_tools() {
    for (entry, reasoning, tools) in [
        (r#"{"id":"m"}"#, None, None),
        (r#"{"id":"m","supported_parameters":["tools","reasoning","seed"]}"#, Some(true), Some(true)),
        (r#"{"id":"m","supported_parameters":["seed"]}"#, Some(false), Some(false)),
        (r#"{"id":"m","capabilities":{"function_calling":true}}"#, None, Some(true)),
        (
            r#"{"id":"m","model_info":{"supports_function_calling":false,"supports_reasoning":true}}"#,
            Some(true),
            Some(false),
        ),
        (r#"{"id":"m","supported_parameters":"tools","capabilities":[]}"#, None, None),
    ] {
        let traits = models(&format!("[{entry}]")).unwrap().remove(0).traits;
        assert_eq!((traits.reasoning, traits.tools), (reasoning, tools), "{entry}");
    }
}
