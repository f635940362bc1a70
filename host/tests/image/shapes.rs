//! Frames in every shape that memory can have, and scatter/gather lists delivered in every way that NDIS allows.

use crate::common::{
    frame::{LONGEST, SHORTEST, assert_all_same, outgoing, padded},
    random::{Random, seed},
    rig::{Rig, deliver_lists, play, setup},
};
use ferrite_host::{abi::constants as c, net::Shape};

/// Sends frames in given shapes, one chain of NBLs with one NB each, and compares what is on the wire.
#[track_caller]
fn sent(rig: &Rig, what: &str, shapes: &[Shape]) {
    let frames: Vec<Vec<u8>> =
        shapes.iter().enumerate().map(|(i, shape)| outgoing(i as u32, shape.frame())).collect();
    let chain: Vec<Vec<(&[u8], Shape)>> =
        frames.iter().zip(shapes).map(|(frame, shape)| vec![(frame.as_slice(), shape.clone())]).collect();
    rig.port.send_shaped(&rig.adapter, &chain);
    let expected: Vec<Vec<u8>> = frames.iter().map(|frame| padded(frame)).collect();
    assert_all_same(what, &rig.wire_frames(frames.len()), &expected);
    rig.settle();
    assert_eq!(rig.port.failed(), 0, "{what}");
}

/// A frame of `len` bytes in MDLs of `piece` bytes each.
fn cut(len: usize, piece: usize) -> Shape {
    let mut pieces = vec![piece; len / piece];
    pieces.push(len % piece);
    Shape { pieces, ..Shape::flat(len) }
}

/// Empty MDLs before, between and behind the others.
fn with_gaps(mut shape: Shape) -> Shape {
    let full = std::mem::take(&mut shape.pieces);
    shape.pieces = full.into_iter().flat_map(|piece| [0, piece, 0]).collect();
    shape
}

/// NDIS-DMA-05 to -07, NDIS-SEND-05: MDLs of one byte and of none, dozens and hundreds of them, across page ends, with
/// the frame anywhere in them.
#[test]
fn odd_shapes_leave_whole_and_in_order() {
    play(&setup(), |rig| {
        let pieces: Vec<Shape> =
            [1, 2, 3, 7, 13, 14, 15, 20, 23, 24, 25, 30, 31, 32, 33, 47, 48, 64, 255, 256, 1024]
                .into_iter()
                .map(|piece| cut(LONGEST, piece))
                .collect();
        sent(rig, "pieces of one size", &pieces);
        sent(rig, "with empty MDLs", &pieces.iter().cloned().map(with_gaps).collect::<Vec<_>>());
        let short: Vec<Shape> = (1..=SHORTEST + 4).map(|len| with_gaps(cut(len, 1 + len % 5))).collect();
        sent(rig, "short frames in pieces", &short);
        let offset = |at: usize| Shape { page_offset: at, ..cut(LONGEST, 500) };
        sent(rig, "across page ends", &[1, 2048, 3000, 4000, 4081, 4082, 4090, 4094, 4095].map(offset));
        let inside = |(ahead, lead, tail)| Shape { ahead, lead, tail, ..cut(700, 300) };
        let places = [
            (0, 1, 0),
            (0, 4096, 0),
            (0, 5000, 3000),
            (1, 0, 0),
            (64, 0, 1),
            (40, 18, 9),
            (4096, 4095, 1),
            (9000, 7, 7),
        ];
        sent(rig, "the frame somewhere inside", &places.map(inside));
    });
}

/// NDIS-DMA-15: data above 4 GiB, alone and mixed with data below.
#[test]
fn memory_above_4_gib() {
    play(&setup(), |rig| {
        let shapes: Vec<Shape> = (0..64)
            .map(|i| Shape { high: i % 3 != 0, page_offset: (i * 511) % 4096, ..cut(60 + i * 20, 97) })
            .collect();
        sent(rig, "above 4 GiB", &shapes);
    });
}

/// A thousand shapes that nobody has thought of.
#[test]
fn random_shapes() {
    let mut random = Random::new(seed());
    play(&setup(), move |rig| {
        for _ in 0..20 {
            let shapes: Vec<Shape> = (0..50).map(|_| any(&mut random)).collect();
            sent(rig, "random shapes", &shapes);
        }
    });
}

fn any(random: &mut Random) -> Shape {
    let mut below = |limit: usize| random.below(limit as u64) as usize;
    let (mut left, mut pieces) = (1 + below(LONGEST), Vec::new());
    let most = [1, 2, 10, 64, 1514][below(5)];
    while left > 0 {
        let piece = below(most.min(left) + 1);
        pieces.push(piece);
        left -= piece;
    }
    Shape {
        ahead: [0, 0, 1, 54][below(4)],
        lead: [0, 1, 14, 128, 4090][below(5)],
        page_offset: [0, 1, 64, 2047, 4000, 4095][below(6)],
        pieces,
        tail: [0, 0, 1, 600][below(4)],
        high: below(3) == 0,
    }
}

/// NDIS-DMA-04, -06, -10; NDIS-SEND-05: lists that come late, on another CPU and out of order, that lie elsewhere than
/// in the driver's buffer, or that cannot be had: every frame still leaves, in order, once.
#[test]
fn lists_delivered_in_every_way() {
    play(&setup(), |rig| {
        for (late, fail, elsewhere) in [
            (1, 0, 0),
            (2, 0, 0),
            (0, 1, 0),
            (0, 3, 0),
            (0, 0, 1),
            (3, 0, 2),
            (2, 3, 5),
            (5, 2, 0),
            (1, 7, 1),
        ] {
            deliver_lists(late, fail, elsewhere);
            let shapes: Vec<Shape> =
                (0..300).map(|i| Shape::odd(SHORTEST + (i * 97) % 1400, i as u64)).collect();
            sent(rig, &format!("late {late}, fail {fail}, elsewhere {elsewhere}"), &shapes);
        }
        deliver_lists(0, 0, 0);
        assert_eq!(rig.completions(c::NDIS_STATUS_SUCCESS), 9 * 300);
    });
}
