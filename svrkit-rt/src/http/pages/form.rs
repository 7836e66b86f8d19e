//! Which form of a page a client would rather have.

/// The forms that a page may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a terminal.
    Text,
    /// For a browser.
    Html,
    /// For a program.
    Json,
}

/// The form named with the highest weight in the `Accept` headers, the first of those alike. Wildcards name none: curl sends one,
/// and a terminal is better off with text.
pub(in crate::http) fn preferred<'a>(accept: impl Iterator<Item = &'a str>) -> Form {
    let mut best = (Form::Text, 0.0);
    for item in accept.flat_map(|value| value.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let form = match parts.next().map(str::to_ascii_lowercase).as_deref() {
            Some("text/html" | "application/xhtml+xml") => Form::Html,
            Some("application/json") => Form::Json,
            Some("text/plain") => Form::Text,
            _ => continue,
        };
        let weight = parts.find_map(|p| p.strip_prefix("q=")?.parse::<f32>().ok());
        let weight = weight.unwrap_or(1.0);
        if weight > best.1 {
            best = (form, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_html_and_terminals_text() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, form) in [
            (browser, Form::Html),
            ("*/*", Form::Text),
            ("", Form::Text),
            ("application/json", Form::Json),
            ("text/html;q=0.5, application/json;q=0.9", Form::Json),
            ("text/html;q=0", Form::Text),
            ("text/plain, text/html", Form::Text),
        ] {
            assert_eq!(preferred([accept].into_iter()), form, "{accept}");
        }
    }
}
