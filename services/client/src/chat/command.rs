//! What a typed line means.

/// A line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Nothing,
    /// Say this to the one I am talking with.
    Say(String),
    /// Say this to somebody else: name and text.
    SayTo(String, String),
    With(String),
    History(usize),
    Recall,
    Who,
    Add(String, String),
    Accept(String),
    Remove(String),
    Remark(String, String),
    Block(String),
    Unblock(String),
    Group(GroupCommand),
    Me,
    Nick(String),
    Receipts(bool),
    Devices,
    Logout,
    Help,
    Quit,
    /// Not understood, and what to say about it.
    Wrong(String),
}

/// What is done to groups. Those without a name of their own are about the one I am talking in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GroupCommand {
    Create(String, Vec<String>),
    Invite(Vec<String>),
    Members,
    Leave,
    Kick(String),
    Rename(String),
    Notice(String),
    Mute(String, u32),
    Requests,
    Approve(String),
}

/// What `/help` prints.
pub(super) const HELP: &str = "\
/with NAME          talk with somebody, or in a group
TEXT                say it there; //TEXT for what begins with a slash
@NAME TEXT          say it to somebody else
/history [N]        the last N messages here
/recall             take your last message here back
/who                contacts (+ online, - offline, ? asked, x blocked) and groups, what is unread
/add NAME [TEXT]    ask somebody to be a contact
/accept NAME        say yes to somebody who asked
/remove NAME        no contact any more; also: say no
/remark NAME TEXT   your own name for a contact
/block NAME         hear nothing of somebody; /unblock NAME
/group create TITLE NAME...   also: invite NAME..., members, leave, kick NAME, rename TITLE,
                    notice TEXT, mute NAME MINUTES, requests, approve NAME
/me  /nick TEXT  /receipts on|off  /devices
/logout             end this device's ticket and leave
/quit               leave (also Ctrl-D)";

impl Command {
    /// Understands a line.
    pub(super) fn parse(line: &str) -> Command {
        let line = line.trim();
        if line.is_empty() {
            return Command::Nothing;
        }
        if let Some(text) = line.strip_prefix("//") {
            return Command::Say(format!("/{text}"));
        }
        if let Some(rest) = line.strip_prefix('@') {
            return match split(rest) {
                (name, text) if !name.is_empty() && !text.is_empty() => {
                    Command::SayTo(name.to_owned(), text.to_owned())
                }
                _ => wrong("@NAME TEXT"),
            };
        }
        match line.strip_prefix('/') {
            None => Command::Say(line.to_owned()),
            Some(rest) => slash(rest),
        }
    }
}

fn slash(rest: &str) -> Command {
    let (verb, rest) = split(rest);
    let named = |usage: &str, make: fn(String) -> Command| match rest {
        "" => wrong(usage),
        name => make(name.to_owned()),
    };
    match verb {
        "with" | "w" => named("/with NAME", Command::With),
        "history" | "h" => match rest.parse() {
            _ if rest.is_empty() => Command::History(20),
            Ok(messages) => Command::History(messages),
            Err(_) => wrong("/history [N]"),
        },
        "recall" => Command::Recall,
        "who" => Command::Who,
        "add" => {
            let (name, text) = split(rest);
            match name {
                "" => wrong("/add NAME [TEXT]"),
                name => Command::Add(name.to_owned(), text.to_owned()),
            }
        }
        "accept" => named("/accept NAME", Command::Accept),
        "remove" | "refuse" => named("/remove NAME", Command::Remove),
        "remark" => {
            let (name, text) = split(rest);
            match name {
                "" => wrong("/remark NAME TEXT"),
                name => Command::Remark(name.to_owned(), text.to_owned()),
            }
        }
        "block" => named("/block NAME", Command::Block),
        "unblock" => named("/unblock NAME", Command::Unblock),
        "group" | "g" => group(rest),
        "me" => Command::Me,
        "nick" => named("/nick TEXT", Command::Nick),
        "receipts" => match rest {
            "on" => Command::Receipts(true),
            "off" => Command::Receipts(false),
            _ => wrong("/receipts on|off"),
        },
        "devices" => Command::Devices,
        "logout" => Command::Logout,
        "help" | "?" => Command::Help,
        "quit" | "q" | "exit" => Command::Quit,
        _ => Command::Wrong(format!("there is no /{verb}; see /help")),
    }
}

fn group(rest: &str) -> Command {
    let (verb, rest) = split(rest);
    let names = || {
        rest.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    Command::Group(match (verb, rest) {
        ("create", "") => return wrong("/group create TITLE NAME..."),
        ("create", _) => {
            let mut names = names();
            let title = names.remove(0);
            GroupCommand::Create(title, names)
        }
        ("members", _) => GroupCommand::Members,
        ("leave", _) => GroupCommand::Leave,
        ("requests", _) => GroupCommand::Requests,
        ("invite" | "kick" | "rename" | "notice" | "approve", "") => {
            return wrong(&format!("/group {verb} ..."));
        }
        ("invite", _) => GroupCommand::Invite(names()),
        ("kick", name) => GroupCommand::Kick(name.to_owned()),
        ("rename", title) => GroupCommand::Rename(title.to_owned()),
        ("notice", text) => GroupCommand::Notice(text.to_owned()),
        ("approve", name) => GroupCommand::Approve(name.to_owned()),
        ("mute", _) => match rest
            .rsplit_once(' ')
            .map(|(name, n)| (name.trim(), n.parse()))
        {
            Some((name, Ok(minutes))) => GroupCommand::Mute(name.to_owned(), minutes),
            _ => return wrong("/group mute NAME MINUTES"),
        },
        _ => return Command::Wrong("see /help for what can be done to groups".to_owned()),
    })
}

/// The first word, and the rest.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

fn wrong(usage: &str) -> Command {
    Command::Wrong(format!("say it like this: {usage}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_said_and_slashes_command() {
        assert_eq!(
            Command::parse("  hello  "),
            Command::Say("hello".to_owned())
        );
        assert_eq!(Command::parse("//shrug"), Command::Say("/shrug".to_owned()));
        assert_eq!(Command::parse(""), Command::Nothing);
        let to = Command::SayTo("bob".to_owned(), "hi there".to_owned());
        assert_eq!(Command::parse("@bob hi there"), to);
        let add = Command::Add("bob".to_owned(), "it is me".to_owned());
        assert_eq!(Command::parse("/add bob it is me"), add);
        assert_eq!(Command::parse("/history 5"), Command::History(5));
    }

    #[test]
    fn groups() {
        let names = vec!["bob".to_owned(), "eve".to_owned()];
        let create = GroupCommand::Create("team".to_owned(), names);
        assert_eq!(
            Command::parse("/group create team bob eve"),
            Command::Group(create)
        );
        let mute = GroupCommand::Mute("bob".to_owned(), 5);
        assert_eq!(Command::parse("/group mute bob 5"), Command::Group(mute));
    }

    #[test]
    fn what_is_not_understood_is_explained() {
        for line in [
            "/with",
            "/nonsense",
            "@bob",
            "/group create",
            "/group mute bob",
            "/receipts",
            "/history x",
        ] {
            assert!(matches!(Command::parse(line), Command::Wrong(_)), "{line}");
        }
    }
}
