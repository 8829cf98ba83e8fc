//! What a browser is called, by the `User-Agent` that it sends: enough to tell one's own devices apart.

/// The word of each browser and its name. The first that occurs counts, because most also name those that they are like.
const BROWSERS: [(&str, &str); 16] = [
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("opr/", "Opera"),
    ("vivaldi/", "Vivaldi"),
    ("yabrowser/", "Yandex Browser"),
    ("samsungbrowser/", "Samsung Internet"),
    ("micromessenger/", "WeChat"),
    ("fxios/", "Firefox"),
    ("firefox/", "Firefox"),
    ("crios/", "Chrome"),
    ("headlesschrome/", "Chrome"),
    ("chrome/", "Chrome"),
    ("chromium/", "Chromium"),
    ("safari/", "Safari"),
    ("curl/", "curl"),
];

/// The word of each system and its name; the first that occurs counts.
const SYSTEMS: [(&str, &str); 9] = [
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("harmonyos", "HarmonyOS"),
    ("openharmony", "HarmonyOS"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("cros", "ChromeOS"),
    ("mac os x", "macOS"),
    ("linux", "Linux"),
];

/// The longest name of a program that is no browser we know.
const MOST_CHARS: usize = 40;

/// Such as `Firefox, Windows`: names of products, which are the same in each language. A program that is no browser is
/// called as it calls itself; empty when it says nothing.
pub fn name(user_agent: &str) -> String {
    let lower = user_agent.to_ascii_lowercase();
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(word, _)| lower.contains(word)).map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => {
            let own = user_agent.split(['/', ' ', '(']).next().unwrap_or_default();
            own.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        const APPLE: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        const BLINK: &str = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        for (agent, wanted) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox, Windows",
            ),
            (&format!("Mozilla/5.0 (X11; Linux x86_64) {BLINK}"), "Chrome, Linux"),
            (&format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Edg/141.0.0.0"), "Edge, Windows"),
            (&format!("Mozilla/5.0 (Windows NT 10.0) {BLINK} OPR/120.0"), "Opera, Windows"),
            (
                &format!(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.0 Safari/605.1.15"
                ),
                "Safari, macOS",
            ),
            (
                &format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} CriOS/141.0 Mobile Safari/604.1"
                ),
                "Chrome, iPhone",
            ),
            (
                &format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {APPLE} MicroMessenger/8.0.5"
                ),
                "WeChat, iPhone",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox, Android"),
            (&format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK}"), "Chrome, ChromeOS"),
            ("curl/8.5.0", "curl"),
            ("my-bot/1.0 (+https://example.org)", "my-bot"),
            ("Something on Linux", "Linux"),
            ("", ""),
            ("\u{7}", ""),
        ] {
            assert_eq!(name(agent), wanted, "{agent}");
        }
        assert_eq!(name(&"x".repeat(200)).len(), MOST_CHARS);
    }
}
