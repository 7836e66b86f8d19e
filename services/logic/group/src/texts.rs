//! What people write about groups.

use crate::refusal::Refusal;

const NAME_BYTES_MAX: usize = 64;
const NOTICE_BYTES_MAX: usize = 2 * 1024;
const GREETING_BYTES_MAX: usize = 200;

/// A group's name, without space around it.
pub(crate) fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if name.is_empty() || text.len() > NAME_BYTES_MAX || text.contains(char::is_control) {
        return Err(Refusal::BadName);
    }
    Ok(name.to_owned())
}

/// A notice, of several lines perhaps.
pub(crate) fn notice(text: String) -> Result<String, Refusal> {
    let unfit = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.len() > NOTICE_BYTES_MAX || text.contains(unfit) {
        return Err(Refusal::BadNotice);
    }
    Ok(text)
}

/// What somebody says who wants in.
pub(crate) fn greeting(text: String) -> Result<String, Refusal> {
    if text.len() > GREETING_BYTES_MAX || text.contains(char::is_control) {
        return Err(Refusal::BadGreeting);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_bytes_and_the_last_one_fits() {
        assert_eq!(name(" chess ").unwrap(), "chess");
        assert!(name(&"x".repeat(64)).is_ok());
        assert!(name(&"é".repeat(32)).is_ok());
        for bad in ["", "   ", "a\nb", "\u{7}", &"x".repeat(65), &"é".repeat(33)] {
            assert_eq!(name(bad), Err(Refusal::BadName), "{bad:?}");
        }
        assert!(notice("two\n\tlines".into()).is_ok());
        assert!(notice(String::new()).is_ok());
        assert!(notice("x".repeat(2048)).is_ok());
        assert_eq!(notice("x".repeat(2049)), Err(Refusal::BadNotice));
        assert_eq!(notice("\0".into()), Err(Refusal::BadNotice));
        assert!(greeting("x".repeat(200)).is_ok());
        assert_eq!(greeting("x".repeat(201)), Err(Refusal::BadGreeting));
        assert_eq!(greeting("\n".into()), Err(Refusal::BadGreeting));
    }
}
