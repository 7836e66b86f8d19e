//! What users and groups are called here.

use crate::store::State;
use im_idl::contact;
use im_idl::ids::is_group;
use std::collections::HashMap;

/// Names of users who are no contacts: members of groups.
#[derive(Debug, Default)]
pub(super) struct Names {
    strangers: HashMap<u64, String>,
}

impl Names {
    /// Remembers what a stranger calls himself.
    pub(super) fn remember(&mut self, uin: u64, nickname: &str) {
        if !nickname.is_empty() {
            self.strangers.insert(uin, plain(nickname));
        }
    }

    /// Whether a user's name is known.
    pub(super) fn knows(&self, state: &State, uin: u64) -> bool {
        uin == state.uin()
            || state.contacts().contains_key(&uin)
            || self.strangers.contains_key(&uin)
    }

    /// A user, or a group, for people.
    pub(super) fn of(&self, state: &State, id: u64) -> String {
        if is_group(id) {
            return match state.groups().get(&id) {
                Some(group) => format!("#{}", plain(&group.name)),
                None => format!("#{id}"),
            };
        }
        if id == state.uin() {
            return "you".to_owned();
        }
        match (state.contacts().get(&id), self.strangers.get(&id)) {
            (Some(contact), _) => of_contact(contact),
            (None, Some(name)) => name.clone(),
            (None, None) => id.to_string(),
        }
    }

    /// Who is meant by a name.
    ///
    /// # Errors
    /// What to say when nobody is meant, or several.
    pub(super) fn find(&self, state: &State, name: &str) -> Result<u64, String> {
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        let wanted = name.trim_start_matches('#').to_lowercase();
        let is = |name: &str| name.to_lowercase() == wanted;
        let groups = state.groups().values().filter(|group| is(&group.name));
        let mut found: Vec<u64> = groups.map(|group| group.group).collect();
        if !name.starts_with('#') {
            let called = |c: &&contact::Entry| is(&c.name) || is(&c.nickname) || is(&c.remark);
            found.extend(state.contacts().values().filter(called).map(|c| c.uin));
            let strangers = self.strangers.iter().filter(|(_, name)| is(name));
            found.extend(strangers.map(|(uin, _)| *uin));
            found.sort_unstable();
            found.dedup();
        }
        match found[..] {
            [id] => Ok(id),
            [] => Err(format!("there is no {name} among your contacts and groups")),
            _ => {
                let numbers: Vec<String> = found.iter().map(u64::to_string).collect();
                Err(format!(
                    "{name} may be any of {}; say the number",
                    numbers.join(", ")
                ))
            }
        }
    }

    /// Everybody who can be named, for completion.
    pub(super) fn all(&self, state: &State) -> Vec<String> {
        let contacts = state.contacts().values().map(of_contact);
        let groups = state
            .groups()
            .values()
            .map(|group| format!("#{}", plain(&group.name)));
        contacts.chain(groups).collect()
    }
}

/// A contact: one's own name for him, else what he calls himself.
pub(super) fn of_contact(contact: &contact::Entry) -> String {
    let names = [&contact.remark, &contact.nickname, &contact.name];
    let name = names.into_iter().find(|name| !name.is_empty());
    name.map_or_else(|| contact.uin.to_string(), |name| plain(name))
}

/// Text of others without what would command the terminal.
pub(super) fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '\n' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        // Marks that turn the direction of writing around could make one name look like another.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Record;
    use im_idl::contact::Relation;
    use im_idl::group::{Membership, Role};
    use im_idl::ids::GROUP_BIT;

    fn state() -> State {
        let contact = |uin, name: &str, remark: &str| contact::Entry {
            uin,
            name: name.to_owned(),
            remark: remark.to_owned(),
            relation: Relation::Friend as i32,
            ..contact::Entry::default()
        };
        let group = Membership {
            group: GROUP_BIT + 1,
            role: Role::Member as i32,
            name: "Team".to_owned(),
            version: 1,
        };
        let mut state = State::new(10);
        state.apply(Record {
            contacts: vec![
                contact(10_001, "bob", ""),
                contact(10_002, "bob2", "Bob"),
                contact(10_003, "eve", ""),
            ],
            groups: vec![group],
            ..Record::default()
        });
        state
    }

    #[test]
    fn names_mean_one_or_nobody() {
        let (names, state) = (Names::default(), state());
        assert_eq!(names.find(&state, "EVE"), Ok(10_003));
        assert_eq!(names.find(&state, "bob2"), Ok(10_002));
        assert!(
            names
                .find(&state, "bob")
                .unwrap_err()
                .contains("10001, 10002")
        );
        assert!(names.find(&state, "dave").is_err());
        assert_eq!(names.find(&state, "#team"), Ok(GROUP_BIT + 1));
        assert_eq!(names.find(&state, "10001"), Ok(10_001));
        assert_eq!(names.of(&state, 10_002), "Bob");
    }

    #[test]
    fn text_of_others_does_not_command_the_terminal() {
        assert_eq!(
            plain("a\u{1b}[2Jb\r\u{202e}"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}"
        );
    }
}
