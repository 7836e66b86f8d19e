//! A Rust file of the author: read with care, added to at a place, otherwise left as it is.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{ImplItem, Item, UseTree};

use super::rust::Scope;

/// A file as it stands.
pub(super) struct Source {
    text: String,
    file: syn::File,
}

/// An `impl Trait for Type` of a file.
#[derive(Debug)]
pub(super) struct TraitImpl {
    /// Functions with the lines in which they are named.
    pub(super) functions: Vec<(String, usize)>,
    /// Offset of the closing brace.
    ends_at: usize,
    /// What stands before `impl` on its line.
    indent: String,
}

impl Source {
    pub(super) fn parse(text: String) -> Result<Source, String> {
        let file = syn::parse_file(&text).map_err(|error| {
            let at = error.span().start();
            format!("{}:{}: {error}", at.line, at.column + 1)
        })?;
        Ok(Source { text, file })
    }

    /// The implementation of a trait, by the last name of its path.
    pub(super) fn trait_impl(&self, trait_name: &str) -> Option<TraitImpl> {
        self.file.items.iter().find_map(|item| {
            let Item::Impl(item) = item else { return None };
            let (_, path, _) = item.trait_.as_ref()?;
            if path.segments.last()?.ident != trait_name {
                return None;
            }
            let functions = item.items.iter().filter_map(|it| match it {
                ImplItem::Fn(function) => {
                    let name = &function.sig.ident;
                    Some((name.to_string(), name.span().start().line))
                }
                _ => None,
            });
            let begins = item.impl_token.span.start();
            let line = self.text.lines().nth(begins.line - 1).unwrap_or_default();
            let indent = line.chars().take_while(|it| it.is_whitespace());
            Some(TraitImpl {
                functions: functions.collect(),
                ends_at: item.brace_token.span.close().byte_range().start,
                indent: indent.collect(),
            })
        })
    }

    /// The text with `methods` at the end of an implementation; returns the line at which they begin, too.
    pub(super) fn with_methods(
        &self,
        implementation: &TraitImpl,
        methods: impl Fn(&str) -> Vec<String>,
    ) -> (String, usize) {
        let (before, after) = self.text.split_at(implementation.ends_at);
        // The brace stands on a line of its own but for `{}`.
        let kept = before.trim_end_matches([' ', '\t']);
        let is_empty = kept.trim_end().ends_with('{');
        let mut text = kept.trim_end().to_owned();
        text.push('\n');
        if !is_empty {
            text.push('\n');
        }
        let line = text.lines().count() + 1;
        let indent = format!("{}    ", implementation.indent);
        text.push_str(&methods(&indent).join("\n"));
        text.push_str(&implementation.indent);
        text.push_str(after);
        (self.with_own_line_ends(text), line)
    }

    /// The text with `pub mod module;` among the `mod`s that are files of their own, as the alphabet has it; `None` when there is none.
    pub(super) fn with_mod(&self, module: &str) -> Option<String> {
        let mods = self.file.items.iter().filter_map(|item| match item {
            Item::Mod(item) => Some((item.ident.to_string(), item.semi?.span)),
            _ => None,
        });
        let mods: Vec<_> = mods.collect();
        let before = mods.iter().rfind(|(name, _)| name.as_str() < module);
        let (_, semicolon) = before.or(mods.last())?;
        let end = semicolon.byte_range().end;
        Some(self.with(end, &format!("\npub mod {module};")))
    }

    /// The text with one `.service(..)` more, below the last one; `None` when there is none.
    pub(super) fn with_service(&self, argument: &str) -> Option<String> {
        let (dot, end) = self.service_calls().pop()?;
        let line = self.text.lines().nth(dot.start().line - 1)?;
        let head = line.trim_start();
        let indent = match head.starts_with('.') {
            true => format!("\n{}", &line[..line.len() - head.len()]),
            false => String::new(),
        };
        Some(self.with(end, &format!("{indent}.service({argument})")))
    }

    /// The line of the `.service(..)` call that names `module` in its arguments.
    pub(super) fn line_of_service(&self, module: &str) -> Option<usize> {
        let calls = self.service_calls();
        let named = |(dot, end): &&(Span, usize)| {
            let call = &self.text[dot.byte_range().end + "service".len()..*end];
            call.split(|it: char| !it.is_alphanumeric() && it != '_')
                .any(|word| word == module)
        };
        calls.iter().find(named).map(|(dot, _)| dot.start().line)
    }

