//! Which models of a list can hold a conversation, and in which order they are offered.

use super::listing::Entry;

/// Words in the names of models that cannot chat. A word ends at anything that is neither a letter nor a digit.
const WORDS: &[&str] = &[
    // Text to vectors, and ranking.
    "ada",
    "babbage",
    "bge",
    "clip",
    "davinci",
    "e5",
    "gte",
    "minilm",
    "paraphrase",
    "rank",
    "retrieval",
    "similarity",
    // Judging text.
    "shieldgemma",
    "virtueguard",
    // Speech and sound.
    "aqa",
    "asr",
    "audio",
    "kokoro",
    "live",
    "lyria",
    "musicgen",
    "orpheus",
    "parakeet",
    "playai",
    "realtime",
    "sonic",
    "speech",
    "stt",
    "tts",
    "voice",
    // Pictures and films.
    "dall",
    "diffusion",
    "dreamshaper",
    "hailuo",
    "hidream",
    "i2v",
    "image",
    "images",
    "juggernaut",
    "kling",
    "ocr",
    "sdxl",
    "seedance",
    "seedream",
    "sora",
    "t2v",
    "upscale",
    "upscaler",
    "veo",
    "video",
];

/// Beginnings of such words.
const BEGINNINGS: &[&str] =
    &["embed", "flux", "guard", "imagen", "moderat", "rerank", "sora", "transcri", "whisper"];

/// Ends of such words.
const ENDS: &[&str] = &["bert"];

/// Models of OpenAI's own server that its `/chat/completions` does not take.
const NOT_AT_OPENAI: &[&str] = &[
    "codex",
    "computer-use",
    "deep-research",
    "gpt-3.5-turbo-instruct",
    "gpt-5-pro",
    "gpt-5.2-pro",
    "o1-pro",
    "o3-pro",
];

/// Whether this model can chat: as the server says, else by its name.
pub(super) fn can_chat(entry: &Entry, base_url: &str) -> bool {
    entry.chats.unwrap_or_else(|| {
        let is_openai = base_url.split('/').nth(2) == Some("api.openai.com");
        let not_here = is_openai && NOT_AT_OPENAI.iter().any(|part| entry.name.contains(part));
        !not_here && !is_named_otherwise(&entry.name)
    })
}

fn is_named_otherwise(name: &str) -> bool {
    // What is before the last slash names whoever made the model.
    let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| {
        WORDS.contains(&word)
            || BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
            || ENDS.iter().any(|end| word.ends_with(end))
    })
}

/// Puts the newest model first where the list says when each was made. Models of one age, and those of a list that says
/// nothing, keep the order of the list; a model without an age comes last.
pub(super) fn newest_first(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.created.unwrap_or_default()));
}

#[cfg(test)]
mod tests {
    use super::{Entry, can_chat, newest_first};

    const ELSEWHERE: &str = "https://llm.example.org/v1";
    const OPENAI: &str = "https://api.openai.com/v1";

    fn named(name: &str) -> Entry {
        Entry { name: name.to_owned(), ..Entry::default() }
    }

    #[test]
    fn models_that_chat_stay() {
        for name in [
            // OpenAI
            "gpt-5.1",
            "gpt-5-chat-latest",
            "gpt-5-nano-2025-08-07",
            "gpt-4o-search-preview",
            "chatgpt-4o-latest",
            "gpt-3.5-turbo-16k",
            "o4-mini",
            // OpenRouter
            "anthropic/claude-sonnet-4.5",
            "google/gemini-2.5-pro",
            "deepseek/deepseek-chat-v3.1:free",
            "x-ai/grok-4-fast",
            "perplexity/sonar-pro",
            "qwen/qwen3-vl-235b-a22b-instruct",
            // Mistral
            "mistral-large-latest",
            "codestral-2508",
            "voxtral-small-2507",
            "pixtral-12b",
            // Ollama
            "llama3.2:3b",
            "deepseek-r1:8b",
            "gpt-oss:20b",
            "llava:13b",
            "moondream:latest",
            "smollm2",
            "phi4-mini-reasoning",
            "command-r7b",
            "orca-mini",
            // Groq
            "llama-3.3-70b-versatile",
            "groq/compound-mini",
            "openai/gpt-oss-safeguard-20b",
            "moonshotai/kimi-k2-instruct-0905",
            "allam-2-7b",
            // Together
            "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
            "Qwen/Qwen2.5-7B-Instruct-Turbo",
            "arcee-ai/virtuoso-large",
            "image-lab/prose-7b",
        ] {
            assert!(can_chat(&named(name), ELSEWHERE), "{name}");
        }
        assert!(can_chat(&named("gpt-5.1"), OPENAI) && can_chat(&named("o3"), OPENAI));
    }

