//! I/O work items.

use super::objects::Object;
use crate::{
    imports,
    verify::rules,
    world::{call, world},
};
use std::{cell::Cell, rc::Rc};

/// A work item.
struct WorkItem {
    owner: u64,
    queued: Cell<bool>,
}

impl Object for WorkItem {
    fn what(&self) -> &'static str {
        "work item"
    }
    fn owner(&self) -> u64 {
        self.owner
    }
}

fn item(handle: u64, what: &str) -> Rc<WorkItem> {
    world().verify.watch(&rules::HANDLE_WORK_ITEM);
    match world().ndis.objects.get::<WorkItem>(handle) {
        Some(item) => item,
        None => {
            world().violation(&rules::HANDLE_WORK_ITEM, format!("{what}: {handle:#x} is not a work item"))
        }
    }
}

imports! {
    /// Work items.
    TABLE from "ndis.sys";

    fn NdisAllocateIoWorkItem(handle: u64) -> u64 {
        let item = WorkItem { owner: handle, queued: Cell::new(false) };
        world().ndis.objects.add(Rc::new(item), "NdisAllocateIoWorkItem").unwrap_or(0)
    }

    fn NdisFreeIoWorkItem(handle: u64) {
        let world = world();
        let idle = !item(handle, "NdisFreeIoWorkItem").queued.get();
        world.hold(&rules::WORK_FREED, idle, || "a work item freed while it is queued".into());
        world.ndis.objects.remove::<WorkItem>(handle);
    }

    fn NdisQueueIoWorkItem(handle: u64, routine: u64, context: u64) {
        let world = world();
        let item = item(handle, "NdisQueueIoWorkItem");
        let idle = !item.queued.replace(true);
        world.hold(&rules::WORK_QUEUED, idle, || "a work item queued while it is queued".into());
        // A worker thread per item in flight; the routine may free its own item (NDIS-WI-01).
        world.sched.spawn("system worker", world.cpu().number + 1, move || {
            item.queued.set(false);
            call("work item routine", routine, &[context, handle]);
        });
    }
}
