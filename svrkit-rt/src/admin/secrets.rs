//! Settings without their secrets.

/// Words in a name that say that its value is nobody's business.
const SECRET_WORDS: [&str; 12] = [
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "secret",
    "secrets",
    "token",
    "tokens",
];
/// The same, unless the value is a number or a yes: keys are counted, and authentication is switched on.
const DOUBTFUL_WORDS: [&str; 4] = ["auth", "key", "keys", "private"];

/// What stands for a secret.
pub(super) const BLANK: &str = "•••";

/// The value of a setting as it may be shown: blank when its key is that of a secret, or of a table of secrets; without the user's part
/// of an address that has one (`mysql://user:password@host`).
pub(super) fn shown(key: &str, value: &str) -> String {
    let harmless =
        value.is_empty() || value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
    let is_secret = |word: &str| {
        let word = word.to_ascii_lowercase();
        !value.is_empty() && SECRET_WORDS.contains(&word.as_str())
            || !harmless && DOUBTFUL_WORDS.contains(&word.as_str())
    };
    if key
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(is_secret)
    {
        return BLANK.to_owned();
    }
    let mut shown = String::new();
    let mut rest = value;
    while let Some(at) = rest.find("://") {
        let (scheme, after) = rest.split_at(at + 3);
        shown.push_str(scheme);
        let authority = after.find(['/', '?', '#', '"', ' ']).unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(user) => {
                shown.push_str(BLANK);
                &after[user..]
            }
            None => after,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blank_and_nothing_else() {
        for (key, value, expected) in [
            ("admin.token", "abc", BLANK),
            ("admin.token", "", ""),
            ("smtp.user_password", "abc", BLANK),
            ("listen.TLS-Key", "/etc/k.pem", BLANK),
            ("secrets.any", "abc", BLANK),
            ("account.ticket_days", "7", "7"),
            ("admin.token", "123456", BLANK),
            ("access.rate_keys_max", "1000", "1000"),
            ("smtp.auth", "true", "true"),
            ("smtp.auth", "abc", BLANK),
            ("engine.keyboard", "qwerty", "qwerty"),
            ("store", "mysql://u:p@db:3306/im", "mysql://•••@db:3306/im"),
            (
                "hooks",
                "[\"http://a@b\", \"http://c\"]",
                "[\"http://•••@b\", \"http://c\"]",
            ),
            ("page", "http://h/x@y", "http://h/x@y"),
        ] {
            assert_eq!(shown(key, value), expected, "{key}");
        }
    }
}
