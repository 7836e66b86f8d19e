//! A profile as pprof reads it (<https://github.com/google/pprof/blob/main/proto/profile.proto>), as much of it as we know.

use super::stacks::Profile;
use prost::Message;
use std::collections::HashMap;

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
}

/// Both are places in the table of strings.
#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
}

/// Encodes it; a function is one place, wherever in it time was spent.
pub(in crate::admin) fn encode(profile: &Profile) -> Vec<u8> {
    let period = 1_000_000_000 / i64::from(profile.frequency_hz.max(1));
    let mut wire = Wire {
        time_nanos: profile.began_us as i64 * 1_000,
        duration_nanos: profile.length.as_nanos() as i64,
        period,
        // The first one is the empty one, by agreement.
        string_table: vec![String::new()],
        ..Wire::default()
    };
    let mut known = HashMap::new();
    let mut text = |wire: &mut Wire, text: &str| -> i64 {
        let next = wire.string_table.len() as i64;
        *known.entry(text.to_owned()).or_insert_with(|| {
            wire.string_table.push(text.to_owned());
            next
        })
    };
    let mut value_type = |wire: &mut Wire, kind, unit| ValueType {
        kind: text(wire, kind),
        unit: text(wire, unit),
    };
    let samples = value_type(&mut wire, "samples", "count");
    let cpu = value_type(&mut wire, "cpu", "nanoseconds");
    (wire.sample_type, wire.period_type) = (vec![samples, cpu], Some(cpu));
    let mut functions: HashMap<&str, u64> = HashMap::new();
    for (stack, count) in &profile.stacks {
        let mut location_id = Vec::with_capacity(stack.len());
        for name in stack.iter().rev() {
            let next = functions.len() as u64 + 1;
            let id = *functions.entry(name).or_insert(next);
            if id == next {
                let name = text(&mut wire, name);
                wire.function.push(Function {
                    id,
                    name,
                    system_name: name,
                });
                let line = vec![Line { function_id: id }];
                wire.location.push(Location { id, line });
            }
            location_id.push(id);
        }
        let count = *count as i64;
        let value = vec![count, count * period];
        wire.sample.push(Sample { location_id, value });
    }
    wire.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_name_stands_once() {
        let stack = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let profile = Profile {
            stacks: vec![(stack(&["t", "a", "b"]), 2), (stack(&["t", "a", "a"]), 3)],
            length: Duration::from_secs(1),
            began_us: 5,
            frequency_hz: 100,
        };
        let wire = Wire::decode(&*encode(&profile)).unwrap();
        let names: Vec<&str> = wire
            .function
            .iter()
            .map(|f| wire.string_table[f.name as usize].as_str())
            .collect();
        assert_eq!(names, ["b", "a", "t"]);
        assert_eq!(wire.sample[0].location_id, [1, 2, 3]);
        assert_eq!(wire.sample[1].location_id, [2, 2, 3]);
        assert_eq!(wire.sample[1].value, [3, 30_000_000]);
        assert_eq!(wire.string_table[0], "");
    }
}
