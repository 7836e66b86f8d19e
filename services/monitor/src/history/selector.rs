//! Which series a question is about.

/// Series of one name, in one scope, whose labels have these values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The name of the metric, as it was declared: a counter's without `_total`.
    pub name: String,
    /// Labels and the values they must have. What is not named here is put together.
    pub labels: Vec<(String, String)>,
    /// Whose.
    pub scope: Scope,
    /// Leaves out those of instances that ended in good order.
    pub without_retired: bool,
}

/// Whose series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody's.
    #[default]
    All,
    /// Those of all instances of a service.
    Service(String),
    /// Those of all instances on a host.
    Host(String),
    /// Those of one instance.
    Instance(String),
}

impl Selector {
    /// All series of a name.
    pub fn named(name: impl Into<String>) -> Selector {
        Selector {
            name: name.into(),
            labels: Vec::new(),
            scope: Scope::All,
            without_retired: false,
        }
    }

    /// Only those with this label.
    pub fn label(mut self, label: impl Into<String>, value: impl Into<String>) -> Selector {
        self.labels.push((label.into(), value.into()));
        self
    }

    /// Only those in this scope.
    pub fn scope(mut self, scope: Scope) -> Selector {
        self.scope = scope;
        self
    }
}
