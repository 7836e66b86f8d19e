//! Settings without their secrets.

/// Words in a key that say that its value is nobody's business.
const SECRET_WORDS: [&str; 16] = [
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "keys",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "private",
    "secret",
    "secrets",
    "token",
    "tokens",
];

/// What stands for a secret.
pub(super) const BLANK: &str = "•••";

/// The value of a setting as it may be shown: blank when its key is that of a secret, or of a table of secrets; without the user's part
/// of an address that has one (`mysql://user:password@host`).
pub(super) fn shown(key: &str, value: &str) -> String {
    let words = key.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words = words.map(str::to_ascii_lowercase);
    if !value.is_empty() && words.any(|word| SECRET_WORDS.contains(&word.as_str())) {
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
