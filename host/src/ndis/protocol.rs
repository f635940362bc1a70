//! What is bound above a miniport.

use super::{adapter::Adapter, nbl::Nbl};
use std::rc::Rc;

/// A protocol driver as the adapter sees it. Its functions run on the thread, and at the IRQL, of the
/// driver's call: they take and return at once.
pub trait Protocol {
    /// Frames have come. NBLs that are not `ours_to_keep` are copied and left; the others may be kept, and
    /// go back with [`super::Ndis::return_nbls`].
    fn receive(&self, adapter: &Rc<Adapter>, nbls: &[Nbl], ours_to_keep: bool);
    /// Sends are done, with their status in each NBL.
    fn send_complete(&self, adapter: &Rc<Adapter>, nbls: &[Nbl]);
    /// The miniport indicated a status.
    fn status(&self, adapter: &Rc<Adapter>, code: u32, data: &[u8]);
}
