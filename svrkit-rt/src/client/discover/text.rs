//! Endpoints as text: a line each, an address and options. In files, in settings and as values in etcd.

use super::super::endpoint::{Endpoint, WEIGHT_MAX};
use crate::status::Status;
use crate::tag::Tag;
use std::fmt;

/// What is wrong with a list of endpoints, and in which line of it, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointsError {
    /// No line has an endpoint: an empty list is a slip, or half a file, and would take a service out of everybody's reach.
    Empty,
    /// It begins with something that is no address.
    Address {
        /// Where.
        line: usize,
        /// What is there.
        text: String,
    },
    /// After the address stands something that is no option, or has no such value.
    Option {
        /// Where.
        line: usize,
        /// What is there.
        text: String,
    },
    /// The address stood there before.
    Twice {
        /// Where.
        line: usize,
        /// The address.
        text: String,
    },
}

/// Reads endpoints: `10.0.0.1:8104 zone=a weight=3 tag=gray`, or `unix:/run/x.sock`, a line each. What follows `#` is a remark; all
/// options may be left out.
///
/// # Errors
/// The first thing that is wrong. Nothing is guessed, and no part of a list is taken without the rest.
pub fn parse_endpoints(text: &str) -> Result<Vec<Endpoint>, EndpointsError> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line_number = n + 1;
        let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
        if line.is_empty() {
            continue;
        }
        let endpoint = parse_line(line, line_number)?;
        if endpoints.iter().any(|e| e.name() == endpoint.name()) {
            return Err(EndpointsError::Twice {
                line: line_number,
                text: endpoint.name().to_owned(),
            });
        }
        endpoints.push(endpoint);
    }
    match endpoints.is_empty() {
        true => Err(EndpointsError::Empty),
        false => Ok(endpoints),
    }
}

fn parse_line(line: &str, line_number: usize) -> Result<Endpoint, EndpointsError> {
    let mut words = line.split_whitespace();
    let address = words.next().unwrap_or_default();
    let mut endpoint = Endpoint::parse(address).map_err(|_| EndpointsError::Address {
        line: line_number,
        text: address.to_owned(),
    })?;
    let mut seen = Vec::new();
    for word in words {
        let wrong = || EndpointsError::Option {
            line: line_number,
            text: word.to_owned(),
        };
        let (name, value) = word.split_once('=').ok_or_else(wrong)?;
        if seen.contains(&name) {
            return Err(wrong());
        }
        seen.push(name);
        endpoint = match name {
            "zone" if !value.is_empty() => endpoint.in_zone(value),
            "weight" => match value.parse() {
                Ok(weight @ 1..=WEIGHT_MAX) => endpoint.with_weight(weight),
                _ => return Err(wrong()),
            },
            "tag" => endpoint.with_tag(Tag::new(value).map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
    }
    Ok(endpoint)
}

/// An endpoint as a line that [`parse_endpoints`] reads.
#[cfg(any(test, feature = "etcd"))]
pub(super) fn to_line(endpoint: &Endpoint) -> String {
    let mut line = endpoint.name().to_owned();
    if !endpoint.zone().is_empty() {
        line = format!("{line} zone={}", endpoint.zone());
    }
    if endpoint.weight() != 1 {
        line = format!("{line} weight={}", endpoint.weight());
    }
    if let Some(tag) = endpoint.tag() {
        line = format!("{line} tag={tag}");
    }
    line
}

impl fmt::Display for EndpointsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndpointsError::Empty => f.write_str("there is no endpoint in it"),
            EndpointsError::Address { line, text } => write!(
                f,
                "line {line}: {text:?} is neither host:port nor unix:/path"
            ),
            EndpointsError::Option { line, text } => write!(
                f,
                "line {line}: {text:?} is none of zone=NAME, weight=1..{WEIGHT_MAX} and tag=NAME, or the second of them"
            ),
            EndpointsError::Twice { line, text } => {
                write!(f, "line {line}: {text} stands there a second time")
            }
        }
    }
}

impl std::error::Error for EndpointsError {}

impl From<EndpointsError> for Status {
    fn from(error: EndpointsError) -> Status {
        Status::invalid_argument(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_its_options() {
        let text = "# the message service\n10.0.0.1:8104\n\n10.0.0.2:8104  weight=3 zone=b # new\nunix:/run/x.sock tag=gray\n";
        let endpoints = parse_endpoints(text).unwrap();
        let lines: Vec<String> = endpoints.iter().map(to_line).collect();
        assert_eq!(
            lines,
            [
                "10.0.0.1:8104",
                "10.0.0.2:8104 zone=b weight=3",
                "unix:/run/x.sock tag=gray"
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, wrong) in [
            ("", "there is no endpoint in it"),
            ("# nothing\n", "there is no endpoint in it"),
            ("a:1\n10.0.0.1", "line 2: \"10.0.0.1\""),
            ("a:1 weight=0", "line 1: \"weight=0\""),
            ("a:1 weight=1001", "line 1: \"weight=1001\""),
            ("a:1 zone=a zone=b", "line 1: \"zone=b\""),
            ("a:1 wait=3", "line 1: \"wait=3\""),
            ("a:1 tag=Gray", "line 1: \"tag=Gray\""),
            ("a:1\nb:1\n\na:1 weight=2", "line 4: a:1 stands"),
        ] {
            let error = parse_endpoints(text).unwrap_err().to_string();
            assert!(error.starts_with(wrong), "{text:?}: {error}");
        }
    }
}
