//! The files of a new crate, with gaps to fill: `{{name}}`.

pub(super) const CARGO_TOML: &str = include_str!("../../../templates/Cargo.toml.in");
pub(super) const GITIGNORE: &str = include_str!("../../../templates/gitignore.in");
pub(super) const README: &str = include_str!("../../../templates/README.md.in");
pub(super) const BUILD: &str = include_str!("../../../templates/build.rs.in");
pub(super) const PROTO: &str = include_str!("../../../templates/sample.proto.in");
pub(super) const CONFIG_TOML: &str = include_str!("../../../templates/config.toml.in");
pub(super) const CONFIG: &str = include_str!("../../../templates/src/config.rs.in");
pub(super) const LIB: &str = include_str!("../../../templates/src/lib.rs.in");
pub(super) const MAIN: &str = include_str!("../../../templates/src/main.rs.in");
pub(super) const SERVICE: &str = include_str!("../../../templates/src/service.rs.in");
pub(super) const TEST: &str = include_str!("../../../templates/tests/service.rs.in");

/// Fills the gaps. What is filled in is not searched for gaps again.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let gap = after.split_once("}}").and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(it, _)| *it == name)?;
            Some((*value, after))
        });
        match gap {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push_str("{{");
                rest = after;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn gaps_are_filled_once_and_braces_stay() {
        let filled = fill("{{a}} {{b}} {{{x}}}", &[("a", "{{b}}"), ("b", "2")]);
        assert_eq!(filled, "{{b}} 2 {{{x}}}");
    }
}
