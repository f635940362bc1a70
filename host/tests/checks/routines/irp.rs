//! IRPs that the driver makes.

crate::routines::broken! {
    /// 0x44.
    completing_an_irp_twice: IRP in "IofCompleteRequest";
    /// An IRP that was freed.
    completing_a_freed_irp: IRP_OBJECT in "IofCompleteRequest";
    /// 0x35.
    sending_an_irp_without_a_location: IRP_STACK in "IofCallDriver";
    /// An IRP completed as pending.
    completing_an_irp_as_pending: IRP_COMPLETED_PENDING in "IofCompleteRequest";
    /// A major function that does not exist.
    sending_an_unknown_major_function: IRP_MAJOR in "IofCallDriver";
}
