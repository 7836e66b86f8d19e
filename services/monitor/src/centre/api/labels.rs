//! Labels as a query has them: `service:im.message.Message,method:Send`, in which `%`, `,` and `:` of names and values are
//! percent-encoded.

/// The labels of a text. What has no colon is left out.
pub(super) fn parse(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once(':'));
    let pairs = pairs.filter(|(name, _)| !name.is_empty());
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The text of labels.
pub(super) fn write<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = labels.into_iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}:{}", encode(name), encode(value)))
        .collect();
    pairs.join(",")
}

/// The query that shows a curve.
pub(super) fn query(name: &str, labels: &[(&str, &str)], value: &str) -> String {
    let mut query = format!("name={}", plain(name));
    if !labels.is_empty() {
        query += &format!("&labels={}", plain(&write(labels.iter().copied())));
    }
    query + &format!("&value={value}")
}

fn encode(text: &str) -> String {
    text.replace('%', "%25")
        .replace(',', "%2C")
        .replace(':', "%3A")
}

fn decode(text: &str) -> String {
    let text = text.replace("%2c", ",").replace("%3a", ":");
    text.replace("%2C", ",")
        .replace("%3A", ":")
        .replace("%25", "%")
}

/// As a query writes what is not plain.
fn plain(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b',' => {
                encoded.push(byte.into());
            }
            byte => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_label_survives_the_way_there_and_back() {
        for value in ["Send", "a,b:c", "100%", "%2C", "<script>", ""] {
            let written = write([("method", value), ("x:y", "z")]);
            let expected = [
                ("method".to_owned(), value.to_owned()),
                ("x:y".into(), "z".into()),
            ];
            assert_eq!(parse(&written), expected, "{written}");
        }
        assert_eq!(parse(""), []);
        assert_eq!(parse("nonsense,:x"), []);
    }

    #[test]
    fn a_query_has_nothing_that_ends_it() {
        let query = query("im_logins", &[("kind", "a&b=c#d %2C")], "rate");
        assert_eq!(
            query,
            "name=im_logins&labels=kind:a%26b%3Dc%23d%20%25252C&value=rate"
        );
    }
}
