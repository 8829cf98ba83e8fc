//! How model servers differ, in tables: words for endings, tags around thinking, names of fields, phrases of errors,
//! refused parameters. The last column of each row says which server uses it, or where it was seen.
//!
//! Comparisons are in lower case. What is in no table is read as OpenAI's API defines it.

/// Why an answer ended, ordered from harmless to bad, because the worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FinishReason {
    /// The answer goes on.
    NotYet,
    Stop,
    /// The answer was cut at a length limit.
    Length,
    /// The provider's content rules held the answer back.
    Filtered,
    Failed,
}

/// The meaning of a `finish_reason` in any spelling: `MAX_TOKENS`, `maxTokens`, `max-tokens` and
/// `FINISH_REASON_MAX_TOKENS` are the same. An unknown word means a normal stop.
pub(super) fn finish(word: &str) -> FinishReason {
    let plain = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let word = plain(word);
    let word = word.strip_prefix("finishreason").filter(|rest| !rest.is_empty()).unwrap_or(&word);
    let same = |known: &str| {
        let known = plain(known);
        known == word || known.strip_prefix("finishreason") == Some(word)
    };
    FINISHES.iter().find(|(known, ..)| same(known)).map_or(FinishReason::Stop, |(_, finish, _)| *finish)
}

const FINISHES: &[(&str, FinishReason, &str)] = &[
    ("", FinishReason::NotYet, "several, in every chunk but the last"),
    ("null", FinishReason::NotYet, "proxies that write null as a word"),
    ("none", FinishReason::NotYet, "proxies that write Python's None as a word"),
    ("nil", FinishReason::NotYet, "proxies in Go and Ruby"),
    ("undefined", FinishReason::NotYet, "proxies in JavaScript"),
    ("finish_reason_unspecified", FinishReason::NotYet, "Gemini, API reference, FinishReason"),
    ("unspecified", FinishReason::NotYet, "Vertex AI, short form"),
    ("length", FinishReason::Length, "OpenAI"),
    ("max_tokens", FinishReason::Length, "Anthropic, Gemini, Cohere"),
    ("max_output_tokens", FinishReason::Length, "OpenAI, Responses API"),
    ("max_length", FinishReason::Length, "proxies in front of Transformers"),
    ("model_length", FinishReason::Length, "Mistral, API reference"),
    ("token_limit", FinishReason::Length, "IBM watsonx"),
    ("length_limit", FinishReason::Length, "proxies"),
    ("max_completion_tokens", FinishReason::Length, "proxies, after the parameter"),
    ("context_length", FinishReason::Length, "proxies"),
    ("context_window_exceeded", FinishReason::Length, "proxies in front of Anthropic"),
    ("max_context_length", FinishReason::Length, "xAI"),
    ("model_context_window_exceeded", FinishReason::Length, "Anthropic; z.ai (mozilla-ai/any-llm#1200)"),
    ("error_limit", FinishReason::Length, "Cohere"),
    ("limit", FinishReason::Length, "llama.cpp, stop_type"),
    ("content_filter", FinishReason::Filtered, "OpenAI, Azure"),
    ("content_filtered", FinishReason::Filtered, "Bedrock"),
    ("guardrail_intervened", FinishReason::Filtered, "Bedrock"),
    ("refusal", FinishReason::Filtered, "Anthropic, stop reasons"),
    ("safety", FinishReason::Filtered, "Gemini, FinishReason"),
    ("recitation", FinishReason::Filtered, "Gemini, FinishReason"),
    ("blocklist", FinishReason::Filtered, "Gemini, FinishReason"),
    ("prohibited_content", FinishReason::Filtered, "Gemini, FinishReason"),
    ("spii", FinishReason::Filtered, "Gemini, FinishReason"),
    ("language", FinishReason::Filtered, "Gemini, FinishReason"),
    ("image_safety", FinishReason::Filtered, "Gemini, FinishReason"),
    ("model_armor", FinishReason::Filtered, "Vertex AI, FinishReason"),
    ("blocked", FinishReason::Filtered, "gateways with guardrails"),
    ("flagged", FinishReason::Filtered, "gateways with guardrails"),
    ("moderation", FinishReason::Filtered, "gateways with guardrails"),
    ("sensitive", FinishReason::Filtered, "Zhipu (promptfoo/promptfoo#9905)"),
    ("data_inspection_failed", FinishReason::Filtered, "DashScope"),
    ("error_toxic", FinishReason::Filtered, "Cohere"),
    ("error", FinishReason::Failed, "OpenRouter (gethouston/houston#1211), Cohere, Mistral"),
    ("network_error", FinishReason::Failed, "Zhipu (promptfoo/promptfoo#9905)"),
    ("insufficient_system_resource", FinishReason::Failed, "DeepSeek, API reference"),
    ("abort", FinishReason::Failed, "vLLM, SGLang"),
    ("server_error", FinishReason::Failed, "proxies"),
    ("timeout", FinishReason::Failed, "proxies"),
];