    #[test]
    fn models_that_cannot_chat_are_left_out() {
        for name in [
            // OpenAI
            "text-embedding-3-small",
            "text-embedding-ada-002",
            "whisper-1",
            "tts-1-hd",
            "gpt-4o-mini-tts",
            "dall-e-3",
            "gpt-image-1-mini",
            "chatgpt-image-latest",
            "omni-moderation-latest",
            "gpt-4o-transcribe-diarize",
            "gpt-realtime",
            "gpt-4o-mini-realtime-preview-2024-12-17",
            "gpt-4o-audio-preview",
            "gpt-audio-mini",
            "sora-2-pro",
            "babbage-002",
            "davinci-002",
            // Google
            "models/gemini-embedding-001",
            "models/gemini-2.5-flash-image",
            "models/gemini-2.5-flash-preview-tts",
            "models/imagen-4.0-generate-001",
            "models/veo-3.0-generate-001",
            "models/aqa",
            // Mistral
            "mistral-embed",
            "codestral-embed-2505",
            "mistral-moderation-latest",
            "mistral-ocr-latest",
            "voxtral-mini-transcribe-2507",
            // Ollama
            "nomic-embed-text:latest",
            "mxbai-embed-large",
            "all-minilm:22m",
            "bge-m3",
            "snowflake-arctic-embed2",
            "embeddinggemma:300m",
            "qwen3-embedding:0.6b",
            "paraphrase-multilingual",
            "llama-guard3:8b",
            "shieldgemma:2b",
            "x/flux2-klein",
            // Groq
            "whisper-large-v3-turbo",
            "distil-whisper-large-v3-en",
            "playai-tts-arabic",
            "meta-llama/llama-guard-4-12b",
            "meta-llama/llama-prompt-guard-2-22m",
            "canopylabs/orpheus-v1-english",
            // Together
            "BAAI/bge-large-en-v1.5",
            "togethercomputer/m2-bert-80M-32k-retrieval",
            "intfloat/multilingual-e5-large-instruct",
            "Alibaba-NLP/gte-modernbert-base",
            "Salesforce/Llama-Rank-V1",
            "mixedbread-ai/Mxbai-Rerank-Large-V2",
            "black-forest-labs/FLUX.1-schnell",
            "cartesia/sonic-2",
            "VirtueAI/VirtueGuard-Text-Lite",
            "stabilityai/stable-diffusion-xl-base-1.0",
            "Wan-AI/Wan2.2-T2V-A14B",
            "ByteDance-Seed/Seedream-4.0",
            "Qwen/Qwen-Image",
        ] {
            assert!(!can_chat(&named(name), ELSEWHERE), "{name}");
        }
    }

    #[test]
    fn what_openai_serves_at_other_addresses_is_left_out_there_only() {
        for name in ["gpt-5-codex", "o3-pro-2025-06-10", "o4-mini-deep-research", "gpt-3.5-turbo-instruct"] {
            assert!(!can_chat(&named(name), OPENAI), "{name}");
            assert!(can_chat(&named(name), ELSEWHERE), "{name}");
        }
    }

    #[test]
    fn what_the_server_says_goes_before_the_name() {
        let said = |name: &str, chats| Entry { chats: Some(chats), ..named(name) };
        assert!(can_chat(&said("google/gemini-2.5-flash-image", true), ELSEWHERE));
        assert!(!can_chat(&said("some-name", false), ELSEWHERE));
    }

    #[test]
    fn the_newest_is_first_where_the_list_tells() {
        let order = |ages: &[Option<i64>]| {
            let mut entries: Vec<_> = ages
                .iter()
                .zip('a'..)
                .map(|(created, name)| Entry { created: *created, ..named(&name.to_string()) })
                .collect();
            newest_first(&mut entries);
            entries.into_iter().map(|entry| entry.name).collect::<String>()
        };
        assert_eq!(order(&[Some(1), Some(3), None, Some(2)]), "bdac");
        assert_eq!(order(&[None, None, None]), "abc");
        assert_eq!(order(&[Some(5), Some(5), Some(5)]), "abc");
    }
}
