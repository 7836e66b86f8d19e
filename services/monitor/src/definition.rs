//! What a series stands for, and the number that agents and centre call it by.

use im_idl::monitor as wire;
use svrkit_rt::monitor::{
    HELP_BYTES_MAX, Kind, LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX,
};

/// Name, labels and kind of a series, the same on every machine; unit and help of its metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// In the order they were given.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) kind: Kind,
    pub(crate) unit: String,
    pub(crate) help: String,
}

impl Definition {
    /// Its number. Whoever has the definition has the number, so nobody gives numbers out and none has to be remembered.
    pub(crate) fn id(&self) -> u64 {
        let labels = self.labels.iter();
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
        series_id(self.kind, &self.name, labels)
    }

    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map(|(_, value)| value.as_str())
    }

    /// As it is sent and kept.
    pub(crate) fn to_wire(&self) -> wire::Definition {
        let labels = self.labels.iter().map(|(name, value)| wire::Label {
            name: name.clone(),
            value: value.clone(),
        });
        wire::Definition {
            id: self.id(),
            name: self.name.clone(),
            labels: labels.collect(),
            kind: kind_to_wire(self.kind) as i32,
            unit: self.unit.clone(),
            help: self.help.clone(),
        }
    }

    /// As it was sent, within the bounds that the framework keeps; `None` when it is not, or its number is another's.
    pub(crate) fn from_wire(sent: &wire::Definition) -> Option<Definition> {
        let short = |text: &str, bytes_max| text.len() <= bytes_max;
        let label = |label: &wire::Label| {
            short(&label.name, LABEL_KEY_BYTES_MAX) && short(&label.value, LABEL_VALUE_BYTES_MAX)
        };
        let sound = !sent.name.is_empty()
            && short(&sent.name, NAME_BYTES_MAX)
            && short(&sent.unit, NAME_BYTES_MAX)
            && short(&sent.help, HELP_BYTES_MAX)
            && sent.labels.len() <= LABELS_MAX
            && sent.labels.iter().all(label);
        if !sound {
            return None;
        }
        let labels = sent.labels.iter();
        let definition = Definition {
            name: sent.name.clone(),
            labels: labels.map(|l| (l.name.clone(), l.value.clone())).collect(),
            kind: kind_from_wire(sent.kind())?,
            unit: sent.unit.clone(),
            help: sent.help.clone(),
        };
        (definition.id() == sent.id).then_some(definition)
    }
}

/// The number by which agents and centre call a series: the 64-bit FNV-1a hash of the kind's number (as in [`Kind`], one byte), the name,
/// and for each label `0xFF`, its name, `0xFF`, its value.
pub fn series_id<'a>(
    kind: Kind,
    name: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
) -> u64 {
    /// In no UTF-8 text, so it ends one unmistakably.
    const END: &[u8] = &[0xFF];
    let mut hash = Fnv::default();
    hash.add(&[kind as u8]);
    hash.add(name.as_bytes());
    for (label, value) in labels {
        hash.add(END);
        hash.add(label.as_bytes());
        hash.add(END);
        hash.add(value.as_bytes());
    }
    hash.0
}

/// 64-bit FNV-1a.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xCBF2_9CE4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

/// The kind as it is sent.
pub(crate) fn kind_to_wire(kind: Kind) -> wire::Kind {
    match kind {
        Kind::Counter => wire::Kind::Counter,
        Kind::Gauge => wire::Kind::Gauge,
        Kind::Max => wire::Kind::Max,
        Kind::Histogram => wire::Kind::Histogram,
    }
}

fn kind_from_wire(kind: wire::Kind) -> Option<Kind> {
    match kind {
        wire::Kind::Unspecified => None,
        wire::Kind::Counter => Some(Kind::Counter),
        wire::Kind::Gauge => Some(Kind::Gauge),
        wire::Kind::Max => Some(Kind::Max),
        wire::Kind::Histogram => Some(Kind::Histogram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        Definition {
            name: "rpc_server_calls".to_owned(),
            labels: vec![("method".to_owned(), "Say".to_owned())],
            kind: Kind::Counter,
            unit: "calls".to_owned(),
            help: "Calls that came.".to_owned(),
        }
    }

    #[test]
    fn a_definition_is_understood_as_it_was_sent() {
        let sent = definition().to_wire();
        assert_eq!(Definition::from_wire(&sent), Some(definition()));
        assert_eq!(
            series_id(Kind::Counter, "", [].into_iter()),
            0xAF63_BC4C_8601_B62C
        );
    }

    #[test]
    fn the_number_is_of_kind_name_and_labels_and_of_nothing_else() {
        let mut other = definition();
        other.help.clear();
        assert_eq!(other.id(), definition().id());
        other.kind = Kind::Gauge;
        assert_ne!(other.id(), definition().id());
        let (a, b) = ([("a", "bc")], [("ab", "c")]);
        let number = |labels: [(&'static str, &'static str); 1]| {
            series_id(Kind::Gauge, "x", labels.into_iter())
        };
        assert_ne!(number(a), number(b));
    }

    #[test]
    fn lies_and_excess_are_refused() {
        let lie = wire::Definition {
            id: 7,
            ..definition().to_wire()
        };
        assert_eq!(Definition::from_wire(&lie), None);
        let mut long = definition();
        long.labels[0].1 = "x".repeat(LABEL_VALUE_BYTES_MAX + 1);
        assert_eq!(Definition::from_wire(&long.to_wire()), None);
        let nameless = wire::Definition {
            kind: 99,
            ..definition().to_wire()
        };
        assert_eq!(Definition::from_wire(&nameless), None);
    }
}
