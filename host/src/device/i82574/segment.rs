//! What a context asks for: checksums, and the segments of a large send.

use super::{
    bits::tx,
    breach::{Checked, hold},
    checksum,
};
use crate::verify::rules;

/// A context descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    ip: (u8, u8, u16),
    l4: (u8, u8, u16),
    payload: u32,
    header: u8,
    mss: u16,
    tcp: bool,
    ipv4: bool,
}

impl Context {
    pub fn read([first, second]: [u64; 2]) -> Self {
        Self {
            ip: (first as u8, (first >> 8) as u8, (first >> 16) as u16),
            l4: ((first >> 32) as u8, (first >> 40) as u8, (first >> 48) as u16),
            payload: (second & 0xF_FFFF) as u32,
            header: (second >> 40) as u8,
            mss: (second >> 48) as u16,
            tcp: second & tx::TCP != 0,
            ipv4: second & tx::IPV4 != 0,
        }
    }

    /// Inserts the checksums that POPTS asks for.
    pub fn insert(&self, frame: &mut [u8], options: u64) -> Checked {
        let parts = [(tx::IXSM, self.ip, "IP"), (tx::TXSM, self.l4, "TCP or UDP")];
        for (bit, (start, offset, end), what) in parts {
            if options & bit == 0 {
                continue;
            }
            let inserted = checksum::insert(frame, start.into(), offset.into(), end.into());
            hold(&rules::I82574_CHECKSUM, inserted, || {
                let len = frame.len();
                format!("the {what} checksum of a frame of {len} bytes: from {start} to {end}, at {offset}")
            })?;
            // A UDP checksum of zero means none.
            let at = usize::from(offset);
            if bit == tx::TXSM && !self.tcp && frame.get(at..at + 2) == Some(&[0, 0]) {
                frame[at..at + 2].fill(0xFF);
            }
        }
        Ok(())
    }

    /// Cuts a large send into frames.
    pub fn segments(&self, send: &[u8], options: u64) -> Checked<Vec<Vec<u8>>> {
        let header = usize::from(self.header);
        let hold = |rule, kept, why: &str| {
            hold(rule, kept, || format!("a large send of {} bytes with {self:?}: {why}", send.len()))
        };
        let (ip, l4) = (usize::from(self.ip.0), usize::from(self.l4.0));
        hold(&rules::I82574_MSS, self.mss != 0, "no MSS")?;
        let smallest = if self.tcp { 20 } else { 8 };
        let fits = ip >= 14 && l4 >= ip + 20 && header >= l4 + smallest && send.len() > header;
        hold(&rules::I82574_HEADER, fits, "the headers do not fit")?;
        let given = self.payload as usize == send.len() - header;
        hold(&rules::I82574_PAYLOAD, given, "PAYLEN is not what the descriptors have")?;
        let (headers, payload) = send.split_at(header);
        let count = payload.len().div_ceil(self.mss.into());
        let mut frames = Vec::with_capacity(count);
        for (index, piece) in payload.chunks(self.mss.into()).enumerate() {
            let mut frame = [headers, piece].concat();
            self.update(&mut frame, index, index + 1 == count);
            self.insert(&mut frame, options)?;
            frames.push(frame);
        }
        Ok(frames)
    }

    /// The headers of segment `index`. What is changed lies inside them: see above.
    fn update(&self, frame: &mut [u8], index: usize, last: bool) {
        let (ip, l4, len) = (usize::from(self.ip.0), usize::from(self.l4.0), frame.len());
        let mut put = |at: usize, value: usize| {
            frame[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
        };
        if self.ipv4 {
            put(ip + 2, len - ip);
        } else {
            put(ip + 4, len - ip - 40);
        }
        if !self.tcp {
            put(l4 + 4, len - l4);
        }
        let get = |frame: &[u8], at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
        if self.ipv4 {
            let id = get(frame, ip + 4).wrapping_add(index as u16);
            frame[ip + 4..ip + 6].copy_from_slice(&id.to_be_bytes());
        }
        if self.tcp {
            let sequence = u32::from(get(frame, l4 + 4)) << 16 | u32::from(get(frame, l4 + 6));
            let sequence = sequence.wrapping_add(index as u32 * u32::from(self.mss));
            frame[l4 + 4..l4 + 8].copy_from_slice(&sequence.to_be_bytes());
            if !last {
                // FIN and PSH belong to the last segment, CWR to the first.
                frame[l4 + 13] &= !0x09;
            }
            if index != 0 {
                frame[l4 + 13] &= !0x80;
            }
        }
        // The pseudo-header's sum is in its place, without the length.
        let at = usize::from(self.l4.1);
        if at + 2 <= frame.len() {
            let seed = u32::from(get(frame, at)) + (len - l4) as u32;
            frame[at..at + 2].copy_from_slice(&(checksum::fold(seed) as u16).to_be_bytes());
        }
    }
}
