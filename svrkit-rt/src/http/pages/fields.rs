//! Names and values as queries and forms write them (`application/x-www-form-urlencoded`).

use crate::status::Status;

/// The fields of a query or of a form, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of this name. A name without a value has the empty one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// # Errors
    /// `InvalidArgument` when there are more than `fields_max`, or one is not percent-encoded UTF-8.
    pub(super) fn parse(encoded: &str, fields_max: usize) -> Result<Fields, Status> {
        let mut fields = Vec::new();
        for pair in encoded.split('&').filter(|p| !p.is_empty()) {
            if fields.len() == fields_max {
                let message = format!("fields_max: more than {fields_max} fields");
                return Err(Status::invalid_argument(message));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((text(name)?, text(value)?));
        }
        Ok(Fields(fields))
    }
}

fn text(encoded: &str) -> Result<String, Status> {
    String::from_utf8(percent_decoded(encoded)?)
        .map_err(|_| Status::invalid_argument("query: a field is not UTF-8"))
}

/// # Errors
/// `InvalidArgument` for a `%` that no byte follows.
pub(in crate::http) fn percent_decoded(text: &str) -> Result<Vec<u8>, Status> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16));
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => out.push((high << 4 | low) as u8),
                _ => {
                    return Err(Status::invalid_argument(
                        "query: % is not followed by two hexadecimal digits",
                    ));
                }
            },
            byte => out.push(byte),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_bounded() {
        let fields = Fields::parse("a=1&b&&a=2&c%20d=%C3%A4+%26", 4).unwrap();
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(fields.get("b"), Some(""));
        assert_eq!(fields.get("c d"), Some("ä &"));
        assert_eq!(fields.iter().count(), 4);
        for bad in ["a=%", "a=%ff", "1&2&3&4&5"] {
            Fields::parse(bad, 4).unwrap_err();
        }
    }
}
