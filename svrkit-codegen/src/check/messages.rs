//! Messages and enums: numbers, types and names that somebody has written down.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::Report;

pub(super) fn check(old: &MessageDescriptor, report: &mut Report<'_>) {
    if old.is_map_entry() {
        return;
    }
    let name = old.full_name();
    let Some(new) = report.newer.pool.get_message_by_name(name) else {
        // What was inside it is gone with it.
        return gone(report, old.parent_message(), old, "message");
    };
    for old_field in old.fields() {
        check_field(&old_field, &new, report);
    }
    for nested in old.child_messages() {
        check(&nested, report);
    }
    for nested in old.child_enums() {
        check_enum(&nested, report);
    }
}

fn gone(
    report: &mut Report<'_>,
    parent: Option<MessageDescriptor>,
    old: &MessageDescriptor,
    what: &str,
) {
    let message = format!("{what} {} is gone", old.full_name());
    let parent = parent.and_then(|it| report.newer.pool.get_message_by_name(it.full_name()));
    match parent {
        Some(parent) => report.at(&parent.parent_file(), parent.path(), message),
        None => report.at_file(&old.parent_file(), message),
    }
}

fn check_field(old: &FieldDescriptor, new_message: &MessageDescriptor, report: &mut Report<'_>) {
    let number = old.number();
    let what = format!("field {number} of {}", new_message.full_name());
    let file = new_message.parent_file();
    let Some(new) = new_message.get_field(number) else {
        let mut reserved = new_message.reserved_ranges();
        if !reserved.any(|range| range.contains(&number)) {
            report.at(
                &file,
                new_message.path(),
                format!(
                    "{what}, `{}`, is gone without `reserved {number};`",
                    old.name()
                ),
            );
        }
        return;
    };
    let mut say = |message: String| report.at(&file, new.path(), message);
    let (old_type, new_type) = (type_of(old), type_of(&new));
    if old_type != new_type {
        say(format!("{what} was `{old_type}` and is `{new_type}`"));
    }
    if old.json_name() != new.json_name() {
        say(format!(
            "{what} was `{}` and is `{}` in JSON",
            old.json_name(),
            new.json_name()
        ));
    }
    match (oneof(old), oneof(&new)) {
        (None, Some(oneof)) => say(format!("{what} moved into oneof `{oneof}`")),
        (Some(oneof), None) => say(format!("{what} moved out of oneof `{oneof}`")),
        (Some(was), Some(is)) if !is_same_oneof(old, &new) => {
            say(format!("{what} moved from oneof `{was}` to `{is}`"));
        }
        _ => {}
    }
}

/// The type as one writes it, with `repeated` and `map`.
fn type_of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => format!(
            "map<{}, {}>",
            type_of(&entry.map_entry_key_field()),
            type_of(&entry.map_entry_value_field())
        ),
        kind if field.is_list() => format!("repeated {}", kind_of(&kind)),
        kind => kind_of(&kind),
    }
}

fn kind_of(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(it) => it.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}

fn oneof(field: &FieldDescriptor) -> Option<String> {
    let oneof = field.containing_oneof()?;
    (!oneof.is_synthetic()).then(|| oneof.name().to_owned())
}

/// A oneof may be renamed: it is the same as long as those that excluded each other still do.
fn is_same_oneof(old: &FieldDescriptor, new: &FieldDescriptor) -> bool {
    let (Some(was), Some(is)) = (old.containing_oneof(), new.containing_oneof()) else {
        return false;
    };
    was.name() == is.name()
        || was.fields().all(|member| {
            let member = new.parent_message().get_field(member.number());
            // One that left all oneofs, or is gone, is told of itself.
            member.is_none_or(|it| it.containing_oneof().is_none_or(|oneof| oneof == is))
        })
}

pub(super) fn check_enum(old: &EnumDescriptor, report: &mut Report<'_>) {
    let name = old.full_name();
    let Some(new) = report.newer.pool.get_enum_by_name(name) else {
        let message = format!("enum {name} is gone");
        let parent = old.parent_message();
        let parent = parent.and_then(|it| report.newer.pool.get_message_by_name(it.full_name()));
        return match parent {
            Some(parent) => report.at(&parent.parent_file(), parent.path(), message),
            None => report.at_file(&old.parent_file(), message),
        };
    };
    let file = new.parent_file();
    for value in old.values() {
        let (value_name, number) = (value.name(), value.number());
        if let Some(new_value) = new.get_value_by_name(value_name) {
            if new_value.number() != number {
                let is = new_value.number();
                let message = format!("value `{value_name}` of {name} was {number} and is {is}");
                report.at(&file, new_value.path(), message);
            }
        } else if let Some(new_value) = new.get_value(number) {
            let is = new_value.name();
            let message =
                format!("value {number} of {name} was `{value_name}` and is `{is}` in JSON");
            report.at(&file, new_value.path(), message);
        } else if !new.reserved_ranges().any(|range| range.contains(&number)) {
            let message = format!(
                "value {number} of {name}, `{value_name}`, is gone without `reserved {number};`"
            );
            report.at(&file, new.path(), message);
        }
    }
}
