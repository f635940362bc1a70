/*
 * NDIS 6.20 as an Ethernet miniport sees it (NDIS620_MINIPORT, NDIS_MINIPORT_DRIVER).
 * Sources: the ndis.h reference pages of the Windows driver documentation; layouts and values are
 * held to the fact tables in ddk/abi when the crate is built.
 */
#pragma once

#include <wdm.h>
#include <ndis/status.h>
#include <ndis/enum.h>
#include <ndis/object.h>
#include <ndis/flags.h>
#include <ndis/oid.h>
#include <ndis/netbuffer.h>
#include <ndis/link.h>
#include <ndis/power.h>
#include <ndis/offload.h>
#include <ndis/rss.h>
#include <ndis/port.h>
#include <ndis/processor.h>
#include <ndis/request.h>
#include <ndis/attributes.h>
#include <ndis/miniport.h>
#include <ndis/interrupt.h>
#include <ndis/dma.h>
#include <ndis/config.h>
#include <ndis/sync.h>
#include <ndis/revision.h>