    /// What the file imports by name, at its top.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        for item in &self.file.items {
            if let Item::Use(item) = item {
                collect(&item.tree, "", &mut scope);
            }
        }
        scope
    }

    /// Dots and ends of all `.service(..)` in the order of the file.
    fn service_calls(&self) -> Vec<(Span, usize)> {
        let mut found = Vec::new();
        // The tokens of the text itself: those of the syntax tree would be the same.
        let tokens: TokenStream = self.text.parse().unwrap_or_default();
        find_service_calls(tokens, &mut found);
        found
    }

    fn with(&self, at: usize, addition: &str) -> String {
        let (before, after) = self.text.split_at(at);
        self.with_own_line_ends(format!("{before}{addition}{after}"))
    }

    fn with_own_line_ends(&self, text: String) -> String {
        if self.text.contains("\r\n") {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text
        }
    }
}

fn find_service_calls(tokens: TokenStream, found: &mut Vec<(Span, usize)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for window in tokens.windows(3) {
        if let [
            TokenTree::Punct(dot),
            TokenTree::Ident(name),
            TokenTree::Group(arguments),
        ] = window
            && dot.as_char() == '.'
            && name == "service"
        {
            found.push((dot.span(), arguments.span_close().byte_range().end));
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            find_service_calls(group.stream(), found);
        }
    }
}

fn collect(tree: &UseTree, prefix: &str, scope: &mut Scope) {
    match tree {
        UseTree::Path(path) => collect(&path.tree, &format!("{prefix}{}::", path.ident), scope),
        UseTree::Name(name) => {
            scope.insert(&name.ident.to_string(), &format!("{prefix}{}", name.ident));
        }
        UseTree::Rename(rename) => {
            // Known by another name: the path is written in full, and the name is not free.
            scope.insert(
                &rename.rename.to_string(),
                &format!("{prefix}{}", rename.ident),
            );
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, prefix, scope);
            }
        }
        UseTree::Glob(_) => {}
    }
}

/// Where something is, for people: `src/service.rs:12`.
pub(super) fn place(file: &str, line: usize) -> String {
    format!("{file}:{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "\
//! Mine.
use crate::idl::a::{Greeter, Hello};

/* Ünïcode, and a trap: impl Greeter for Nobody { } */
impl Greeter for Mine {
    // A comment that stays.
    async fn say_hello(&self) -> Hello { Hello {} } // and another
}

fn after() {}
";

    fn source(text: &str) -> Source {
        Source::parse(text.to_owned()).expect("it parses")
    }

    #[test]
    fn methods_go_to_the_end_of_the_impl_and_nothing_else_moves() {
        let source = source(SERVICE);
        let implementation = source.trait_impl("Greeter").expect("it is there");
        assert_eq!(implementation.functions, [("say_hello".to_owned(), 7)]);
        let (text, line) = source.with_methods(&implementation, |indent| {
            vec![format!("{indent}fn new() {{}}\n")]
        });
        assert_eq!(line, 9);
        assert_eq!(
            text,
            SERVICE.replace("another\n}\n", "another\n\n    fn new() {}\n}\n")
        );
    }

    #[test]
    fn an_empty_impl_is_opened() {
        let source = source("impl a::Greeter for Mine {}\n");
        let implementation = source.trait_impl("Greeter").expect("it is there");
        let (text, _) = source.with_methods(&implementation, |indent| {
            vec![format!("{indent}fn new() {{}}\n")]
        });
        assert_eq!(text, "impl a::Greeter for Mine {\n    fn new() {}\n}\n");
    }

    #[test]
    fn services_are_registered_below_the_last_one() {
        let source = source(
            "mod a;\nfn build() -> Server {\n    Server::new()\n        .service(A::new(f(\")\")))\n}\n",
        );
        let with = source.with_service("B::new()").expect("there is one");
        assert!(
            with.contains("\n        .service(A::new(f(\")\")))\n        .service(B::new())\n")
        );
        assert_eq!(source.line_of_service("A"), Some(4));
        assert_eq!(source.line_of_service("B"), None);
        let with = source.with_mod("b").expect("there is one");
        assert!(with.starts_with("mod a;\npub mod b;\nfn"));
    }

    #[test]
    fn lines_end_as_the_author_ends_them() {
        let source = source("impl Greeter for Mine {\r\n}\r\n");
        let implementation = source.trait_impl("Greeter").expect("it is there");
        let (text, _) = source.with_methods(&implementation, |indent| {
            vec![format!("{indent}fn x() {{}}\n")]
        });
        assert_eq!(text, "impl Greeter for Mine {\r\n    fn x() {}\r\n}\r\n");
    }
}
