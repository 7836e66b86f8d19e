//! Rust names for names of the IDL, by the rules of prost-build, whose messages they stand beside.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// Name of a field, a function or a module.
pub(crate) fn snake(name: &str) -> String {
    escape(name.to_snake_case())
}

/// Name of a type.
pub(crate) fn upper_camel(name: &str) -> String {
    escape(name.to_upper_camel_case())
}

/// Name of a static.
pub(crate) fn shouty(name: &str) -> String {
    escape(name.to_shouty_snake_case())
}

/// Name of a client's and a server trait's function. `new` is the client's constructor.
pub(crate) fn function(name: &str) -> String {
    match snake(name).as_str() {
        "new" => "new_".to_owned(),
        other => other.to_owned(),
    }
}

/// Name of the variant of `function` that takes options.
pub(crate) fn function_with(function: &str) -> String {
    format!("{}_with", plain(function).trim_end_matches('_'))
}

/// The name without `r#`: as the compiler shows it, and as one writes it in a longer name.
pub(crate) fn plain(ident: &str) -> &str {
    ident.strip_prefix("r#").unwrap_or(ident)
}

fn escape(ident: String) -> String {
    match ident.as_str() {
        "as" | "break" | "const" | "continue" | "else" | "enum" | "false" | "fn" | "for" | "if"
        | "impl" | "in" | "let" | "loop" | "match" | "mod" | "move" | "mut" | "pub" | "ref"
        | "return" | "static" | "struct" | "trait" | "true" | "type" | "unsafe" | "use"
        | "where" | "while" | "dyn" | "abstract" | "become" | "box" | "do" | "final" | "macro"
        | "override" | "priv" | "typeof" | "unsized" | "virtual" | "yield" | "async" | "await"
        | "try" | "gen" => format!("r#{ident}"),
        "_" | "super" | "self" | "Self" | "extern" | "crate" => format!("{ident}_"),
        _ if ident.starts_with(char::is_numeric) => format!("_{ident}"),
        _ => ident,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_prost() {
        assert_eq!(snake("XMLHttpRequest"), "xml_http_request");
        assert_eq!(snake("Type"), "r#type");
        assert_eq!(snake("Self"), "self_");
        assert_eq!(upper_camel("self"), "Self_");
        assert_eq!(upper_camel("HTTPServer"), "HttpServer");
        assert_eq!(shouty("HTTPServer"), "HTTP_SERVER");
        assert_eq!(function("New"), "new_");
        assert_eq!(function_with("new_"), "new_with");
        assert_eq!(function_with("r#type"), "type_with");
    }
}
