//! Who speaks when. The one draw that is not a hash: the generator of the original, so that a seed
//! gives the order that it gives there.

/// The generator mulberry32: one state of 32 bits, shared by all rounds of a debate.
#[derive(Debug, Clone)]
pub struct Mulberry32 {
    state: u32,
}

impl Mulberry32 {
    /// A generator of a seed, of which the lower 32 bits count.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: u32::try_from(seed & u64::from(u32::MAX)).unwrap_or(0) }
    }

    /// The next number, evenly over all of 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x6d2b_79f5);
        let mut mixed = (self.state ^ (self.state >> 15)).wrapping_mul(self.state | 1);
        mixed ^= mixed.wrapping_add((mixed ^ (mixed >> 7)).wrapping_mul(mixed | 61));
        mixed ^ (mixed >> 14)
    }

    /// The next number as a fraction from 0 to below 1.
    pub fn next_fraction(&mut self) -> f64 {
        f64::from(self.next_u32()) / 4_294_967_296.0
    }

    /// The items in a drawn order: Fisher–Yates from the last place down, one draw for each but the
    /// first.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            // floor(fraction * (last + 1)), without a detour over fractions.
            let places = u64::try_from(last + 1).unwrap_or(u64::MAX);
            let drawn = u64::from(self.next_u32()).wrapping_mul(places) >> 32;
            items.swap(last, usize::try_from(drawn).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_one_take_no_draw() {
        let mut generator = Mulberry32::new(5);
        generator.shuffle::<u8>(&mut []);
        generator.shuffle(&mut [1]);
        assert_eq!(generator.next_u32(), Mulberry32::new(5).next_u32());
    }

    #[test]
    fn fractions_stay_below_1() {
        let mut generator = Mulberry32::new(u64::MAX);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&generator.next_fraction())));
    }
}