/// The tags around thinking that stands in the text of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tags {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
}

const fn tags(open: &'static str, close: &'static str, _source: &str) -> Tags {
    Tags { open, close }
}

pub(super) const THINKING: &[Tags] = &[
    tags(
        "<think>",
        "</think>",
        "DeepSeek R1, Qwen 3, QwQ; the opening one may be in the prompt (vllm#13125)",
    ),
    tags("<thinking>", "</thinking>", "models that were told to, by a system prompt"),
    tags("<thought>", "</thought>", "Gemini's OpenAI endpoint with include_thoughts"),
    tags("<reasoning>", "</reasoning>", "fine-tuned models (GRPO recipes)"),
    tags("<|begin_of_thought|>", "<|end_of_thought|>", "Sky-T1, OpenThinker"),
    tags("<seed:think>", "</seed:think>", "Seed-OSS"),
    tags("[think]", "[/think]", "Magistral's chat template"),
    tags("◁think▷", "◁/think▷", "Kimi k1.5, Kimi-VL"),
    tags(
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
        "gpt-oss, where the server does not read its format",
    ),
    tags("<|channel|>analysis<|message|>", "<|channel|>final<|message|>", "gpt-oss without thinking"),
];

/// The fields in which servers send thinking beside the text. Where an event has several they hold the same text, so
/// the first in this list counts.
pub(super) const REASONING_FIELDS: &[(&str, &str)] = &[
    ("reasoning_content", "DeepSeek, Qwen, vLLM, llama.cpp, xAI"),
    ("reasoning", "OpenRouter, Groq, Ollama, newer vLLM"),
    ("reasoning_text", "GitHub Copilot"),
    ("thinking", "Mistral's parts, Ollama, Anthropic's parts"),
    ("thought", "Gemini's parts"),
    ("thoughts", "proxies in front of Gemini"),
    ("thinking_content", "proxies"),
    ("reasoning_details", "OpenRouter, beside `reasoning`"),
    ("thinking_blocks", "LiteLLM, beside `reasoning_content`"),
];

/// The index of a field in [`REASONING_FIELDS`].
pub(super) fn reasoning_rank(field: &str) -> Option<usize> {
    REASONING_FIELDS.iter().position(|(known, _)| *known == field)
}

/// Whether a content part of this `type` is thinking: `thinking`, `reasoning.text`, `redacted_thinking`, `thought`.
pub(super) fn is_thinking_type(kind: &str) -> bool {
    ["think", "thought", "reason"].iter().any(|word| kind.contains(word))
}

/// What the words of an error are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// One request has more tokens than the account may send in a minute.
    TokensPerMinute,
    NoCredit,
    TooLong,
    UnknownModel,
    Filtered,
    BadKey,
    RateLimit,
}

/// What the words of an error say. `words` are in lower case. The first row that matches counts, so rows that would
/// also match another kind's words come first.
pub(super) fn complaint(words: &str) -> Option<Complaint> {
    COMPLAINTS.iter().find(|(phrase, ..)| words.contains(phrase)).map(|(_, complaint, _)| *complaint)
}

