//! The better of two drawn at random (after Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001). Looking at all and
//! taking the best sends every client to the same instance at the same moment; looking at two does nearly as well and does not.

/// What is compared of an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bid {
    /// This client's calls that it has not answered.
    pub(crate) in_flight: u32,
    /// How much longer than usual it takes; 1 is usual.
    pub(crate) slowness: f32,
    /// What it is to take compared to the average instance: its weight, less while it is new.
    pub(crate) share: f32,
}

/// How much worse the first may be and still be taken: a few calls' worth of luck is no reason to send everything elsewhere.
const TOLERANCE: f32 = 1.25;
/// Draws by weight before the next best is taken.
const DRAWS_MAX: usize = 16;

impl Bid {
    fn cost(self) -> f32 {
        self.slowness * (1.0 + self.in_flight as f32 / self.share)
    }
}

/// The place to ask among `count`, at least one. `share_max` is the largest share of any.
pub(crate) fn choose(count: usize, share_max: f32, bid: impl Fn(usize) -> Bid) -> usize {
    if count == 1 {
        return 0;
    }
    let (first, first_bid) = draw(count, share_max, &bid, None);
    let (second, second_bid) = draw(count, share_max, &bid, Some(first));
    if second_bid.cost() * TOLERANCE < first_bid.cost() {
        second
    } else {
        first
    }
}

/// One by its share, another than `not`.
fn draw(
    count: usize,
    share_max: f32,
    bid: &impl Fn(usize) -> Bid,
    not: Option<usize>,
) -> (usize, Bid) {
    let mut draws = 0;
    loop {
        draws += 1;
        let place = match not {
            None => fastrand::usize(..count),
            Some(not) => (not + 1 + fastrand::usize(..count - 1)) % count,
        };
        let found = bid(place);
        let certain = found.share >= share_max || draws == DRAWS_MAX;
        if certain || fastrand::f32() * share_max < found.share {
            return (place, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Bid = Bid {
        in_flight: 0,
        slowness: 1.0,
        share: 1.0,
    };

    /// How many of 10,000 calls, none of which takes any time, each gets.
    fn spread(bids: &[Bid]) -> Vec<u32> {
        fastrand::seed(7);
        let share_max = bids.iter().map(|bid| bid.share).fold(0.0, f32::max);
        let mut calls = vec![0; bids.len()];
        for _ in 0..10_000 {
            calls[choose(bids.len(), share_max, |n| bids[n])] += 1;
        }
        calls
    }

    #[test]
    fn equal_ones_get_equally_much() {
        let calls = spread(&[USUAL; 4]);
        assert!(
            calls.iter().all(|n| (2_300..2_700).contains(n)),
            "{calls:?}"
        );
        assert_eq!(spread(&[USUAL]), [10_000]);
    }

    #[test]
    fn weights_count_also_when_nobody_is_busy() {
        let heavy = Bid {
            share: 1.5,
            ..USUAL
        };
        let light = Bid {
            share: 0.5,
            ..USUAL
        };
        let calls = spread(&[heavy, light]);
        assert!((7_200..7_800).contains(&calls[0]), "{calls:?}");
    }

    #[test]
    fn the_slow_and_the_busy_are_passed_over() {
        let slow = Bid {
            slowness: 20.0,
            ..USUAL
        };
        assert_eq!(spread(&[USUAL, slow, USUAL])[1], 0);
        let busy = Bid {
            in_flight: 5,
            ..USUAL
        };
        assert_eq!(spread(&[USUAL, USUAL, busy])[2], 0);
        // Unless the others are busier still.
        let busier = Bid {
            in_flight: 50,
            ..USUAL
        };
        assert_eq!(spread(&[busier, slow]), [0, 10_000]);
    }

    #[test]
    fn a_new_one_is_led_in_slowly() {
        let new = Bid {
            share: 0.1,
            ..USUAL
        };
        let calls = spread(&[USUAL, USUAL, new]);
        assert!((100..900).contains(&calls[2]), "{calls:?}");
    }
}
