//! Resources: what the bus asks for, what the driver makes of it, and what the device is given.

use super::{DeviceNode, irps::head};
use crate::{
    abi::{
        self, CM_PARTIAL_RESOURCE_DESCRIPTOR as Partial, IO_RESOURCE_DESCRIPTOR as Desc,
        IO_RESOURCE_LIST as List, IO_RESOURCE_REQUIREMENTS_LIST as Reqs, IO_STACK_LOCATION as Stack, Layout,
        Ptr, constants as c, write,
    },
    cpu::DIRQL,
    devnode::Wish,
    mem::Kind,
    nt::{io::irp, memory::pool, status},
    verify::rules,
    world::world,
};

/// Tag of the requirements.
const TAG: u32 = u32::from_le_bytes(*b"PciR");
/// Offset of the first IO_RESOURCE_DESCRIPTOR.
const DESCRIPTORS: u64 = 32 + 8;
/// Offset of the first CM_PARTIAL_RESOURCE_DESCRIPTOR.
const PARTIAL: u64 = 4 + 16;
/// CM_SHARE_DISPOSITION.
const EXCLUSIVE: u8 = 1;
const SHARED: u8 = 3;
/// Descriptors that a list may come back with.
const MOST: u32 = 2048;

impl DeviceNode {
    /// IRP_MN_FILTER_RESOURCE_REQUIREMENTS: the requirements go to the driver in paged pool, and what comes back in
    /// IoStatus.Information is honoured and freed.
    pub(super) fn filter(&self) {
        let device = &self.device;
        device.grant(device.messages_allowed.get());
        let list = self.requirements();
        let (status, now) = self.request("IRP_MN_FILTER_RESOURCE_REQUIREMENTS", |stack, addr| {
            head(stack, c::IRP_MJ_PNP, c::IRP_MN_FILTER_RESOURCE_REQUIREMENTS);
            stack.set(Stack::Parameters_FilterResourceRequirements_IoResourceRequirementList, list);
            irp::set_status(addr, c::STATUS_NOT_SUPPORTED, list);
        });
        let filtered = status::success(status) && now != 0;
        let used = if filtered { now } else { list };
        device.grant_as(wishes(used));
        if filtered && now != list {
            self.own(now);
            pool::free("IRP_MN_FILTER_RESOURCE_REQUIREMENTS", now, None);
            // Who puts another list in its place frees the old one.
            world().hold(&rules::FILTER_FREED, world().mem.block(list).is_none(), || {
                format!("the requirements at {list:#x} were replaced, but not freed")
            });
            return;
        }
        pool::free("IRP_MN_FILTER_RESOURCE_REQUIREMENTS", list, None);
    }

    /// A list of the driver's has to be pool, and as long as it says.
    fn own(&self, list: u64) {
        let block = world().mem.block(list).filter(|block| block.kind == Kind::Pool);
        let size = block.map_or(0, |block| block.size);
        let stated = if size == 0 { 0 } else { Ptr::<Reqs>::new(list).get(Reqs::ListSize) as usize };
        world().hold(&rules::FILTER_SIZE, stated <= size && stated as u64 >= DESCRIPTORS, || {
            let instance = &self.device.instance;
            format!("the requirements of {instance} at {list:#x}: {stated} bytes in a pool block of {size}")
        });
    }

    /// Interrupt descriptors: each MSI-X message has its own, those of MSI have one together, the line has one.
    fn interrupt_descriptors(&self) -> usize {
        let messages = self.device.granted_messages();
        if self.device.hardware.is_msi() { 1 } else { messages.max(1) }
    }

    /// What the bus driver states: the BARs where they are, and the messages that the INF allows, or the line.
    fn requirements(&self) -> u64 {
        let bars = self.device.hardware.bars();
        let messages = self.device.granted_messages();
        let interrupts = self.interrupt_descriptors();
        let count = bars.len() + interrupts;
        let size = DESCRIPTORS + (count * Desc::SIZE) as u64;
        let at = pool::allocate("IRP_MN_QUERY_RESOURCE_REQUIREMENTS", c::PagedPool, size, TAG);
        if at == 0 {
            world().fail("no memory for resource requirements".into());
        }
        abi::fill(at, 0, size as usize);
        let p: Ptr<Reqs> = Ptr::new(at);
        p.set(Reqs::ListSize, size as u32);
        p.set(Reqs::InterfaceType, c::PCIBus);
        p.set(Reqs::AlternativeLists, 1);
        let list: Ptr<List> = Ptr::new(p.at(&Reqs::List));
        list.set(List::Version, 1);
        list.set(List::Revision, 1);
        list.set(List::Count, count as u32);
        let mut places = (at + DESCRIPTORS..).step_by(Desc::SIZE).map(Ptr::<Desc>::new);
        for (bar, d) in bars.iter().zip(&mut places) {
            d.set(Desc::Type, if bar.memory { c::CmResourceTypeMemory } else { c::CmResourceTypePort } as u8);
            d.set(Desc::ShareDisposition, EXCLUSIVE);
            d.set(Desc::u_Memory_Length, bar.len as u32);
            d.set(Desc::u_Memory_Alignment, bar.len as u32);
            write(d.at(&Desc::u_Memory_MinimumAddress), bar.start);
            write(d.at(&Desc::u_Memory_MaximumAddress), bar.start + bar.len - 1);
        }
        // As many messages of MSI as the range is long; one of MSI-X each.
        let range = (messages / interrupts).max(1) as u32 - 1;
        for d in places.take(interrupts) {
            d.set(Desc::Type, c::CmResourceTypeInterrupt as u8);
            if messages == 0 {
                d.set(Desc::ShareDisposition, SHARED);
                d.set(Desc::u_Interrupt_MaximumVector, u32::from(u8::MAX));
                continue;
            }
            d.set(Desc::ShareDisposition, EXCLUSIVE);
            let flags = c::CM_RESOURCE_INTERRUPT_MESSAGE | c::CM_RESOURCE_INTERRUPT_LATCHED;
            d.set(Desc::Flags, flags as u16);
            d.set(Desc::u_Interrupt_MinimumVector, c::CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN - range);
            d.set(Desc::u_Interrupt_MaximumVector, c::CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN);
        }
        at
    }

