//! Fields of a request as flags, `--user.id 7`: told apart from the command's own options before those are parsed.

use std::ffi::OsString;

/// One field as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// `user.id`.
    pub(crate) path: String,
    /// `None` for a flag without a value, which sets a bool.
    pub(crate) value: Option<String>,
}

impl Flag {
    /// `user.id=7`, as `--field` takes it.
    pub(crate) fn parse(text: &str) -> Result<Flag, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.is_empty() => Ok(Flag {
                path: path.to_owned(),
                value: Some(value.to_owned()),
            }),
            _ => Err("expected PATH=VALUE, as in user.id=7".to_owned()),
        }
    }
}

/// Takes out of `args` every long option that `command` does not have. What follows such an option is its value, unless that
/// begins with `--` too.
pub(crate) fn split(command: &clap::Command, args: Vec<OsString>) -> (Vec<OsString>, Vec<Flag>) {
    let mut own = Vec::new();
    let mut flags = Vec::new();
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let text = arg.to_str().unwrap_or_default();
        let Some(option) = text.strip_prefix("--") else {
            own.push(arg);
            continue;
        };
        if option.is_empty() {
            // `--`: from here on nothing is an option.
            own.push(arg);
            own.extend(args);
            break;
        }
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option, None),
        };
        match own_option(command, name) {
            Some(takes_value) => {
                let is_alone = value.is_none();
                own.push(arg);
                if takes_value && is_alone {
                    own.extend(args.next());
                }
            }
            None => {
                let path = name.to_owned();
                let is_value =
                    |next: &OsString| next.to_str().is_some_and(|it| !it.starts_with("--"));
                let value = match value {
                    Some(value) => Some(value),
                    None => args
                        .next_if(is_value)
                        .and_then(|value| value.into_string().ok()),
                };
                flags.push(Flag { path, value });
            }
        }
    }
    (own, flags)
}

/// Whether an option of the command takes a value; `None` when the command has no such option.
fn own_option(command: &clap::Command, name: &str) -> Option<bool> {
    if matches!(name, "help" | "version") {
        return Some(false);
    }
    let mut options = command.get_arguments();
    let option = options.find(|it| it.get_long() == Some(name))?;
    Some(option.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_words(words: &str) -> (Vec<String>, Vec<Flag>) {
        let command = clap::Command::new("call")
            .arg(clap::Arg::new("deadline").long("deadline"))
            .arg(
                clap::Arg::new("checksum")
                    .long("checksum")
                    .action(clap::ArgAction::SetTrue),
            );
        let (own, flags) = split(&command, words.split(' ').map(OsString::from).collect());
        let own = own.into_iter().map(|it| it.into_string().unwrap());
        (own.collect(), flags)
    }

    fn flag(path: &str, value: Option<&str>) -> Flag {
        Flag {
            path: path.to_owned(),
            value: value.map(str::to_owned),
        }
    }

    #[test]
    fn what_the_command_does_not_know_is_a_field() {
        let (own, flags) = split_words(
            "A --deadline 1s M --user.id -7 --checksum --text=a=b --loud --tag x --quiet",
        );
        assert_eq!(own.join(" "), "A --deadline 1s M --checksum");
        assert_eq!(
            flags,
            [
                flag("user.id", Some("-7")),
                flag("text", Some("a=b")),
                flag("loud", None),
                flag("tag", Some("x")),
                flag("quiet", None),
            ]
        );
    }

    #[test]
    fn after_two_dashes_nothing_is_a_field() {
        let (own, flags) = split_words("A -- --text hi");
        assert_eq!(own.join(" "), "A -- --text hi");
        assert_eq!(flags, []);
    }
}