const COMPLAINTS: &[(&str, Complaint, &str)] = &[
    ("tokens per minute", Complaint::TokensPerMinute, "Groq's 413 (gpt-researcher#985), xAI (cline#4826)"),
    ("tokens per min", Complaint::TokensPerMinute, "OpenAI (vanna-flask#11)"),
    ("(tpm)", Complaint::TokensPerMinute, "OpenAI, Groq"),
    ("insufficient_quota", Complaint::NoCredit, "OpenAI, error codes"),
    ("billing_hard_limit", Complaint::NoCredit, "OpenAI, error codes"),
    ("billing_not_active", Complaint::NoCredit, "OpenAI, error codes"),
    ("insufficient balance", Complaint::NoCredit, "DeepSeek 402, MiniMax 1008"),
    ("insufficient_balance", Complaint::NoCredit, "Moonshot"),
    ("insufficient credits", Complaint::NoCredit, "OpenRouter"),
    ("more credits", Complaint::NoCredit, "OpenRouter (oh-my-pi#9569)"),
    ("credit balance is too low", Complaint::NoCredit, "Anthropic's 400"),
    ("used all available credits", Complaint::NoCredit, "xAI"),
    ("payment required", Complaint::NoCredit, "Hugging Face"),
    ("arrearage", Complaint::NoCredit, "DashScope, error codes"),
    ("context_length", Complaint::TooLong, "OpenAI context_length_exceeded"),
    ("context length", Complaint::TooLong, "OpenAI, vLLM, SGLang, DeepSeek, Mistral, LM Studio, Ollama"),
    ("context window", Complaint::TooLong, "OpenAI, MiniMax, llama-cpp-python (#416)"),
    ("context size", Complaint::TooLong, "llama.cpp (#15780, #19774)"),
    ("exceed_context", Complaint::TooLong, "llama.cpp (#15780)"),
    ("n_ctx", Complaint::TooLong, "LM Studio (opencode#11141)"),
    ("prompt is too long", Complaint::TooLong, "Anthropic, Bedrock (goose#7504), Fireworks"),
    ("prompt too long", Complaint::TooLong, "Ollama"),
    ("prompt exceeds max", Complaint::TooLong, "Zhipu 1261"),
    ("prompt 超长", Complaint::TooLong, "Zhipu 1261"),
    ("exceeds max length", Complaint::TooLong, "gateways: input length … exceeds max length"),
    (
        "exceed context limit",
        Complaint::TooLong,
        "Anthropic: input length and max_tokens exceed context limit",
    ),
    ("reduce your prompt", Complaint::TooLong, "OpenAI's completions"),
    ("input is too long", Complaint::TooLong, "Bedrock (bedrock-chat#95), Hugging Face"),
    ("input too long", Complaint::TooLong, "Cloudflare"),
    ("exceeds the maximum number of tokens", Complaint::TooLong, "Gemini (gemini-cli#6678)"),
    ("maximum prompt length", Complaint::TooLong, "xAI (cline#3120)"),
    ("`inputs` tokens", Complaint::TooLong, "TGI (#628), Together"),
    ("`inputs` must have less than", Complaint::TooLong, "TGI (#695)"),
    ("range of input length", Complaint::TooLong, "Qwen on DashScope (qwen-code#98)"),
    ("too many tokens", Complaint::TooLong, "Cohere (sandbox-topically#4)"),
    ("too large for model with", Complaint::TooLong, "Mistral"),
    ("larger context", Complaint::TooLong, "LM Studio (lmstudio-bug-tracker#546)"),
    ("reduce the length of the messages", Complaint::TooLong, "OpenAI, Groq"),
    ("prompt token count", Complaint::TooLong, "GitHub Copilot"),
    ("input tokens exceed", Complaint::TooLong, "OpenAI, Responses API"),
    ("model token limit", Complaint::TooLong, "Moonshot"),
    ("max message tokens", Complaint::TooLong, "Volcengine"),
    ("string_above_max_length", Complaint::TooLong, "OpenAI, error codes"),
    ("exceeds the model limit", Complaint::TooLong, "Bedrock (crush#946)"),
    ("model_not_found", Complaint::UnknownModel, "OpenAI, error codes"),
    ("model not found", Complaint::UnknownModel, "LocalAI, Together"),
    ("not a valid model", Complaint::UnknownModel, "OpenRouter"),
    ("model_not_supported", Complaint::UnknownModel, "GitHub Copilot, Hugging Face"),
    ("model_not_available", Complaint::UnknownModel, "Together"),
    ("invalid model", Complaint::UnknownModel, "Mistral, LiteLLM"),
    ("invalid_model", Complaint::UnknownModel, "Mistral 1500"),
    ("unknown model", Complaint::UnknownModel, "MiniMax, Zhipu"),
    ("no such model", Complaint::UnknownModel, "proxies"),
    ("model not exist", Complaint::UnknownModel, "DeepSeek's 400"),
    ("try pulling it first", Complaint::UnknownModel, "Ollama"),
    ("no endpoints found", Complaint::UnknownModel, "OpenRouter's 404"),
    ("content_filter", Complaint::Filtered, "Azure's 400"),
    ("content_policy", Complaint::Filtered, "OpenAI content_policy_violation"),
    ("responsibleaipolicy", Complaint::Filtered, "Azure, inner error"),
    ("content management policy", Complaint::Filtered, "Azure"),
    ("data_inspection_failed", Complaint::Filtered, "DashScope"),
    ("datainspectionfailed", Complaint::Filtered, "DashScope"),
    ("inappropriate content", Complaint::Filtered, "DashScope"),
    ("content exists risk", Complaint::Filtered, "DeepSeek's 400"),
    ("safety system", Complaint::Filtered, "OpenAI"),
    ("moderation", Complaint::Filtered, "OpenRouter's 403"),
    ("invalid_api_key", Complaint::BadKey, "OpenAI, error codes"),
    ("incorrect api key", Complaint::BadKey, "OpenAI, xAI's 400"),
    ("invalid api key", Complaint::BadKey, "Groq, Mistral"),
    ("api key not valid", Complaint::BadKey, "Gemini's 400"),
    ("api_key_invalid", Complaint::BadKey, "Gemini's 400"),
    ("authentication", Complaint::BadKey, "Anthropic, DeepSeek"),
    ("unauthorized", Complaint::BadKey, "proxies"),
    ("permission_denied", Complaint::BadKey, "Gemini"),
    ("permission_error", Complaint::BadKey, "Anthropic"),
    ("rate_limit", Complaint::RateLimit, "OpenAI, Anthropic, Groq"),
    ("rate limit", Complaint::RateLimit, "OpenAI, Cohere"),
    ("rate-limit", Complaint::RateLimit, "OpenRouter, metadata.raw (open-webui/computer#293)"),
    ("too many requests", Complaint::RateLimit, "HTTP"),
    ("resource_exhausted", Complaint::RateLimit, "Gemini (vercel/ai#2698)"),
    ("throttl", Complaint::RateLimit, "Bedrock ThrottlingException, DashScope Throttling"),
];