    /// IRP_MN_START_DEVICE with the resources, raw and translated.
    pub(super) fn start_device(&self) -> u32 {
        let (raw, translated) = (self.resources(false), self.resources(true));
        let (status, _) = self.request("IRP_MN_START_DEVICE", |stack, _| {
            head(stack, c::IRP_MJ_PNP, c::IRP_MN_START_DEVICE);
            stack.set(Stack::Parameters_StartDevice_AllocatedResources, raw);
            stack.set(Stack::Parameters_StartDevice_AllocatedResourcesTranslated, translated);
        });
        for list in [raw, translated] {
            let _ = world().mem.free(Kind::Host, list);
        }
        status
    }

    /// A CM_RESOURCE_LIST with one full descriptor.
    fn resources(&self, translated: bool) -> u64 {
        let world = world();
        let device = &self.device;
        let bars = device.hardware.bars();
        let messages = device.granted_messages();
        let interrupts = self.interrupt_descriptors();
        let count = bars.len() + interrupts;
        let size = PARTIAL as usize + count * Partial::SIZE;
        let Some(at) = world.mem.allocate(Kind::Host, 0, size, "CM_RESOURCE_LIST") else {
            world.fail("no memory for a resource list".into())
        };
        abi::fill(at, 0, size);
        write(at, 1_u32);
        write(at + 4, c::PCIBus);
        write(at + 12, 1_u16);
        write(at + 14, 1_u16);
        write(at + 16, count as u32);
        let mut places = (at + PARTIAL..).step_by(Partial::SIZE).map(Ptr::<Partial>::new);
        for (bar, d) in bars.iter().zip(&mut places) {
            d.set(
                Partial::Type,
                if bar.memory { c::CmResourceTypeMemory } else { c::CmResourceTypePort } as u8,
            );
            d.set(Partial::ShareDisposition, EXCLUSIVE);
            write(d.at(&Partial::u_Generic_Start), bar.start);
            d.set(Partial::u_Generic_Length, bar.len as u32);
        }
        let cpus = world.cpus().len();
        let base = super::super::nodes::first_vector(&self.known());
        for (number, d) in places.take(interrupts).enumerate() {
            let vector = base + number as u32;
            let affinity = device.affinity(number, cpus);
            d.set(Partial::Type, c::CmResourceTypeInterrupt as u8);
            write(d.at(&Partial::u_Interrupt_Affinity), affinity);
            if messages == 0 {
                d.set(Partial::ShareDisposition, SHARED);
                d.set(Partial::u_Interrupt_Level, if translated { u32::from(DIRQL) } else { vector & 0xF });
                d.set(Partial::u_Interrupt_Vector, if translated { vector } else { vector & 0xF });
                continue;
            }
            d.set(Partial::ShareDisposition, EXCLUSIVE);
            let flags = c::CM_RESOURCE_INTERRUPT_MESSAGE | c::CM_RESOURCE_INTERRUPT_LATCHED;
            d.set(Partial::Flags, flags as u16);
            if translated {
                d.set(Partial::u_MessageInterrupt_Translated_Level, u32::from(DIRQL));
            } else {
                d.set(Partial::u_MessageInterrupt_Raw_MessageCount, (messages / interrupts) as u16);
            }
            d.set(Partial::u_MessageInterrupt_Translated_Vector, vector);
        }
        at
    }
}

/// What the first list asks for: a wish a message; none if it has only a line.
fn wishes(list: u64) -> Vec<Wish> {
    let first: Ptr<List> = Ptr::new(Ptr::<Reqs>::new(list).at(&Reqs::List));
    let count = first.get(List::Count).min(MOST) as usize;
    let all = (list + DESCRIPTORS..).step_by(Desc::SIZE).take(count).map(Ptr::<Desc>::new);
    let message = |d: &Ptr<Desc>| {
        u32::from(d.get(Desc::Type)) == c::CmResourceTypeInterrupt
            && u32::from(d.get(Desc::Flags)) & c::CM_RESOURCE_INTERRUPT_MESSAGE != 0
            // An alternative is for the case that what it stands behind is not to be had.
            && u32::from(d.get(Desc::Option)) & c::IO_RESOURCE_ALTERNATIVE == 0
    };
    let wish = |d: Ptr<Desc>| {
        let policy = d.get(Desc::u_Interrupt_AffinityPolicy);
        let wish = Wish {
            included: u32::from(d.get(Desc::Flags)) & c::CM_RESOURCE_INTERRUPT_POLICY_INCLUDED != 0,
            // The upper half is the processor group, of which there is one.
            policy: if policy >> 16 == 0 { policy } else { c::IrqPolicyMachineDefault },
            priority: d.get(Desc::u_Interrupt_PriorityPolicy),
            processors: d.get(Desc::u_Interrupt_TargetedProcessors),
        };
        let (first, last) = (d.get(Desc::u_Interrupt_MinimumVector), d.get(Desc::u_Interrupt_MaximumVector));
        std::iter::repeat_n(wish, last.saturating_sub(first).min(MOST) as usize + 1)
    };
    all.filter(message).flat_map(wish).collect()
}
