//! Which part of a large fleet one client talks to: everybody to everybody would be a connection for each pair.

use super::super::stable_hash::{mix, stable_hash};

/// The `max` of `names` that the client `key` talks to, by their places; all of them when there are no more.
///
/// By rendezvous: each client ranks all names and takes the first. The same client and the same names make the same choice, in any
/// order of the names; a name that comes or goes changes one place of some clients, and nothing else; and clients with different keys
/// choose independently, so with many of them each instance gets nearly the same number.
pub(crate) fn subset(names: &[&str], key: u64, max: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..names.len()).collect();
    if names.len() <= max {
        return places;
    }
    places.sort_by_cached_key(|place| std::cmp::Reverse(stable_hash(names[*place], mix(key))));
    places.truncate(max);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count)
            .map(|n| format!("10.0.{}.{}:80", n / 256, n % 256))
            .collect()
    }

    fn chosen(names: &[String], key: u64, max: usize) -> Vec<&str> {
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut chosen: Vec<&str> = subset(&all, key, max)
            .iter()
            .map(|place| all[*place])
            .collect();
        chosen.sort_unstable();
        chosen
    }

    #[test]
    fn small_fleets_are_taken_whole() {
        assert_eq!(chosen(&names(7), 1, 7).len(), 7);
        assert_eq!(chosen(&names(0), 1, 7).len(), 0);
    }

    #[test]
    fn the_same_client_chooses_the_same_and_one_change_changes_one() {
        let mut fleet = names(500);
        let before = chosen(&fleet, 42, 20);
        assert_eq!(before.len(), 20);
        let before: Vec<String> = before.iter().map(|name| name.to_string()).collect();
        fleet.reverse();
        assert_eq!(chosen(&fleet, 42, 20), before);
        fleet.retain(|name| *name != before[3]);
        let after = chosen(&fleet, 42, 20);
        let kept = before.iter().filter(|name| after.contains(&name.as_str()));
        assert_eq!(kept.count(), 19);
        assert_ne!(chosen(&fleet, 43, 20), after);
    }

    #[test]
    fn many_clients_load_all_alike() {
        let fleet = names(100);
        let all: Vec<&str> = fleet.iter().map(String::as_str).collect();
        let mut clients = vec![0_u32; 100];
        for key in 0..1_000 {
            for place in subset(&all, key, 20) {
                clients[place] += 1;
            }
        }
        // 200 on average, with a deviation of 13.
        assert!(
            clients.iter().all(|n| (140..260).contains(n)),
            "{clients:?}"
        );
    }
}
