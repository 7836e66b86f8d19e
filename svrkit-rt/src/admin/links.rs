//! Addresses of our own pages, with what is from outside percent-encoded.

use std::fmt::Write;

/// A path of ours and a query of these fields; fields without a value are left out.
pub(super) fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let mut link = path.to_owned();
    let mut separator = '?';
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(link, "{separator}{name}=");
        for byte in value.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let _ = match plain {
                true => write!(link, "{}", char::from(byte)),
                false => write!(link, "%{byte:02X}"),
            };
        }
        separator = '&';
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_ends_it() {
        let made = link("/vars", &[("q", "a&b=\"ä\""), ("after", ""), ("n", "1")]);
        assert_eq!(made, "/vars?q=a%26b%3D%22%C3%A4%22&n=1");
    }
}
