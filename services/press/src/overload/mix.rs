//! What is asked how often.

use super::asks::Kind;

/// Asks of each kind among a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mix {
    /// As reports call it.
    pub(super) name: &'static str,
    per_mille: [u32; 4],
}

impl Mix {
    /// Mostly reading. At ten times the saturation all logins and sends together still fit into what the backend can do, and are to get
    /// through: the question is what becomes of them when everything else is too much.
    pub(super) const READS: Mix = Mix::new("reads", [2, 20, 178, 800]);
    /// A New Year: at ten times the saturation the sends alone are far too many, and only logins are to get through, all of them.
    pub(super) const SENDS: Mix = Mix::new("sends", [2, 398, 200, 400]);
    /// Logins and sends of [`Mix::SENDS`], and nothing else: what the backend can do of them at best.
    pub(super) const PEAK: Mix = Mix::new("peak", [5, 995, 0, 0]);

    const fn new(name: &'static str, per_mille: [u32; 4]) -> Mix {
        Mix { name, per_mille }
    }

    pub(super) fn draw(self) -> Kind {
        let mut drawn = fastrand::u32(..1_000);
        for kind in Kind::ALL {
            match drawn.checked_sub(self.per_mille[kind as usize]) {
                Some(left) => drawn = left,
                None => return kind,
            }
        }
        Kind::Rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_drawn_as_often_as_they_should() {
        for mix in [Mix::READS, Mix::SENDS, Mix::PEAK] {
            assert_eq!(mix.per_mille.iter().sum::<u32>(), 1_000, "{mix:?}");
        }
        fastrand::seed(1);
        let mut drawn = [0; 4];
        (0..100_000).for_each(|_| drawn[Mix::READS.draw() as usize] += 1);
        for kind in Kind::ALL {
            let expected = f64::from(Mix::READS.per_mille[kind as usize]) * 100.0;
            let found = f64::from(drawn[kind as usize]);
            assert!((found / expected - 1.0).abs() < 0.2, "{found} of {kind:?}");
        }
    }
}
