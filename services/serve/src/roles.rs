//! The services there are.

/// Which floor of the house a service stands on. Calls go down: access → logic → storage. Who looks on stands above them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Looks on.
    Monitor,
    /// Holds clients' links.
    Access,
    /// Decides.
    Logic,
    /// Keeps work until it is done.
    Queue,
    /// Keeps data.
    Storage,
}

/// A service that can be started by its name.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// As in addresses, settings and logs: `"account_store"`.
    pub name: &'static str,
    /// Where it stands.
    pub layer: Layer,
    /// Port on loopback when nobody says otherwise. That of the access layer is the long link's.
    pub port: u16,
    /// The services it calls.
    pub calls: &'static [&'static str],
}

/// All of them, callees first: nobody here calls somebody below him in this list.
pub static ROLES: [Role; 16] = [
    role("account_store", Layer::Storage, 8131, &[]),
    role("contact_store", Layer::Storage, 8132, &[]),
    role("group_store", Layer::Storage, 8133, &[]),
    role("message_store", Layer::Storage, 8134, &[]),
    role("queue", Layer::Queue, 8121, &[]),
    role("session", Layer::Logic, 8106, &[]),
    role("push", Layer::Logic, 8107, &["session"]),
    role(
        "fanout",
        Layer::Logic,
        8108,
        &["group_store", "message_store", "push", "queue"],
    ),
    role(
        "message",
        Layer::Logic,
        8104,
        &[
            "account_store",
            "contact_store",
            "group_store",
            "message_store",
            "push",
            "queue",
        ],
    ),
    role(
        "sync",
        Layer::Logic,
        8105,
        &[
            "account_store",
            "contact_store",
            "group_store",
            "message_store",
        ],
    ),
    role(
        "contact",
        Layer::Logic,
        8102,
        &["account_store", "contact_store", "push", "session"],
    ),
    role(
        "group",
        Layer::Logic,
        8103,
        &[
            "account_store",
            "contact_store",
            "group_store",
            "message",
            "push",
        ],
    ),
    role(
        "account",
        Layer::Logic,
        8101,
        &[
            "account_store",
            "contact_store",
            "group",
            "group_store",
            "message_store",
            "push",
        ],
    ),
    role(
        "access",
        Layer::Access,
        8081,
        &[
            "account", "contact", "group", "message", "push", "session", "sync",
        ],
    ),
    role(
        "monitor",
        Layer::Monitor,
        8141,
        &["fanout", "message_store", "queue", "session"],
    ),
    role("agent", Layer::Monitor, 8142, &["monitor"]),
];

const fn role(name: &'static str, layer: Layer, port: u16, calls: &'static [&'static str]) -> Role {
    Role {
        name,
        layer,
        port,
        calls,
    }
}

impl Role {
    /// Whether it keeps data in a folder, which one process at a time may have open.
    pub fn owns_data(&self) -> bool {
        self.layer >= Layer::Queue || self.layer == Layer::Monitor
    }

    /// Whether several of it may serve side by side: what it holds between two calls, if anything, only spares it work. The others hold
    /// what their callers must find again.
    pub fn may_be_several(&self) -> bool {
        let holds = self.owns_data() || matches!(self.name, "session" | "push");
        !holds
    }

    /// The role of this name.
    pub fn named(name: &str) -> Option<&'static Role> {
        ROLES.iter().find(|role| role.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_calls_upwards_or_in_a_circle() {
        for (place, role) in ROLES.iter().enumerate() {
            for callee in role.calls {
                let below = ROLES[..place].iter().find(|r| r.name == *callee);
                let below = below.unwrap_or_else(|| panic!("{} calls {callee}", role.name));
                assert!(below.layer >= role.layer, "{} calls {callee}", role.name);
            }
        }
    }
}