/// A parameter of the request that some servers do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    StreamOptions,
    /// `max_tokens`, where the server wants the newer `max_completion_tokens`.
    OlderMaxTokens,
    /// The limit of tokens under either name.
    MaxTokens,
    Temperature,
    TopP,
    ReasoningEffort,
    Stream,
}

/// The parameters that an error names, in the order in which they are left out. `words` are in lower case.
pub(super) fn named_parameters(words: &str) -> impl Iterator<Item = Parameter> {
    PARAMETERS.iter().filter(move |(phrase, ..)| words.contains(phrase)).map(|(_, parameter, _)| *parameter)
}

/// Whether an error is about the value of a parameter, so that another value may be accepted. `words` are in lower case.
pub(super) fn is_about_value(words: &str) -> bool {
    VALUES.iter().any(|(phrase, _)| words.contains(phrase))
}

const VALUES: &[(&str, &str)] = &[
    ("supported values are", "OpenAI, reasoning_effort"),
    ("must be", "OpenAI, Anthropic, DeepSeek"),
    ("should be", "FastAPI, DashScope"),
    ("less than", "FastAPI, Mistral"),
    ("greater than", "FastAPI"),
    ("between", "OpenAI, Groq"),
    ("range", "Anthropic, Gemini, DashScope"),
    ("too large", "OpenAI, vLLM: max_tokens"),
    ("too high", "proxies"),
    ("at most", "OpenAI: max_tokens"),
    ("at least", "OpenAI: max_output_tokens"),
    ("maximum", "Groq, Anthropic: max_tokens"),
    ("exceed", "Fireworks, Together: max_tokens"),
    ("both", "Anthropic and Bedrock: temperature and top_p together"),
];

const PARAMETERS: &[(&str, Parameter, &str)] = &[
    ("stream_options", Parameter::StreamOptions, "Mistral's 422 (avante.nvim#2347), older vLLM and Azure"),
    ("include_usage", Parameter::StreamOptions, "Mistral (openai-agents-python#442)"),
    ("max_completion_tokens", Parameter::OlderMaxTokens, "OpenAI's o models and GPT-5"),
    ("max_completion_tokens", Parameter::MaxTokens, "servers that know neither name"),
    ("max_tokens", Parameter::MaxTokens, "servers with limits of their own"),
    ("max_new_tokens", Parameter::MaxTokens, "TGI (transformers#28523)"),
    ("top_p", Parameter::TopP, "OpenAI's o models; Anthropic, together with temperature"),
    ("top-p", Parameter::TopP, "proxies"),
    ("temperature", Parameter::Temperature, "OpenAI's o models and GPT-5: unsupported_value"),
    (
        "reasoning_effort",
        Parameter::ReasoningEffort,
        "OpenAI's models that do not think, Mistral's 422, Groq",
    ),
    ("reasoning.effort", Parameter::ReasoningEffort, "OpenAI, Responses API; OpenRouter"),
    ("reasoning effort", Parameter::ReasoningEffort, "xAI, proxies"),
    ("not support thinking", Parameter::ReasoningEffort, "Ollama"),
    ("'stream'", Parameter::Stream, "OpenAI: o1-pro; unsupported_value"),
    ("`stream`", Parameter::Stream, "proxies"),
    ("\"stream\"", Parameter::Stream, "proxies"),
    ("body stream ", Parameter::Stream, "FastAPI's `loc`, for servers without streams"),
    ("streaming is not", Parameter::Stream, "Bedrock gateways, Cloudflare"),
    ("streaming not supported", Parameter::Stream, "proxies"),
    ("not support stream", Parameter::Stream, "proxies: does not support streaming"),
    ("stream is not supported", Parameter::Stream, "proxies"),
    ("stream mode is not", Parameter::Stream, "DashScope"),
];

