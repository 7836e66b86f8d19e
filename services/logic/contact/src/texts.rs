//! What greetings and remarks may be. Pure.

use crate::refusal::Refusal;

const GREETING_BYTES_MAX: usize = 200;
const REMARK_BYTES_MAX: usize = 64;

pub(crate) fn check_greeting(greeting: &str) -> Result<(), Refusal> {
    match is_text(greeting, GREETING_BYTES_MAX) {
        true => Ok(()),
        false => Err(Refusal::BadGreeting),
    }
}

pub(crate) fn check_remark(remark: &str) -> Result<(), Refusal> {
    match is_text(remark, REMARK_BYTES_MAX) {
        true => Ok(()),
        false => Err(Refusal::BadRemark),
    }
}

/// Text of one line. Control characters would let it write over what stands beside it in a terminal.
fn is_text(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_of_text() {
        for good in ["", "Ada", "ä ö", &"x".repeat(64)] {
            assert_eq!(check_remark(good), Ok(()));
            assert_eq!(check_greeting(good), Ok(()));
        }
        assert_eq!(check_greeting(&"x".repeat(200)), Ok(()));
        for bad in ["two\nlines", "\u{1b}[2J", &"x".repeat(201)] {
            assert_eq!(check_greeting(bad), Err(Refusal::BadGreeting));
            assert_eq!(check_remark(bad), Err(Refusal::BadRemark));
        }
        assert_eq!(check_remark(&"x".repeat(65)), Err(Refusal::BadRemark));
    }
}
