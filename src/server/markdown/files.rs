//! [`name`]: what a code block is called as a file, by its language.

use super::highlight::token;

/// The name for a code block of the language that an info string says. It is one of these, so an answer cannot call a
/// file as it likes.
pub(super) fn name(info: &str) -> &'static str {
    match &*token(info).unwrap_or_default() {
        "bat" | "batch" | "cmd" | "dos" => "code.bat",
        "c" => "code.c",
        "clojure" | "clj" => "code.clj",
        "c++" | "cpp" | "cc" | "cxx" | "hpp" => "code.cpp",
        "c#" | "cs" | "csharp" => "code.cs",
        "css" => "code.css",
        "csv" => "code.csv",
        "dart" => "code.dart",
        "diff" | "patch" => "code.diff",
        "elixir" | "ex" | "exs" => "code.ex",
        "erlang" | "erl" => "code.erl",
        "f#" | "fs" | "fsharp" => "code.fs",
        "go" | "golang" => "code.go",
        "graphql" | "gql" => "code.graphql",
        "h" => "code.h",
        "haskell" | "hs" => "code.hs",
        "html" | "htm" | "xhtml" => "code.html",
        "ini" | "cfg" | "conf" => "code.ini",
        "java" => "code.java",
        "julia" | "jl" => "code.jl",
        "javascript" | "js" | "mjs" | "cjs" | "node" => "code.js",
        "json" | "jsonc" | "json5" => "code.json",
        "jsx" => "code.jsx",
        "kotlin" | "kt" | "kts" => "code.kt",
        "less" => "code.less",
        "lua" => "code.lua",
        "matlab" | "octave" | "objc" | "objective-c" => "code.m",
        "markdown" | "md" | "mdx" => "code.md",
        "ocaml" | "ml" => "code.ml",
        "mermaid" => "code.mmd",
        "nix" => "code.nix",
        "php" => "code.php",
        "perl" | "pl" => "code.pl",
        "protobuf" | "proto" => "code.proto",
        "powershell" | "ps1" | "pwsh" => "code.ps1",
        "python" | "py" | "python3" | "py3" => "code.py",
        "r" => "code.r",
        "ruby" | "rb" => "code.rb",
        "rust" | "rs" => "code.rs",
        "scala" => "code.scala",
        "scss" | "sass" => "code.scss",
        "sh" | "bash" | "shell" | "zsh" | "fish" | "console" | "shellsession" => "code.sh",
        "sql" | "mysql" | "postgres" | "postgresql" | "sqlite" | "plsql" => "code.sql",
        "svelte" => "code.svelte",
        "svg" => "code.svg",
        "swift" => "code.swift",
        "tex" | "latex" => "code.tex",
        "terraform" | "tf" | "hcl" => "code.tf",
        "toml" => "code.toml",
        "typescript" | "ts" | "mts" | "cts" => "code.ts",
        "tsx" => "code.tsx",
        "vue" => "code.vue",
        "xml" | "xsl" | "xslt" => "code.xml",
        "yaml" | "yml" => "code.yaml",
        "zig" => "code.zig",
        "dockerfile" | "docker" => "Dockerfile",
        "makefile" | "make" => "Makefile",
        _ => "code.txt",
    }
}

/// Whether this looks like one of our names: those of code, and that of a table.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |ending: &str| {
        !ending.is_empty()
            && ending.len() < 10
            && ending.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    matches!(name, "Dockerfile" | "Makefile" | "table.csv") || name.strip_prefix("code.").is_some_and(plain)
}

#[cfg(test)]
mod tests {
    use super::{is_name, name};

    #[test]
    fn files_are_called_by_their_language() {
        for (info, file) in [
            ("rust", "code.rs"),
            ("Rust,ignore", "code.rs"),
            ("JS title=x", "code.js"),
            ("c++", "code.cpp"),
            ("{.python}", "code.txt"),
            (".py", "code.py"),
            ("dockerfile", "Dockerfile"),
            ("", "code.txt"),
            ("../../etc/passwd", "code.txt"),
            ("exe", "code.txt"),
        ] {
            assert_eq!(name(info), file, "{info}");
            assert!(is_name(file), "{file}");
        }
    }

    #[test]
    fn other_names_are_none_of_ours() {
        for name in ["", "code.", "code.a/b", "code.tar.gz", "code.EXE", "x.rs", "../code.rs", "table.exe"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
