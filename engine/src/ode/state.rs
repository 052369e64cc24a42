//! What a solver asks of a state: that it is a vector space with a max norm.

/// A point of a vector space. Combining states of different sizes panics, as adding such tensors does.
pub trait State: Clone {
    /// `self + Σ cᵢ kᵢ`, in one pass over memory where the state allows it.
    fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self;

    /// Greatest |x| over the elements; NaN when any element is not finite.
    fn max_norm(&self) -> f64;

    /// Greatest |x| / (absolute + relative·max(|a|, |b|)) over the elements: an error against a tolerance. NaN when it
    /// is not finite anywhere.
    fn max_ratio(&self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64;
}

/// Elements worked on at a time, so that a sum of several vectors passes through memory once.
const BLOCK: usize = 1024;

macro_rules! state_of_vec {
    ($float:ty) => {
        impl State for Vec<$float> {
            fn add_scaled(&self, terms: &[(f64, &Self)]) -> Self {
                let mut sum = self.clone();
                for (_, k) in terms {
                    assert_eq!(k.len(), sum.len(), "states of different sizes");
                }
                for (block, chunk) in sum.chunks_mut(BLOCK).enumerate() {
                    for (c, k) in terms {
                        let c = *c as $float;
                        let k = &k[block * BLOCK..];
                        chunk.iter_mut().zip(k).for_each(|(sum, k)| *sum += c * k);
                    }
                }
                sum
            }

            fn max_norm(&self) -> f64 {
                greatest(self.iter().map(|x| f64::from(*x).abs()))
            }

            fn max_ratio(&self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
                assert!(a.len() == self.len() && b.len() == self.len(), "states of different sizes");
                greatest(
                    self.iter().zip(a).zip(b).map(|((x, a), b)| {
                        f64::from(*x).abs() / (absolute + relative * f64::from(a.abs().max(b.abs())))
                    }),
                )
            }
        }
    };
}

state_of_vec!(f64);
state_of_vec!(f32);

/// The greatest of values that are 0 or more; NaN when one is not finite.
pub(super) fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.fold(0.0, |most: f64, x| if x > most || x.is_nan() { x } else { most });
    if most.is_finite() { most } else { f64::NAN }
}
