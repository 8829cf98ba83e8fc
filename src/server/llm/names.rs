//! What people call providers.

/// Names of providers as a configuration writes them, in small letters, and as people do.
const KNOWN: &[(&str, &str)] = &[
    ("anthropic", "Anthropic"),
    ("azure", "Azure"),
    ("bedrock", "Amazon Bedrock"),
    ("cerebras", "Cerebras"),
    ("cohere", "Cohere"),
    ("dashscope", "DashScope"),
    ("deepinfra", "DeepInfra"),
    ("deepseek", "DeepSeek"),
    ("demo", "Demo"),
    ("fireworks", "Fireworks"),
    ("gemini", "Gemini"),
    ("github", "GitHub Models"),
    ("google", "Google"),
    ("groq", "Groq"),
    ("huggingface", "Hugging Face"),
    ("litellm", "LiteLLM"),
    ("llamacpp", "llama.cpp"),
    ("lm-studio", "LM Studio"),
    ("lmstudio", "LM Studio"),
    ("localai", "LocalAI"),
    ("minimax", "MiniMax"),
    ("mistral", "Mistral"),
    ("moonshot", "Moonshot"),
    ("nvidia", "NVIDIA"),
    ("ollama", "Ollama"),
    ("openai", "OpenAI"),
    ("openrouter", "OpenRouter"),
    ("perplexity", "Perplexity"),
    ("qwen", "Qwen"),
    ("sglang", "SGLang"),
    ("siliconflow", "SiliconFlow"),
    ("together", "Together"),
    ("vllm", "vLLM"),
    ("xai", "xAI"),
    ("zhipu", "Zhipu"),
];

/// What people call the provider that the configuration names so; a name that is not known stays as it is.
pub fn of_provider(name: &str) -> &str {
    let known = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(name, |(_, label)| label)
}

#[cfg(test)]
mod tests {
    use super::of_provider;

    #[test]
    fn a_provider_is_called_as_people_call_it() {
        for (name, label) in [
            ("openai", "OpenAI"),
            ("OPENROUTER", "OpenRouter"),
            ("ollama", "Ollama"),
            ("llamacpp", "llama.cpp"),
            ("our-own.box", "our-own.box"),
            ("", ""),
        ] {
            assert_eq!(of_provider(name), label);
        }
    }
}
