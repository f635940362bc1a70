//! What the driver does wrong, by name (`mutants/src/fault.rs`), and what becomes of the machine.

use std::cell::Cell;

/// What becomes of the machine in a life of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing special.
    None,
    /// `MiniportInitializeEx` fails at its end.
    FailsInitialize,
    /// `MiniportAddDevice` fails.
    FailsAdd,
    /// There is no shared memory.
    NoMemory,
    /// The device is removed by surprise.
    Surprise,
    /// The machine is switched off.
    PowersOff,
    /// The machine crashes.
    Crashes,
    /// The device has a line interrupt, which it shares.
    Line,
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::FailsInitialize,
        Self::FailsAdd,
        Self::NoMemory,
        Self::Surprise,
        Self::PowersOff,
        Self::Crashes,
        Self::Line,
    ];

    /// The turn that brings a fault out.
    pub fn of(fault: &str) -> Self {
        match fault {
            "FailsKeepingMemory"
            | "FailsKeepingInterrupt"
            | "FailsKeepingTimer"
            | "FailsKeepingWorkItem"
            | "FailsKeepingDma" => Self::FailsInitialize,
            "FailsAddLeaking" => Self::FailsAdd,
            "FailsUnlogged" => Self::NoMemory,
            "AcceptsAfterRemoval" | "AnswersAfterRemoval" => Self::Surprise,
            "FreesSharedInShutdown" => Self::PowersOff,
            "FreesInCrash" => Self::Crashes,
            "ClaimsForeign" => Self::Line,
            _ => Self::None,
        }
    }

    /// Its name for the driver; empty where that has no part in it.
    pub fn for_driver(self) -> &'static str {
        match self {
            Self::FailsInitialize => "FailsInitialize",
            Self::FailsAdd => "FailsAdd",
            Self::NoMemory => "NoMemory",
            _ => "",
        }
    }
}

thread_local! {
    static FAULT: Cell<&'static str> = const { Cell::new("") };
    static TURN: Cell<Turn> = const { Cell::new(Turn::None) };
}

/// Notes the fault of the driver on this thread, empty for none, and the machine's turn.
pub fn set(fault: &'static str, turn: Turn) {
    FAULT.set(fault);
    TURN.set(turn);
}

/// Whether the driver has this fault.
pub fn is(fault: &str) -> bool {
    FAULT.get() == fault
}

/// Whether this is the machine's turn.
pub fn turns(turn: Turn) -> bool {
    TURN.get() == turn
}
