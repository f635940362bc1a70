//! The host's own.

rules! { from super::i82574::END;
    /// The host itself asked for something out of order: a mistake in a test.
    HOST = "HOST", "ferrite-host's own order of calls", "", Must;
    /// An imported function asked for something that the host does not do.
    UNSUPPORTED = "HOST", "not supported by ferrite-host", "", Must;
}
