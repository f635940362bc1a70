//! From an SG list to the pieces of a frame.

/// A piece of memory that the device can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where the device finds it.
    pub address: u64,
    /// Its length in bytes.
    pub length: u32,
}

/// Cuts a frame of `length` bytes that begins `skip` bytes into `elements` out of them.
///
/// An NB's SG list begins at the start of its current MDL, so `skip` is `CurrentMdlOffset` (NDIS-DMA-07), and
/// may end behind the frame. Empty pieces are left out.
pub fn fragments<I>(elements: I, skip: u32, length: u32) -> Fragments<I::IntoIter>
where
    I: IntoIterator<Item = Fragment>,
{
    Fragments { elements: elements.into_iter(), skip, left: length }
}

/// The pieces of a frame. See [`fragments`].
#[derive(Clone, Debug)]
pub struct Fragments<I> {
    elements: I,
    skip: u32,
    left: u32,
}

impl<I> Fragments<I> {
    /// How many bytes of the frame have not been delivered yet. After the last piece: how many are missing.
    #[must_use]
    pub const fn missing(&self) -> u32 {
        self.left
    }
}

impl<I: Iterator<Item = Fragment>> Iterator for Fragments<I> {
    type Item = Fragment;

    #[inline]
    fn next(&mut self) -> Option<Fragment> {
        while self.left != 0 {
            let element = self.elements.next()?;
            let skipped = self.skip.min(element.length);
            self.skip -= skipped;
            let length = (element.length - skipped).min(self.left);
            if length != 0 {
                self.left -= length;
                return Some(Fragment { address: element.address.wrapping_add(u64::from(skipped)), length });
            }
        }
        None
    }
}
