//! What names, passwords and other texts may be. Pure.

use crate::refused::Refused;

const NAME_BYTES_MIN: usize = 3;
const NAME_BYTES_MAX: usize = 32;
/// The least that NIST SP 800-63B accepts.
const PASSWORD_BYTES_MIN: usize = 8;
/// Room for sentences; hashing more would only cost.
const PASSWORD_BYTES_MAX: usize = 128;
const DEVICE_BYTES_MAX: usize = 64;
const DEVICE_NAME_BYTES_MAX: usize = 64;
const NICKNAME_BYTES_MAX: usize = 64;
const SIGNATURE_BYTES_MAX: usize = 256;

pub(crate) fn check_name(name: &str) -> Result<(), Refused> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let long = (NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&name.len());
    holds(long && name.bytes().all(letter), Refused::NameInvalid)
}

pub(crate) fn check_password(password: &str) -> Result<(), Refused> {
    let long = (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len());
    holds(long, Refused::PasswordInvalid)
}

pub(crate) fn check_device(device: &str) -> Result<(), Refused> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let long = (1..=DEVICE_BYTES_MAX).contains(&device.len());
    holds(long && device.bytes().all(letter), Refused::DeviceInvalid)
}

pub(crate) fn check_device_name(name: &str) -> Result<(), Refused> {
    let fits = is_text(name, DEVICE_NAME_BYTES_MAX);
    holds(fits, Refused::DeviceNameInvalid)
}

pub(crate) fn check_nickname(nickname: &str) -> Result<(), Refused> {
    let fits = is_text(nickname, NICKNAME_BYTES_MAX);
    holds(fits, Refused::NicknameInvalid)
}

pub(crate) fn check_signature(signature: &str) -> Result<(), Refused> {
    let fits = is_text(signature, SIGNATURE_BYTES_MAX);
    holds(fits, Refused::SignatureInvalid)
}

/// The nickname that is shown: the name where there is none.
pub(crate) fn nickname_or_name(nickname: &str, name: &str) -> String {
    let blank = nickname.trim().is_empty();
    if blank { name } else { nickname }.to_owned()
}

/// Text of one line. Control characters would let it write over what stands beside it in a terminal.
fn is_text(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max && !text.chars().any(char::is_control)
}

fn holds(it: bool, otherwise: Refused) -> Result<(), Refused> {
    if it { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["ada", "A.b-c_9", &"n".repeat(32)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "ab",
            &"n".repeat(33),
            "a b",
            "ädä",
            "a/b",
            "ada\n",
            "ad\0a",
        ] {
            assert_eq!(check_name(bad), Err(Refused::NameInvalid), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_measured_in_bytes() {
        assert!(check_password("1234567").is_err());
        assert!(check_password("12345678").is_ok());
        assert!(check_password("äöüß").is_ok(), "eight bytes");
        assert!(check_password(&"p".repeat(128)).is_ok());
        assert!(check_password(&"p".repeat(129)).is_err());
    }

    #[test]
    fn a_device_is_never_empty_since_that_means_all_of_them() {
        assert_eq!(check_device(""), Err(Refused::DeviceInvalid));
        assert!(check_device("a-Z_09").is_ok());
        assert!(check_device("a.b").is_err());
        assert!(check_device(&"d".repeat(65)).is_err());
    }

    #[test]
    fn shown_texts_cannot_move_the_cursor() {
        assert!(check_nickname("Countess Ada ♥").is_ok());
        assert!(check_nickname("\u{1b}[2J").is_err());
        assert!(check_device_name("Ada's\tphone").is_err());
        assert!(check_signature(&"s".repeat(257)).is_err());
        assert_eq!(nickname_or_name("  ", "ada"), "ada");
        assert_eq!(nickname_or_name("Countess", "ada"), "Countess");
    }
}