/// Fields in which errors repeat the request; their words are the person's, not the server's.
pub(super) const ECHOES: &[&str] = &["input", "body", "request", "messages", "prompt", "ctx", "url"];

/// Fields that hold a status as a number or as digits.
pub(super) const STATUS_FIELDS: &[(&str, &str)] = &[
    ("code", "OpenRouter, vLLM, llama.cpp, Gemini"),
    ("status", "proxies"),
    ("status_code", "LiteLLM, MiniMax"),
    ("statuscode", "proxies in JavaScript (statusCode)"),
    ("http_code", "MiniMax"),
    ("type", "vLLM in some versions"),
];

/// Fields whose text is an error when it stands where a part of the answer should be.
pub(super) const MESSAGE_FIELDS: &[(&str, &str)] = &[
    ("detail", "FastAPI: a text or a list"),
    ("message", "DashScope, Mistral, Bedrock gateways"),
    ("msg", "Zhipu's and other gateways"),
    ("errors", "Cloudflare"),
    ("error_msg", "Baidu"),
    ("error_message", "proxies"),
    ("errormessage", "Lambda (errorMessage)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_fit_and_says_where_it_is_from() {
        let rows = FINISHES.iter().map(|row| (row.0, row.2));
        let rows = rows.chain(COMPLAINTS.iter().map(|row| (row.0, row.2)));
        let rows = rows.chain(PARAMETERS.iter().map(|row| (row.0, row.2)));
        let rows = rows.chain(VALUES.iter().copied());
        let rows =
            rows.chain([REASONING_FIELDS, STATUS_FIELDS, MESSAGE_FIELDS].into_iter().flatten().copied());
        for (word, source) in rows {
            assert_eq!(word, word.to_lowercase(), "{source}");
            assert!(!source.is_empty(), "{word}");
        }
        for Tags { open, close } in THINKING {
            assert_eq!((*open, *close), (&*open.to_lowercase(), &*close.to_lowercase()));
        }
        for at in 0..COMPLAINTS.len() {
            let hidden = COMPLAINTS[..at].iter().find(|(earlier, ..)| COMPLAINTS[at].0.contains(earlier));
            let same = hidden.is_none_or(|earlier| earlier.1 == COMPLAINTS[at].1);
            assert!(same, "{} is never reached", COMPLAINTS[at].0);
        }
    }

    #[test]
    fn endings_in_any_case() {
        for (word, expected) in [
            ("stop", FinishReason::Stop),
            ("STOP", FinishReason::Stop),
            ("end_turn", FinishReason::Stop),
            ("a new word", FinishReason::Stop),
            ("Length", FinishReason::Length),
            ("MAX_TOKENS", FinishReason::Length),
            ("model_length", FinishReason::Length),
            ("maxTokens", FinishReason::Length),
            ("max-tokens", FinishReason::Length),
            ("FINISH_REASON_MAX_TOKENS", FinishReason::Length),
            ("FINISH_REASON_UNSPECIFIED", FinishReason::NotYet),
            ("content-filter", FinishReason::Filtered),
            ("FINISH_REASON_SAFETY", FinishReason::Filtered),
            ("SAFETY", FinishReason::Filtered),
            ("sensitive", FinishReason::Filtered),
            ("insufficient_system_resource", FinishReason::Failed),
            ("null", FinishReason::NotYet),
            ("None", FinishReason::NotYet),
            (" ", FinishReason::NotYet),
        ] {
            assert_eq!(finish(word), expected, "{word}");
        }
    }
}
