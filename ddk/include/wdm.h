/*
 * What a miniport meets of WDM: MDLs, dispatcher objects, DPCs, device and driver objects, IRPs,
 * hardware resources, interrupts, PCI configuration space, scatter/gather lists.
 * Sources: the reference pages of each structure (wdm.h) and the fact table in ddk/abi.
 */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>
#include <wdm/ke.h>
#include <wdm/mm.h>
#include <wdm/io.h>
#include <wdm/resource.h>
#include <wdm/pci.h>
#include <wdm/ps.h>
#include <wdm/device.h>
