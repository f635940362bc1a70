//! The shapes in which a frame may lie in memory: how a protocol stack really hands it down.

/// How one frame is laid out in MDLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of an MDL that lies before the frame as a whole: the NB has been advanced past it. 0 for none.
    pub ahead: usize,
    /// Bytes of the frame's first MDL that come before the frame (`CurrentMdlOffset`).
    pub lead: usize,
    /// Offset of each MDL's memory in its page.
    pub page_offset: usize,
    /// Frame bytes in each MDL; their sum is the frame. Zeros are empty MDLs, which are legal.
    pub pieces: Vec<usize>,
    /// Bytes behind the frame in the last MDL.
    pub tail: usize,
    /// In memory above 4 GiB, where there is some.
    pub high: bool,
}

impl Shape {
    /// One buffer, nothing around it.
    #[must_use]
    pub fn flat(len: usize) -> Self {
        Self { ahead: 0, lead: 0, page_offset: 0, pieces: vec![len], tail: 0, high: false }
    }

    /// A shape for a frame of `len` bytes. Different `turn`s give different shapes, the same always the same.
    #[must_use]
    pub fn odd(len: usize, turn: u64) -> Self {
        let cut = |at: &[usize]| {
            let mut pieces = Vec::new();
            let mut from = 0;
            for &to in at.iter().filter(|&&to| to <= len) {
                pieces.push(to - from);
                from = to;
            }
            pieces.push(len - from);
            pieces
        };
        let pieces = match turn % 9 {
            // Ethernet, IP and TCP headers, then data, as a TCP/IP stack sends.
            0 => cut(&[14, 34, 54]),
            1 => cut(&[]),
            2 => cut(&[1]),
            3 => cut(&[13, 14, 15]),
            4 => cut(&[14, 14, 60]),
            5 => cut(&[len.saturating_sub(1)]),
            6 => cut(&[6, 12, 14, 18, 34, 54, 66, 67, 131, 259, 515, 1027]),
            7 => cut(&[len / 2]),
            _ => cut(&[len / 3, len * 2 / 3]),
        };
        let offsets = [0, 1, 3, 4095, 4000, 64, 2047, 4090];
        let pick = |list: &[usize], turn: u64| list.get(turn as usize % list.len()).copied().unwrap_or(0);
        Self {
            ahead: pick(&[0, 0, 40, 0, 0, 1, 0], turn / 7),
            lead: pick(&[0, 2, 18, 0, 64], turn / 3),
            page_offset: pick(&offsets, turn / 5),
            pieces,
            tail: pick(&[0, 0, 7], turn / 2),
            high: turn % 4 == 3,
        }
    }

    /// Bytes of the frame.
    #[must_use]
    pub fn frame(&self) -> usize {
        self.pieces.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_shape_holds_the_frame_and_turns_differ() {
        let mut seen = BTreeSet::new();
        for len in [1, 13, 14, 42, 60, 590, 1514] {
            for turn in 0..720 {
                let shape = Shape::odd(len, turn);
                assert_eq!(shape.frame(), len, "{shape:?}");
                assert_eq!(shape, Shape::odd(len, turn));
                seen.insert(format!("{shape:?}"));
            }
        }
        assert!(seen.len() > 1000, "only {} shapes", seen.len());
    }
}
