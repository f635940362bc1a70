//! What a driver leaves behind in the kernel.

use super::{Nt, handles::Target};

impl Nt {
    /// Everything that the driver has to take back before it is unloaded and did not, in words. Pool, MDLs
    /// and other memory are `mem`'s to report.
    #[must_use]
    pub fn left_behind(&self) -> Vec<String> {
        let mut left = Vec::new();
        let mut add =
            |what: &str, list: &[u64]| left.extend(list.iter().map(|addr| format!("{what} {addr:#x}")));
        add("timer that is set, KTIMER", &self.timers.active());
        add("timer that is set, EX_TIMER", &self.ext_timers.active());
        add("queued DPC", &self.dpcs.active());
        add("system thread", &self.threads.alive());
        add("resource that is not deleted, ERESOURCE", &self.resources.left());
        add("connected interrupt", &self.interrupts.left());
        add("DMA adapter", &self.dma.left());
        add("mapped registers at", &self.io_space.left());
        add("device object", &self.devices.left());
        add("bug check callback", &self.debug.callbacks());
        add("processor change callback", &self.processors.left());
        add("power setting callback", &self.power.left());
        let (locked, pages) = self.mdls.left();
        add("MDL with locked pages", &locked);
        add("MDL with allocated pages", &pages);
        add("referenced thread", &self.objects.left("thread"));
        let lists = self.lookaside.left();
        left.extend(lists.iter().map(|(list, by)| format!("lookaside list {list:#x} of {by}")));
        for (target, by) in self.handles.left() {
            left.push(match target {
                Target::Key(path) => format!("registry handle of {by}: {path}"),
                Target::Object(object) => format!("handle of {by}: object {object:#x}"),
            });
        }
        left.extend(self.links.left());
        left.extend(self.etw.left());
        match self.callbacks.left() {
            0 => {}
            count => left.push(format!("{count} callback object registrations")),
        }
        match self.work.pending() {
            0 => {}
            count => left.push(format!("{count} work items queued or running")),
        }
        left
    }
}
