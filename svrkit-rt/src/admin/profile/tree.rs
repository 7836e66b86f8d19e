//! Stacks that begin alike, put together.

use super::stacks::Profile;

/// A function, called in one way, and those that it called.
#[derive(Debug, Default)]
pub(in crate::admin) struct Node {
    pub(in crate::admin) name: String,
    /// How often it was met, on its own or below.
    pub(super) count: u64,
    /// The one met most often first.
    pub(super) below: Vec<Node>,
}

impl Node {
    /// Everything.
    pub(in crate::admin) fn of(profile: &Profile) -> Node {
        let mut root = Node::named("all");
        for (stack, count) in &profile.stacks {
            root.count += count;
            let mut node = &mut root;
            for name in stack {
                let at = match node.below.iter().position(|n| n.name == *name) {
                    Some(at) => at,
                    None => {
                        node.below.push(Node::named(name));
                        node.below.len() - 1
                    }
                };
                node = &mut node.below[at];
                node.count += count;
            }
        }
        root.sort();
        root
    }

    /// The node at the end of a path of places: `0.3.1`.
    pub(in crate::admin) fn at(&self, path: &str) -> Option<&Node> {
        let mut node = self;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            node = node.below.get(step.parse::<usize>().ok()?)?;
        }
        Some(node)
    }

    /// The first node below which there is a choice, its path from here, and how many functions are above it: all stacks begin with
    /// them, so they say nothing.
    pub(in crate::admin) fn fork(&self) -> (&Node, String, usize) {
        let (mut node, mut steps) = (self, 0);
        while let [only] = node.below.as_slice()
            && only.count == node.count
        {
            (node, steps) = (only, steps + 1);
        }
        (node, vec!["0"; steps].join("."), steps)
    }

    fn named(name: &str) -> Node {
        Node {
            name: name.to_owned(),
            ..Node::default()
        }
    }

    // A stack is as deep as a profiler unwinds, 128 frames: recursion ends.
    fn sort(&mut self) {
        // By name where counts are alike, so that a path means the same each time.
        self.below
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        self.below.iter_mut().for_each(Node::sort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_begins_alike_stands_together() {
        let stack = |names: &str, count| (names.split(' ').map(str::to_owned).collect(), count);
        let profile = Profile {
            stacks: vec![
                stack("t a b", 2),
                stack("t c", 7),
                stack("t a", 1),
                stack("t a d", 2),
            ],
            length: Duration::ZERO,
            began_us: 0,
            frequency_hz: 99,
        };
        let root = Node::of(&profile);
        assert_eq!((root.count, profile.samples()), (12, 12));
        let at = |path: &str| root.at(path).map(|n| (n.name.as_str(), n.count));
        assert_eq!(at(""), Some(("all", 12)));
        assert_eq!(at("0.0"), Some(("c", 7)));
        assert_eq!(at("0.1"), Some(("a", 5)));
        assert_eq!(at("0.1.0"), Some(("b", 2)));
        assert_eq!(at("0.1.9"), None);
        assert_eq!(at("x"), None);
        let (fork, path, above) = root.fork();
        assert_eq!((fork.name.as_str(), path.as_str(), above), ("t", "0", 1));
        assert!(profile.folded().contains("t;a;d 2\n"));
    }
}
