//! [`Seed`]: what a person's app makes the codes of a few digits from (TOTP, RFC 6238).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::error::AppError;

/// As the standard recommends; all apps take seeds of this length.
const SEED_BYTES: usize = 20;
/// How long a code counts, in seconds. Apps ignore any other number.
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// How many steps a clock may be off, to either side.
const SKEW: u16 = 1;

/// The secret that a person's app and the site share.
pub struct Seed(Totp);

impl Seed {
    /// # Errors
    ///
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, AppError> {
        let mut bytes = [0; SEED_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system gives no random numbers");
            AppError::Internal
        })?;
        Self::of(&bytes).ok_or(AppError::Internal)
    }

    /// `None` for fewer bytes than the standard allows.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::from(bytes));
        totp.build().ok().map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.secret().as_ref()
    }

    /// For typing into an app: base 32.
    pub fn key(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The address in the QR code that apps scan. They list the seed under `site` and `login`.
    pub fn address(&self, site: &str, login: &str) -> String {
        // A colon between the two is part of the address.
        let quoted = |text: &str| utf8_percent_encode(&text.replace(':', " "), NON_ALPHANUMERIC).to_string();
        let (site, login, key) = (quoted(site), quoted(login), self.key());
        format!("otpauth://totp/{site}:{login}?secret={key}&issuer={site}")
    }

    /// The step whose code this is, near the time `now` in UTC milliseconds. Blanks in the code do not matter.
    pub fn step_of(&self, typed: &str, now: i64) -> Option<i64> {
        let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != usize::from(DIGITS) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = u64::try_from(now / 1000).ok()?;
        self.0.check(&code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The code at a time in UTC milliseconds.
    #[cfg(test)]
    pub fn code_at(&self, now: i64) -> String {
        self.0.generate((now / 1000).unsigned_abs()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1000;

    /// The seed of the tables in the standards (RFC 6238, appendix B), whose codes of eight digits end in these.
    fn seed() -> Seed {
        Seed::of(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed().step_of(code, seconds * SECOND), Some(seconds / 30), "{code}");
        }
        assert_eq!(seed().step_of(" 081 804\u{a0}", 1_111_111_109 * SECOND), Some(37_037_036));
    }

    #[test]
    fn a_code_counts_one_step_before_and_after_its_own() {
        let now = 1_111_111_110 * SECOND;
        let code = seed().code_at(now);
        for (later, counts) in [(-31, false), (-30, true), (0, true), (59, true), (60, false)] {
            assert_eq!(seed().step_of(&code, now + later * SECOND).is_some(), counts, "{later}");
        }
        assert_eq!(seed().step_of(&code, now + 30 * SECOND), Some(37_037_037), "the step of the code");
    }

    #[test]
    fn anything_else_is_no_code() {
        let now = 59 * SECOND;
        let long = "2".repeat(1 << 20);
        for typed in ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "-87082", "+87082", "287082\0", &long]
        {
            assert_eq!(seed().step_of(typed, now), None, "{typed:.20}");
        }
        assert_eq!(seed().step_of("287082", -59 * SECOND), None);
    }

    #[test]
    fn an_address_has_the_key_and_says_where_it_is_for() {
        let address = seed().address("Inglenook (chat.example.org)", "lin:a&b=?@example.org");
        assert_eq!(
            address,
            "otpauth://totp/Inglenook%20%28chat%2Eexample%2Eorg%29:lin%20a%26b%3D%3F%40example%2Eorg\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Inglenook%20%28chat%2Eexample%2Eorg%29"
        );
        assert_eq!(Seed::of(seed().bytes()).unwrap().key(), seed().key());
        assert_ne!(Seed::random().unwrap().key(), Seed::random().unwrap().key());
        assert!(Seed::of(b"too short").is_none());
    }
}
