//! What is asked of `im gray`.

use std::str::FromStr;

/// What is to become of the release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Show,
    /// This share of all users meets it.
    Percent(f64),
    /// Nobody does.
    Stop,
    /// Everybody does, if it does as well as the other one.
    Promote,
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Order, String> {
        match text {
            "show" => Ok(Order::Show),
            "stop" => Ok(Order::Stop),
            "promote" => Ok(Order::Promote),
            text => {
                let number = text
                    .strip_suffix('%')
                    .and_then(|number| number.parse().ok());
                let share = number.filter(|percent| (0.0..=100.0).contains(percent));
                let share = share.ok_or("neither show, stop, promote nor a share such as 5%")?;
                Ok(Order::Percent(share))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_sign() {
        assert_eq!("5%".parse(), Ok(Order::Percent(5.0)));
        assert_eq!("0.5%".parse(), Ok(Order::Percent(0.5)));
        assert_eq!("stop".parse(), Ok(Order::Stop));
        for wrong in ["5", "101%", "-1%", "%", "nan%", "begin"] {
            assert!(wrong.parse::<Order>().is_err(), "{wrong}");
        }
    }
}
